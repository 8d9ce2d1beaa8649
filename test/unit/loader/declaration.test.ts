/** TypeScript knows what an import of C gives: by the types beside the file, or by those that fit all. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importObject } from '../../../lib/loader/imported.ts'
import { declarationPath, writeDeclaration } from '../../../lib/loader/module-text.ts'
import { ImportProject } from '../../support/import-project.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

const OPTIONS = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  allowArbitraryExtensions: true,
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
}

let project: ImportProject

beforeAll(async () => {
  project = new ImportProject()
  const path = join(project.path, 'count.bpf.c')
  await writeDeclaration(path, await importObject({ path }, { cache: project.cache }))
})

afterAll(() => project[Symbol.dispose]())

/** What the compiler says of a file, a line for each error. */
function check(source: string, types: readonly string[] = ['node']): string[] {
  const options = { compilerOptions: { ...OPTIONS, types }, files: ['app.ts'] }
  project.write('app.ts', source)
  project.write('tsconfig.json', JSON.stringify(options))
  const compiler = join(root, 'node_modules/typescript/lib/tsc.js')
  const { stdout } = project.run(process.execPath, [compiler, '-p', '.', '--pretty', 'false'])
  return stdout.split('\n').filter((line) => /^\S/.test(line))
}

describe('the file beside', () => {
  it('is where TypeScript looks for it', () => {
    expect(declarationPath('/a b/x.bpf.c')).toBe('/a b/x.bpf.d.c.ts')
    expect(declarationPath('/a b/x.bpf.o')).toBe('/a b/x.bpf.d.o.ts')
  })

  it('types maps, records, globals and enums', () => {
    const errors = check(`
      import { Colour, load, type Call } from './count.bpf.c'
      await using object = await load({ globals: { wanted: 1n } })
      for await (const call of object.maps.calls) {
        const same: Call = call
        const scale: bigint = same.scale
        object.globals.seen = scale + BigInt(same.pid)
        if (same.colour === Colour.GREEN) break
      }
    `)
    expect(errors).toEqual([])
  })

  it('refuses what C does not have', () => {
    const errors = check(`import { load } from './count.bpf.c'
const object = await load()
object.maps.call
for await (const call of object.maps.calls) call.scales
object.globals.seen = 1
object.maps.calls.get(1)
object.globals.wanted = 1n
await load({ globals: { unwanted: 1n } })
`)
    expect(errors.map((line) => /^app\.ts\((\d+),/.exec(line)?.[1])).toEqual(['3', '4', '5', '6', '7', '8'])
    expect(errors[0]).toContain("Property 'call' does not exist")
    expect(errors[1]).toContain("Property 'scales' does not exist")
    expect(errors[2]).toContain("Type 'number' is not assignable to type 'bigint'")
    expect(errors[3]).toContain("Property 'get' does not exist")
    expect(errors[4]).toContain("Cannot assign to 'wanted' because it is a read-only property")
    expect(errors[5]).toContain("'unwanted' does not exist in type")
  })

  it('is written only when it says something else', async () => {
    const path = join(project.path, 'count.bpf.c')
    const imported = await importObject({ path, int64: 'number' }, { cache: project.cache })
    await writeDeclaration(path, imported)
    const text = readFileSync(declarationPath(path), 'utf8')
    expect(text).toContain('scale: number')
    const { ino } = statSync(declarationPath(path))
    await writeDeclaration(path, imported)
    expect(statSync(declarationPath(path)).ino).toBe(ino)
  })
})

describe('ebpf/client', () => {
  const source = `
    import { load, open } from './other.bpf.c'
    import { load as fromObject } from './other.bpf.o'
    import { load as numbers } from './other.bpf.c?int64=number'
    const spec = await open()
    console.log(spec.name, numbers, fromObject)
    const object = await load({ globals: { anything: 1 } })
    console.log(object.maps['any'])
  `

  it('types what has no types of its own', () => {
    const wrong = 'const wrong: number = object.name'
    const errors = check(`${source}\n${wrong}`, ['node', 'ebpf/client'])
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain("Type 'string' is not assignable to type 'number'")
  })
})

it('carries no debugging information but BTF into what imports it', async () => {
  const path = project.write('large.bpf.c', '#include "vmlinux.h"\nstruct task_struct *task;\n')
  const { bytes } = await importObject({ path }, { cache: project.cache })
  const binary = Buffer.from(bytes).toString('latin1')
  expect(binary).toContain('.BTF')
  expect(binary).not.toContain('.debug_info')
})
