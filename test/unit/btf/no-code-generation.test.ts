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
  for (const name of ['errors.ts', 'similarity.ts', 'arguments.ts', 'system/privileges.ts', ...files]) {
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
import { createRecordCodec } from './btf/record-codec.js'
import { array, char, struct, u32, u64, union } from './btf/schema.js'
let generated = true
try { new Function('') } catch { generated = false }
const type = struct({ pid: u32, comm: char(16), times: array(u64, 2), either: union({ a: u32, b: char(4) }) })
const codec = createCodec(type.layout, { int64: 'number' })
const memory = createMemory(new ArrayBuffer(codec.size))
codec.encode({ pid: 7, comm: 'node', times: [1, 2n], either: { b: 'hi' } }, memory, 0)
const records = createRecordCodec(struct({ pid: u32, comm: char(4) }).layout, 'events', { int64: 'number', sharedRecords: 0 })
const span = createMemory(new ArrayBuffer(16))
span.u32.set([8, 0, 7, 0x6968])
const lease = { released: false }
const views = []
records.visitViews(span, 16, (view) => views.push({ ...view }), lease)
records.visit(span, 16, (record) => views.push(record), lease)
const { pid, comm } = records.columns(span, 16, 1)
const batch = [views, records.readAll(span, 16, 1), [...pid], [...comm.indices], comm.dictionary]
console.log(JSON.stringify([generated, batch, codec.decode(memory, 0), codec.decodeKey(memory, 0)]))
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
  const record = { pid: 7, comm: 'hi' }
  expect(JSON.parse(output)).toEqual([generated, [[record, record], [record], [7], [0], ['hi']], value, value])
})
