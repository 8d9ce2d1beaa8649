/** The plugins of bundlers, and of Vitest: what they build runs, loads and reads; what does not compile is shown at its place. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as esbuildBuild, stop as stopEsbuild } from 'esbuild'
import { rolldown } from 'rolldown'
import { rollup } from 'rollup'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { build as viteBuild } from 'vite'
import { compile } from '../../lib/index.ts'
import {
  esbuild,
  type PluginOptions,
  rolldown as forRolldown,
  rollup as forRollup,
  vite,
} from '../../lib/loader/plugin.ts'
import { APPLICATION, ImportProject, inGuest } from '../support/import-project.ts'

let project: ImportProject
let warnings: string[]

beforeAll(async () => {
  project = new ImportProject()
  project.write('app.mjs', APPLICATION)
  project.write('broken.bpf.c', '#include "scale.h"\nint x = VALEU;\n')
  project.write('broken.mjs', "import './broken.bpf.c'")
  project.write('warns.bpf.c', 'static int unused_one;\n')
  project.write('warns.mjs', "export { load } from './warns.bpf.c'")
  project.write(
    'query.mjs',
    "import { open } from './count.bpf.c?int64=number'\nconsole.log((await open()).globals.seen)\n",
  )
  project.write('raw.mjs', "import text from './count.bpf.c?raw'\nconsole.log(text.includes('SEC('))\n")
  project.write(
    'asm.mjs',
    `import { exit, loadProgram, mov, r0 } from 'ebpf/asm'
    const program = await loadProgram({ section: 'xdp', instructions: [mov(r0, 2), exit()] })
    console.log(program.id > 0)
    program.close()\n`,
  )
  project.write('gone.mjs', "import './gone.bpf.c'")
  const { bytes } = await compile(project.write('from.bpf.c', 'int from_o;\n'), { cache: false })
  project.write('a #b%41.bpf.o', bytes)
  project.write('a #b%41.bpf.c', 'int from_c;\n')
  project.write(
    'names.mjs',
    `import * as c from './a #b%41.bpf.c'
    import * as o from './a #b%41.bpf.o'
    const names = await Promise.all([c, o].map(async ({ open }) => Object.keys((await open()).globals)))
    console.log(names.flat().join(' '))\n`,
  )
})

beforeEach(() => {
  warnings = []
})

afterAll(async () => {
  await stopEsbuild()
  project[Symbol.dispose]()
})

type Build = (entry: string, folder: string, options: PluginOptions) => Promise<unknown>

const BUILDS: readonly [name: string, build: Build][] = [
  [
    'Rollup',
    async (input, dir, options) => {
      const onwarn = ({ message }: { message: string }): number => warnings.push(message)
      const bundle = await rollup({ input, plugins: [forRollup(options)], onwarn })
      await bundle.write({ dir, entryFileNames: 'out.mjs' })
    },
  ],
  [
    'Rolldown',
    async (input, dir, options) => {
      const onLog = (_level: string, { message }: { message: string }): number => warnings.push(message)
      const bundle = await rolldown({ input, platform: 'node', plugins: [forRolldown(options)], onLog })
      await bundle.write({ dir, entryFileNames: 'out.mjs' })
    },
  ],
  [
    'Vite',
    async (ssr, outDir, options) =>
      await viteBuild({
        root: project.path,
        configFile: false,
        logLevel: 'warn',
        customLogger: { ...silent(), warn: (message: string) => warnings.push(message) },
        plugins: [vite(options)],
        build: { ssr, outDir, rollupOptions: { output: { entryFileNames: 'out.mjs' } } },
      }),
  ],
  [
    'esbuild',
    async (entry, outdir, options) => {
      const result = await esbuildBuild({
        entryPoints: { out: entry },
        outdir,
        bundle: true,
        platform: 'node',
        format: 'esm',
        outExtension: { '.js': '.mjs' },
        plugins: [esbuild(options)],
        logLevel: 'silent',
      })
      warnings.push(...result.warnings.map(({ text }) => text))
    },
  ],
]

function silent() {
  const nothing = (): void => {}
  return {
    info: nothing,
    warn: nothing,
    warnOnce: nothing,
    error: nothing,
    clearScreen: nothing,
    hasWarned: false,
    hasErrorLogged: () => false,
  }
}

describe.skipIf(inGuest).each(BUILDS)('%s', (name, build) => {
  async function bundled(entry: string, options: PluginOptions = {}) {
    const folder = join(project.path, `out-${name}-${entry}-${options.embed ?? true}`)
    await build(join(project.path, entry), folder, { cache: project.cache, ...options })
    return { folder, ...project.run(process.execPath, [join(folder, 'out.mjs')]) }
  }

  it('has the object in the bundle, and the package outside', async () => {
    const { folder, status, stdout, stderr } = await bundled('app.mjs')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true 7 2\n', stderr: '' })
    expect(readdirSync(folder)).toEqual(['out.mjs'])
    expect(warnings).toEqual([])
    // Nothing of the folder in which it was built is needed any more, but for the package.
    expect(readdirSync(project.path).filter((file) => file.endsWith('.d.c.ts'))).toEqual([])
  })

  it('leaves the assembler outside, too, which is part of the package', async () => {
    const { status, stdout, stderr } = await bundled('asm.mjs')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true\n', stderr: '' })
    expect(warnings).toEqual([])
  })

  it('puts the object beside the bundle', async () => {
    const { folder, status, stdout, stderr } = await bundled('app.mjs', { embed: false })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true 7 2\n', stderr: '' })
    const files = readdirSync(folder, { recursive: true }).map(String)
    expect(files.filter((file) => /(^|\/)count\.bpf-[\w-]+\.o$/.test(file))).toHaveLength(1)
  })

  it('puts objects of any name beside it, each its own', async () => {
    const { stdout, stderr } = await bundled('names.mjs', { embed: false })
    expect(stderr).toBe('')
    expect(stdout).toBe('from_c from_o\n')
  })

  it('says how integers are decoded where they are imported, or for all', async () => {
    expect((await bundled('query.mjs')).stdout).toBe('7\n')
    expect((await bundled('query.mjs', { int64: 'bigint' })).stdout).toBe('7\n')
  })

  it('shows the place of an error in C', async () => {
    const error = await bundled('broken.mjs').catch((reason: unknown) => reason)
    const [first] = (error as { errors?: unknown[] }).errors ?? [error]
    const file = join(project.path, 'broken.bpf.c')
    if (name === 'esbuild') {
      const lineText = 'int x = VALEU;'
      expect(first).toMatchObject({
        text: "use of undeclared identifier 'VALEU'",
        location: { line: 2, column: 8, lineText },
        detail: { code: 'ERR_EBPF_COMPILE' },
      })
    } else {
      expect(first).toMatchObject({ name: 'CompileError', pluginCode: 'ERR_EBPF_COMPILE', plugin: 'ebpf' })
      expect(first).toMatchObject({ id: file, loc: { file, line: 2, column: 8 } })
      expect(String((error as Error).message)).toContain('> 2 | int x = VALEU;\n    |         ^')
    }
  })

  it('passes warnings of the compiler on', async () => {
    await bundled('warns.mjs')
    expect(warnings.filter((text) => text.includes("'unused_one'"))).toHaveLength(1)
  })

  it.runIf(name === 'Vite')('leaves queries that are not its own alone', async () => {
    expect((await bundled('raw.mjs')).stdout).toBe('true\n')
  })

  it('says which compiler is missing, and which file', async () => {
    await expect(bundled('app.mjs', { clang: '/no/such/clang' })).rejects.toThrow('/no/such/clang')
    await expect(bundled('gone.mjs')).rejects.toThrow('gone.bpf.c')
  })

  it('writes types only when it is told to', async () => {
    await bundled('query.mjs', { declarations: true })
    expect(readdirSync(project.path)).not.toContain('count.bpf.d.c.ts')
    await bundled('app.mjs', { declarations: true })
    expect(readdirSync(project.path)).toContain('count.bpf.d.c.ts')
    await build(join(project.path, 'app.mjs'), join(project.path, 'again'), { declarations: true })
    project.remove('count.bpf.d.c.ts')
  })
})

describe('options', () => {
  it('are checked', () => {
    for (const plugin of [vite, forRollup, esbuild]) {
      expect(() => plugin({ embedded: true } as PluginOptions)).toThrow(
        /no option of the plugin is named 'embedded' \(known: .*embed/,
      )
      expect(() => plugin({ embed: 1 } as unknown as PluginOptions)).toThrow('embed must be a boolean')
      expect(() => plugin({ int64: 'text' } as unknown as PluginOptions)).toThrow(
        'int64, an option of the plugin, must be',
      )
    }
  })
})

describe.skipIf(inGuest)('Vitest', () => {
  it('takes the plugin', () => {
    const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url))
    project.write('vitest.config.mjs', "import ebpf from 'ebpf/vite'\nexport default { plugins: [ebpf()] }\n")
    project.write(
      'count.test.mjs',
      `import { expect, it } from ${JSON.stringify(join(modules, 'vitest/dist/index.js'))}
      import { load, Colour } from './count.bpf.c'
      it('reads a record', async () => {
        const object = await load({ globals: { wanted: process.pid } })
        await object.attach()
        for await (const call of object.maps.calls) {
          expect(call).toEqual({ scale: 7n, pid: process.pid, colour: Colour.GREEN })
          break
        }
        await object.close()
      })`,
    )
    const { VITEST: _, ...clean } = process.env
    const args = [join(modules, 'vitest/vitest.mjs'), 'run', '--pool', 'forks', '--reporter', 'tap-flat']
    const { status, stdout, stderr } = project.run(process.execPath, args, { ...clean, VITEST: undefined })
    expect({ status, stderr, passed: stdout.includes('ok 1 - count.test.mjs > reads a record') }).toEqual({
      status: 0,
      stderr: '',
      passed: true,
    })
  })
})
