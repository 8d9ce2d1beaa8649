/** The plugin in Vite's development server, and in bundlers that watch. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { context as esbuildContext, stop as stopEsbuild } from 'esbuild'
import { watch as rollupWatch } from 'rollup'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createServer, type ViteDevServer } from 'vite'
import { esbuild, type PluginOptions, rollup as forRollup, vite } from '../../../lib/loader/plugin.ts'
import { ImportProject } from '../../support/import-project.ts'

let project: ImportProject

beforeEach(() => {
  project = new ImportProject()
  project.write('seen.mjs', "import { open } from './count.bpf.c'\nexport const seen = (await open()).globals.seen\n")
})

afterEach(() => project[Symbol.dispose]())
afterAll(async () => await stopEsbuild())

/** Writes once, and again until it was noticed: a watcher may not be ready. */
async function until(write: () => void, noticed: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (tries % 20 === 0) write()
    if (await noticed()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the change was not noticed')
}

describe("Vite's development server", () => {
  let server: ViteDevServer | undefined

  afterEach(async () => await server?.close())

  async function started(options: PluginOptions = {}, mode = 'development'): Promise<ViteDevServer> {
    server = await createServer({
      root: project.path,
      configFile: false,
      logLevel: 'silent',
      mode,
      appType: 'custom',
      plugins: [vite({ cache: project.cache, ...options })],
      server: { middlewareMode: true, ws: false, watch: { usePolling: true, interval: 20 } },
      optimizeDeps: { noDiscovery: true },
    })
    return server
  }

  const seen = async (): Promise<unknown> => (await server?.ssrLoadModule('/seen.mjs'))?.seen

  it('compiles anew when a header changes, and shows errors until they are mended', async () => {
    await started()
    expect(await seen()).toBe(7n)
    await until(
      () => project.write('scale.h', '#define SCALE 8\n'),
      async () => (await seen()) === 8n,
    )
    const broken = (): Promise<unknown> => seen().catch((error: unknown) => error)
    await until(
      () => project.write('scale.h', '#define SCALE EIGHT\n'),
      async () => (await broken()) instanceof Error,
    )
    const file = join(project.path, 'count.bpf.c')
    expect(await broken()).toMatchObject({ name: 'CompileError', id: file, loc: { file, line: 14 } })
    expect(String(await broken())).toContain("use of undeclared identifier 'EIGHT'")
    await until(
      () => project.write('scale.h', '#define SCALE 9\n'),
      async () => (await broken()) === 9n,
    )
  })

  it('recovers when a file did not compile from the start', async () => {
    project.write('scale.h', '#define SCALE EIGHT\n')
    await started()
    await expect(seen()).rejects.toThrow('EIGHT')
    await until(
      () => project.write('scale.h', '#define SCALE 5\n'),
      async () => (await seen().catch(() => undefined)) === 5n,
    )
  })

  it('writes types beside the file, anew when they change, and not in tests or when it is told not to', async () => {
    const types = join(project.path, 'count.bpf.d.c.ts')
    await started({ declarations: false })
    await seen()
    await server?.close()
    await started({}, 'test')
    await seen()
    await server?.close()
    expect(existsSync(types)).toBe(false)
    await started({ embed: false })
    expect(await seen()).toBe(7n)
    expect(readFileSync(types, 'utf8')).toContain('calls: RingBuffer<Call>')
    const source = readFileSync(join(project.path, 'count.bpf.c'), 'utf8')
    await until(
      () =>
        project.write('count.bpf.c', source.replaceAll('seen', 'seen2').replace('struct call *', '/**/struct call *')),
      async () => {
        await seen().catch(() => {})
        return readFileSync(types, 'utf8').includes('seen2: bigint')
      },
    )
  })

  it('goes on where types cannot be written', async () => {
    project.write('count.bpf.d.c.ts/in-the-way', '')
    await started()
    expect(await seen()).toBe(7n)
  })
})

describe('bundlers that watch', () => {
  const built = (): string => {
    const { stdout } = project.run(process.execPath, [
      '--eval',
      "import('./out/seen.mjs').then(({ seen }) => console.log(seen))",
    ])
    return stdout.trim()
  }

  it('Rollup builds anew when a header changes, and writes types', async () => {
    let builds = 0
    const watcher = rollupWatch({
      input: join(project.path, 'seen.mjs'),
      external: ['ebpf'],
      plugins: [forRollup({ cache: project.cache })],
      output: { dir: join(project.path, 'out'), entryFileNames: '[name].mjs' },
      watch: { chokidar: { usePolling: true, interval: 20 }, buildDelay: 0 },
    })
    watcher.on('event', (event) => {
      if (event.code === 'BUNDLE_END') void event.result.close()
      if (event.code === 'END') builds++
    })
    try {
      await until(
        () => {},
        async () => builds === 1,
      )
      expect(built()).toBe('7n')
      expect(existsSync(join(project.path, 'count.bpf.d.c.ts'))).toBe(true)
      await until(
        () => project.write('scale.h', '#define SCALE 8\n'),
        async () => builds > 1,
      )
      expect(built()).toBe('8n')
    } finally {
      await watcher.close()
    }
  })

  it('esbuild builds anew when a header changes', async () => {
    let builds = 0
    const counter = {
      name: 'counter',
      setup: (build: { onEnd: (ended: () => void) => void }): void => build.onEnd(() => void builds++),
    }
    const context = await esbuildContext({
      entryPoints: [join(project.path, 'seen.mjs')],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outdir: join(project.path, 'out'),
      outExtension: { '.js': '.mjs' },
      plugins: [esbuild({ cache: project.cache }), counter],
      logLevel: 'silent',
    })
    try {
      await context.watch()
      await until(
        () => {},
        async () => builds === 1,
      )
      expect(built()).toBe('7n')
      await until(
        () => project.write('scale.h', '#define SCALE 8\n'),
        async () => builds > 1,
      )
      expect(built()).toBe('8n')
    } finally {
      await context.dispose()
    }
  })
})
