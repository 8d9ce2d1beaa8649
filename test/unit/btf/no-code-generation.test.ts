/** A process that disallows code generation from strings gets codecs all the same. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'

const lib = new URL('../../../lib/', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'ebpf-no-code-'))

beforeAll(() => {
  for (const name of ['btf', 'system']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const files = readdirSync(new URL('btf/', lib)).map((name) => `btf/${name}`)
  for (const name of ['errors.ts', 'system/privileges.ts', ...files]) {
    const { outputText } = ts.transpileModule(readFileSync(new URL(name, lib), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        rewriteRelativeImportExtensions: true,
        verbatimModuleSyntax: true,
      },
    })
    writeFileSync(join(folder, name.replace('.ts', '.js')), outputText)
  }
  writeFileSync(
    join(folder, 'main.js'),
    `import { createCodec } from './btf/codec.js'
import { createMemory } from './btf/memory.js'
import { array, char, struct, u32, u64, union } from './btf/schema.js'
let generated = true
try { new Function('') } catch { generated = false }
const type = struct({ pid: u32, comm: char(16), times: array(u64, 2), either: union({ a: u32, b: char(4) }) })
const codec = createCodec(type.layout, { int64: 'number' })
const memory = createMemory(new ArrayBuffer(codec.size))
codec.encode({ pid: 7, comm: 'node', times: [1, 2n], either: { b: 'hi' } }, memory, 0)
console.log(JSON.stringify([generated, codec.decode(memory, 0), codec.decodeKey(memory, 0)]))
`,
  )
})

afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  [true, []],
  [false, ['--disallow-code-generation-from-strings']],
])('code generation: %s', (generated, flags) => {
  const output = execFileSync(process.execPath, [...flags, join(folder, 'main.js')], { encoding: 'utf8' })
  const value = { pid: 7, comm: 'node', times: [1, 2], either: { a: 0x6968, b: 'hi' } }
  expect(JSON.parse(output)).toEqual([generated, value, value])
})
