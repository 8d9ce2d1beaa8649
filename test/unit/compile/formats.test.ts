/** What clang writes for programs: read whole, or refused, never taken for something else. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findClang } from '../../../lib/compile/clang.ts'
import { readBitstream } from '../../../lib/compile/bitstream.ts'
import { parseDependencies } from '../../../lib/compile/dependencies.ts'
import { readSerializedDiagnostics } from '../../../lib/compile/serialized-diagnostics.ts'
import { SourceFolder } from '../../support/source-folder.ts'

let folder: SourceFolder
let clang: string
let diagnostics: Uint8Array

beforeAll(async () => {
  folder = new SourceFolder()
  clang = (await findClang()).path
  const source = folder.write(
    'x.c',
    '#define BAD(x) ((x)->no)\nint g(void) { int unused; return 1; }\nint f(int *p) { return BAD(p) + 1 }\n',
  )
  const output = join(folder.path, 'x.dia')
  spawnSync(clang, ['-Wall', '-fsyntax-only', '-serialize-diagnostics', output, source], { stdio: 'ignore' })
  diagnostics = readFileSync(output)
})

afterAll(() => folder[Symbol.dispose]())

describe('serialized diagnostics', () => {
  it('are all there, with their notes', () => {
    const found = readSerializedDiagnostics(diagnostics)
    expect(found.map(({ severity }) => severity).sort()).toEqual(['error', 'error', 'warning'])
    expect(found.flatMap(({ notes }) => notes).map(({ message }) => message)).toContain("expanded from macro 'BAD'")
    expect(found.find(({ flag }) => flag !== '')).toMatchObject({
      flag: 'unused-variable',
      category: expect.stringMatching(/./),
    })
  })

  it('that are cut or damaged are refused, or read, and nothing else happens', () => {
    const outcome = (bytes: Uint8Array): unknown => {
      try {
        return readSerializedDiagnostics(bytes)
      } catch (error) {
        return error
      }
    }
    for (let length = 0; length < diagnostics.length; length++) {
      const result = outcome(diagnostics.subarray(0, length))
      expect(result instanceof RangeError || Array.isArray(result), String(result)).toBe(true)
    }
    const place = fc.nat({ max: diagnostics.length - 1 })
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = new Uint8Array(diagnostics)
        for (const [at, value] of changes) damaged[at] = value
        const result = outcome(damaged)
        return result instanceof RangeError || Array.isArray(result)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a stream of bits', () => {
  it('does not fill the memory with numbers that take no bits', () => {
    const bits: number[] = []
    const fixed = (value: number, width: number): void => {
      for (let bit = 0; bit < width; bit++) bits.push((value >>> bit) & 1)
    }
    const variable = (value: number, width: number): void => {
      let rest = value
      for (; rest >= 2 ** (width - 1); rest >>>= width - 1) fixed((rest % 2 ** (width - 1)) | (2 ** (width - 1)), width)
      fixed(rest, width)
    }
    fixed(0x47414944, 32) // DIAG
    fixed(1, 2) // a block
    variable(8, 8)
    variable(3, 4)
    while (bits.length % 32 !== 0) fixed(0, 1)
    fixed(0, 32)
    fixed(2, 3) // its records: a code, and an array of numbers of no bits
    variable(3, 5)
    fixed(1, 1)
    variable(2, 8)
    fixed(0, 1)
    fixed(3, 3)
    fixed(0, 1)
    fixed(1, 3)
    variable(0, 5)
    for (let record = 0; record < 20_000; record++) {
      fixed(4, 3)
      variable(100_000, 6)
    }
    while (bits.length % 32 !== 0) fixed(0, 1)
    const bytes = Uint8Array.from({ length: bits.length / 8 }, (_, at) =>
      bits.slice(8 * at, 8 * at + 8).reduce((sum, bit, index) => sum | (bit << index), 0),
    )
    expect(() => readBitstream(bytes)).toThrow(RangeError)
  })
})

describe('the rule with the dependencies', () => {
  it('has the names that clang escaped', () => {
    const names = ['a b.h', 'c#d.h', 'e$f.h', 'g:h%i.h', ' j.h', 'größe.h', 'k$$.h', 'l\'m".h']
    for (const name of names) folder.write(name, '')
    const source = folder.write('all.c', names.map((name) => `#include <${name}>\n`).join(''))
    const rule = execFileSync(clang, ['-I', folder.path, '-MM', '-MT', 'object', source], { encoding: 'utf8' })
    expect(parseDependencies(rule)).toEqual([source, ...names.map((name) => join(folder.path, name))])
  })

  it('may be empty', () => {
    expect(parseDependencies('')).toEqual([])
    expect(parseDependencies('object:\n')).toEqual([])
  })
})
