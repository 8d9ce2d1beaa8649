/** Types that were read, written again. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseBtf } from '../../../lib/btf/parse.ts'
import type { BtfType } from '../../../lib/btf/types.ts'
import { writeTypes } from '../../../lib/btf/write-types.ts'
import { elfSections } from '../../../lib/elf/sections.ts'
import { compiledObjects } from '../../support/fixtures.ts'

const objects = compiledObjects()
  .map((path) => ({ path, bytes: elfSections(readFileSync(path)).get('.BTF') }))
  .filter(({ bytes }) => bytes !== undefined)

const all = (types: Iterable<BtfType>): ReadonlyMap<number, undefined> =>
  new Map(Array.from(types, ({ id }) => [id, undefined] as const).filter(([id]) => id !== 0))

describe('all types', () => {
  it.each(objects)('of $path are the same', ({ bytes }) => {
    const btf = parseBtf(bytes as Uint8Array)
    const again = parseBtf(writeTypes(btf, all(btf.types())))
    expect([...again.types()]).toEqual([...btf.types()])
  })
})

describe('some types', () => {
  it('are numbered anew, and what is left out is void', () => {
    const btf = parseBtf(objects[0]?.bytes as Uint8Array)
    const pointer = [...btf.types('ptr')].find(({ type }) => type !== 0)!
    const again = parseBtf(writeTypes(btf, new Map([[pointer.id, undefined]])))
    expect([...again.types()].slice(1)).toEqual([{ ...pointer, id: 1, type: 0 }])
  })
})
