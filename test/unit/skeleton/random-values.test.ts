/**
 * Generated types against what is decoded: random values of random C structs, which codecs decode from random bytes, are written down
 * as TypeScript with the type that is generated for them. The compiler takes all of them, and none in which one part is wrong.
 */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createCodec } from '../../../lib/btf/codec.ts'
import { flexibleField, type Layout } from '../../../lib/btf/layout.ts'
import { createMemory, type Memory } from '../../../lib/btf/memory.ts'
import type { Int64 } from '../../../lib/index.ts'
import { ModuleNames } from '../../../lib/skeleton/names.ts'
import { ValueTypes } from '../../../lib/skeleton/value-types.ts'
import { anyBytes, anyRecordLayout } from '../btf/arbitrary.ts'
import { askC, hasCompilers } from '../btf/oracle.ts'
import { Random } from '../btf/random-c.ts'
import { compilerErrors } from './compiler.ts'
import { broken, literal } from './literals.ts'

interface Case {
  layout: Layout
  bytes: Uint8Array[]
  /** As encoding takes it. */
  input?: unknown
}

const cases: Case[] = []

beforeAll(() => {
  const seed = Number(process.env.ORACLE_SEED ?? 20261122)
  const random = new Random(seed)
  const samples = fc.sample(
    anyRecordLayout.chain((layout) => fc.tuple(fc.constant(layout), anyBytes(layout.size + random.next(9)))),
    { seed, numRuns: 150 },
  )
  for (const [layout, bytes] of samples) cases.push({ layout, bytes: [bytes] })
  if (!hasCompilers()) return
  for (const { layout, samples, value } of askC()) {
    // One that may be left out is never left out in TypeScript.
    const input = flexibleField(layout) === undefined ? { input: value } : {}
    cases.push({ layout, bytes: samples.filter((_, index) => index % 2 === 0).map(({ bytes }) => bytes), ...input })
  }
}, 120_000)

function memoryOf(bytes: Uint8Array): Memory {
  const memory = createMemory(new ArrayBuffer(Math.ceil(bytes.length / 8) * 8))
  memory.u8.set(bytes)
  return memory
}

/** A value, and the type that is generated for it, `wrapped` in another. */
interface Typed {
  value: unknown
  wrapper: '' | 'KeyOf' | 'Input'
  type: string
}

/** All values as numbers or bigints allow, with their types. */
function typedValues(int64: Int64): { declarations: string; values: Typed[] } {
  const types = new ValueTypes(new ModuleNames([]), { int64, offsets: false, form: 'typescript' })
  const values: Typed[] = []
  cases.forEach(({ layout, bytes, ...rest }, index) => {
    const codec = createCodec<unknown>(layout, { int64 })
    const place = [`case_${index}`]
    const type = types.of(layout, place)
    const key = types.key(layout, place)
    for (const each of bytes) {
      try {
        values.push({ value: codec.decode(memoryOf(each), 0, each.length), wrapper: '', type })
      } catch (error) {
        // A 64-bit integer that no number holds.
        expect(error).toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE' })
      }
      if (each.length >= layout.size && flexibleField(layout) === undefined) {
        values.push({ value: codec.decodeKey(memoryOf(each), 0), wrapper: 'KeyOf', type: key })
      }
    }
    if ('input' in rest) values.push({ value: rest.input, wrapper: 'Input', type })
  })
  return { declarations: types.declarations.join('\n'), values }
}

const HEAD = "import { type Input, type KeyOf, enumName, type readings } from '../lib/index.ts'\n"

/** Lines of which each has a value. */
function lines(values: readonly Typed[], text: (value: unknown) => string | undefined): string[] {
  return values.flatMap(({ value, wrapper, type }, index) => {
    const written = text(value)
    if (written === undefined) return []
    return [`export const v${index}: ${wrapper === '' ? type : `${wrapper}<${type}>`} = ${written}\n`]
  })
}

const MODES = ['bigint', 'number'] as const

/** Lines of values that are wrong, in the file of each mode, and the number of the first one. */
const wrong: Record<Int64, { lines: string[]; first: number; values: number }> = {
  bigint: { lines: [], first: 0, values: 0 },
  number: { lines: [], first: 0, values: 0 },
}
let errors: string[]

beforeAll(() => {
  const files: Record<string, string> = {}
  for (const int64 of MODES) {
    const { declarations, values } = typedValues(int64)
    const head = `${HEAD}${declarations}\nexport type Used = Input<KeyOf<typeof readings>> | typeof enumName\n`
    const random = new Random(7)
    const plain = values.filter(({ wrapper }) => wrapper === '')
    const mistakes = lines(plain, (value) => broken(value, random))
    wrong[int64] = { lines: mistakes, first: head.split('\n').length, values: values.length }
    files[`test/right-${int64}.ts`] = head + lines(values, literal).join('')
    files[`test/wrong-${int64}.ts`] = head + mistakes.join('')
  }
  // One program for all: most of the work is the library's own types.
  errors = compilerErrors(files)
}, 300_000)

describe.each(MODES)('types with 64-bit integers as %s', (int64) => {
  it('are those of all values that codecs decode, of keys, and of what is encoded', () => {
    expect(wrong[int64].values).toBeGreaterThan(hasCompilers() ? 900 : 150)
    expect(errors.filter((error) => error.startsWith(`test/right-${int64}.ts`))).toEqual([])
  })

  it('are those of no value in which one part is wrong', () => {
    const { lines, first } = wrong[int64]
    expect(lines.length).toBeGreaterThan(hasCompilers() ? 400 : 80)
    const found = errors
      .filter((error) => error.startsWith(`test/wrong-${int64}.ts`))
      .map((error) => Number(/^[^(]*\((\d+)\)/.exec(error)?.[1]))
    expect(lines.filter((_, index) => !found.includes(first + index))).toEqual([])
    expect(found.every((line) => line >= first)).toBe(true)
  })
})
