/** Compiling TypeScript, in a checkout of the test's own that has the real scripts. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const EXPORTS = { '.': { default: './dist/index.js' }, './inner': { default: './dist/inner/index.js' } }

let checkout: string

const path = (name: string): string => join(checkout, name)

function write(name: string, text: string): void {
  mkdirSync(dirname(path(name)), { recursive: true })
  writeFileSync(path(name), text)
}

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'ebpf-test-'))
  mkdirSync(path('scripts'))
  for (const script of ['typescript.mjs', 'bundle.mjs', 'support.mjs', 'lock.mjs']) {
    copyFileSync(join(root, 'scripts', script), path(`scripts/${script}`))
  }
  symlinkSync(join(root, 'node_modules'), path('node_modules'))
  const compilerOptions = {
    target: 'ES2023',
    // The smallest: the compiler reads it at each start.
    lib: ['ES5'],
    skipLibCheck: true,
    module: 'NodeNext',
    sourceMap: true,
    rootDir: 'lib',
    outDir: 'dist',
    types: [],
  }
  write('package.json', JSON.stringify({ type: 'module', exports: EXPORTS }))
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['lib'] }))
  write('lib/index.ts', "export { one } from './inner/one.js'\nexport const own: number = 1\n")
  write('lib/inner/one.ts', 'export const one = {}\n')
  write('lib/inner/index.ts', "export { one as two } from './one.js'\n")
})

afterEach(() => {
  rmSync(checkout, { recursive: true })
})

async function compile(): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [path('scripts/typescript.mjs')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, stderr }
}

const compiled = (): string[] => readdirSync(path('dist'), { recursive: true, encoding: 'utf8' }).sort()

const WHOLE = ['index.js', 'index.js.map', 'inner', 'inner/index.js', 'inner/index.js.map']

test('joins modules; entries share what both need, and source maps lead to the sources', async () => {
  expect(await compile()).toMatchObject({ code: 0 })
  expect(compiled()).toEqual(WHOLE)
  const map = JSON.parse(readFileSync(path('dist/index.js.map'), 'utf8')) as { sources: string[] }
  expect(map.sources).toContain('../lib/index.ts')
  const script = `import { one } from ${JSON.stringify(path('dist/index.js'))}
    import { two } from ${JSON.stringify(path('dist/inner/index.js'))}
    console.log(one === two)`
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  expect(run).toMatchObject({ stdout: 'true\n', stderr: '' })
  expect(await compile()).toEqual({ code: 0, stderr: '' })
})

test('twice at once is done once, and who reads meanwhile finds whole files', async () => {
  await compile()
  write('dist/gone/old.js', '')
  write('lib/index.ts', 'export const own: number = 2\n')
  let done = false
  const compiling = Promise.all([compile(), compile()]).finally(() => {
    done = true
  })
  const seen = new Set<string | undefined>()
  while (!done) {
    seen.add(/^const own = .*$/m.exec(readFileSync(path('dist/index.js'), 'utf8'))?.[0])
    await sleep(1)
  }
  const results = await compiling
  expect(results.map(({ code }) => code)).toEqual([0, 0])
  expect(results.filter(({ stderr }) => stderr.includes('Compiling'))).toHaveLength(1)
  expect([...seen].sort()).toEqual(['const own = 1;', 'const own = 2;'])
  expect(compiled()).toEqual(WHOLE)
  expect(readdirSync(checkout).sort()).toEqual(
    ['build', 'dist', 'lib', 'node_modules', 'package.json', 'scripts', 'tsconfig.json'].sort(),
  )
})

test('that fails leaves what was there', async () => {
  await compile()
  write('lib/index.ts', "export const own: number = 'two'\n")
  expect(await compile()).toMatchObject({ code: 1, stderr: expect.stringContaining('did not compile') })
  expect(compiled()).toEqual(WHOLE)
  expect(readFileSync(path('dist/index.js'), 'utf8')).toContain('own = 1')
})
