/** What clang writes for programs: read whole, or refused, never taken for something else. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findClang } from '../../../lib/compile/clang.ts'
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
