/** Modules of all objects that there are: the compiler takes them, and formatters leave them as they are. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { EbpfError, type SkeletonOptions, skeleton } from '../../../lib/index.ts'
import { SourceFolder } from '../../support/source-folder.ts'
import { compilerErrors, root } from './compiler.ts'

const folders = ['test/fixtures', 'examples/first', 'examples/demo', 'examples/arrow', 'bench']

const objects = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.bpf.o'))
    .map((file) => join(folder, file)),
)

const forms: Record<string, SkeletonOptions> = {
  exact: {},
  numbers: { int64: 'number', offsets: true },
  embedded: { embed: true },
  declared: { form: 'declaration' },
}

/** Texts by their paths, as if they lay beside test/. */
const modules: Record<string, string> = {}
/** Objects that cannot be opened: made to be refused, or parts that are to be linked. */
const refused: string[] = []

beforeAll(async () => {
  for (const object of objects) {
    for (const [form, options] of Object.entries(forms)) {
      const name = `test/${object.replaceAll('/', '-').replace('.bpf.o', '')}.${form}`
      try {
        const text = await skeleton(join(root, object), { ...options, runtime: '../lib/index.ts' })
        modules[`${name}${form === 'declared' ? '.d.ts' : '.ts'}`] = text
      } catch (error) {
        if (!(error instanceof EbpfError)) throw error
        refused.push(object)
      }
    }
  }
}, 120_000)

describe('modules of all objects', () => {
  it('are there, but of those that no loader takes', () => {
    expect(Object.keys(modules).length).toBeGreaterThan(4 * 60)
    const bad = new Set(refused.map((object) => object.replace(/^.*\//, '')))
    for (const object of bad) expect(object).toMatch(/^bad-|nobtf|^linked-/)
  })

  it('are in the demo what its object says now', async () => {
    const text = await skeleton(join(root, 'examples/demo/demo.bpf.o'))
    await expect(text).toMatchFileSnapshot(join(root, 'examples/demo/demo.skel.ts'))
  })

  it('are what the strictest compiler takes', () => {
    expect(compilerErrors(modules)).toEqual([])
  }, 300_000)

  it('are formatted', () => {
    using folder = new SourceFolder()
    const configuration = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
    folder.write('biome.json', JSON.stringify({ ...configuration, vcs: { enabled: false } }))
    for (const [name, text] of Object.entries(modules)) folder.write(name, text)
    const biome = join(root, 'node_modules/.bin/biome')
    execFileSync(biome, ['format', '--write', 'test'], { cwd: folder.path, stdio: 'pipe' })
    for (const [name, text] of Object.entries(modules)) {
      expect(readFileSync(join(folder.path, name), 'utf8'), name).toBe(text)
    }
  })
})
