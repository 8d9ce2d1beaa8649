/** `ebpf types`, as a person at a terminal runs it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skeleton } from '../../../lib/index.ts'
import { fixture } from '../../support/fixtures.ts'
import { SourceFolder } from '../../support/source-folder.ts'

const ebpf = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
const object = fileURLToPath(fixture('shapes'))
let folder: SourceFolder

beforeEach(() => {
  folder = new SourceFolder()
  copyFileSync(object, join(folder.path, 'shapes.bpf.o'))
})

afterEach(() => folder[Symbol.dispose]())

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, XDG_CACHE_HOME: folder.cache, NO_COLOR: '1' })
const read = (name: string): string => readFileSync(join(folder.path, name), 'utf8')

function types(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const options = { cwd: folder.path, encoding: 'utf8', env: environment() } as const
  return spawnSync(process.execPath, [ebpf, 'types', ...args], options)
}

const SOURCE = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct point { int x; } last;
SEC("raw_tp") int f(void *context) { return last.x; }
char LICENSE[] SEC("license") = "GPL";
`

describe('ebpf types', () => {
  it('writes the module beside the object, and says nothing', async () => {
    expect(types('shapes.bpf.o')).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(read('shapes.skel.ts')).toBe(await skeleton(object))
  })

  it('takes the options of skeleton()', async () => {
    const flags = ['--embed', '--int64', 'number', '--offsets', '--runtime', '../lib/index.ts']
    expect(types(...flags, '-o', '-', 'shapes.bpf.o')).toMatchObject({
      status: 0,
      stdout: await skeleton(object, { embed: true, int64: 'number', offsets: true, runtime: '../lib/index.ts' }),
    })
    expect(types('--declaration', 'shapes.bpf.o').status).toBe(0)
    expect(read('shapes.skel.d.ts')).toBe(await skeleton(object, { form: 'declaration' }))
  })

  it('compiles a source as an import of it is, by what package.json says', () => {
    folder.write('src/point.bpf.c', SOURCE.replace('int x', 'TYPE x'))
    folder.write('package.json', JSON.stringify({ ebpf: { defines: { TYPE: '__u64' }, int64: 'number' } }))
    expect(types('src/point.bpf.c', '--declaration')).toMatchObject({ status: 0, stderr: '' })
    expect(read('src/point.bpf.d.c.ts')).toMatch(/x: number/)
    expect(types('src/point.bpf.c', '--declaration', '--int64', 'bigint').status).toBe(0)
    expect(read('src/point.bpf.d.c.ts')).toMatch(/x: bigint/)
    folder.write('include/type.h', '#define TYPE __u32\n')
    folder.write('src/point.bpf.c', `#include "type.h"\n${SOURCE.replace('int x', 'TYPE x')}`)
    folder.write('package.json', JSON.stringify({ ebpf: { includes: ['./include'] } }))
    expect(types('src/point.bpf.c')).toMatchObject({ status: 0, stderr: '' })
    expect(read('src/point.skel.ts')).toMatch(/x: number/)
  })

  it('embeds nothing of a source that only debuggers read', async () => {
    folder.write('point.bpf.c', SOURCE)
    expect(types('point.bpf.c', '--embed').status).toBe(0)
    const bytes = /'([A-Za-z0-9+/=]{100,})'/.exec(read('point.skel.ts'))?.[1] ?? ''
    const embedded = Buffer.from(bytes, 'base64').toString('latin1')
    expect(embedded).toContain('.BTF.ext')
    expect(embedded).not.toContain('.debug_')
  })

  it('names the object as the module finds it', () => {
    folder.write('src/.keep', '')
    expect(types('shapes.bpf.o', '-o', 'src/shapes.ts').status).toBe(0)
    expect(read('src/shapes.ts')).toContain("new URL('../shapes.bpf.o', import.meta.url)")
  })

  it('leaves a module alone that says the same', () => {
    types('shapes.bpf.o')
    const { ino, mtimeMs } = statSync(join(folder.path, 'shapes.skel.ts'))
    types('shapes.bpf.o')
    expect(statSync(join(folder.path, 'shapes.skel.ts'))).toMatchObject({ ino, mtimeMs })
  })

  it('compiles C sources: to an object beside them, or into the module', () => {
    folder.write('x.bpf.c', SOURCE)
    expect(types('x.bpf.c')).toMatchObject({ status: 0, stderr: '' })
    expect(read('x.skel.ts')).toContain("new URL('./x.bpf.o', import.meta.url)")
    expect(read('x.skel.ts')).toContain('  last: Point\n')
    expect(existsSync(join(folder.path, 'x.bpf.o'))).toBe(true)
    folder.write('y.bpf.c', SOURCE)
    expect(types('--embed', 'y.bpf.c').status).toBe(0)
    expect(types('--declaration', 'y.bpf.c').status).toBe(0)
    // Where TypeScript looks for the types of './y.bpf.c'.
    expect(read('y.bpf.d.c.ts')).toContain('export interface Point {')
    expect(existsSync(join(folder.path, 'y.bpf.o'))).toBe(false)
  })

  it('writes where a link leads, and finds the object from there', () => {
    folder.write('there/x.ts', 'old')
    symlinkSync('there/x.ts', join(folder.path, 'link.ts'))
    expect(types('shapes.bpf.o', '-o', 'link.ts')).toMatchObject({ status: 0, stderr: '' })
    expect(lstatSync(join(folder.path, 'link.ts')).isSymbolicLink()).toBe(true)
    expect(read('there/x.ts')).toContain("new URL('../shapes.bpf.o', import.meta.url)")
  })

  it('writes into a pipe, which stays one', async () => {
    const pipe = join(folder.path, 'pipe')
    spawnSync('mkfifo', [pipe])
    const writing = spawn(process.execPath, [ebpf, 'types', 'shapes.bpf.o', '-o', 'pipe'], { cwd: folder.path })
    const [text] = await Promise.all([readFile(pipe, 'utf8'), once(writing, 'close')])
    expect(text).toBe(await skeleton(object))
    expect(lstatSync(pipe).isFIFO()).toBe(true)
  })

  it('ends the compiler when it is interrupted, and leaves nothing', async () => {
    const clang = folder.write(
      'clang',
      `#!/bin/sh\ncase "$1" in\n--version) echo clang version 14.0.6;;\n--print-targets) echo ' bpf - BPF';;\n*) echo $$ > pid; exec sleep 60;;\nesac\n`,
    )
    chmodSync(clang, 0o755)
    folder.write('x.bpf.c', SOURCE)
    const TMPDIR = dirname(folder.write('tmp/.keep', ''))
    const child = spawn(process.execPath, [ebpf, 'types', 'x.bpf.c'], {
      cwd: folder.path,
      env: { ...environment(), TMPDIR, EBPF_CLANG: clang },
    })
    while (!existsSync(join(folder.path, 'pid')) || read('pid') === '')
      await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGINT')
    expect((await once(child, 'close'))[0]).toBe(130)
    expect(() => process.kill(Number(read('pid')), 0)).toThrow('ESRCH')
    expect(readdirSync(TMPDIR)).toEqual(['.keep'])
  })

  it('says what is wrong, and writes nothing', () => {
    folder.write('x.bpf.c', SOURCE.replace('last.x', 'last.y'))
    const failed = types('x.bpf.c')
    expect(failed.status).toBe(1)
    expect(failed.stderr).toContain("no member named 'y' in 'struct point'")
    expect(existsSync(join(folder.path, 'x.skel.ts'))).toBe(false)
    expect(types('missing.bpf.o')).toMatchObject({ status: 1, stderr: expect.stringContaining('ENOENT') })
    expect(types('-o', 'one.ts', 'shapes.bpf.o', 'shapes.bpf.o')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--output is for one object'),
    })
    expect(types('--int64', 'string', 'shapes.bpf.o').status).not.toBe(0)
  })
})

describe('ebpf types --watch', () => {
  let child: ChildProcess

  afterEach(async () => {
    const closed = once(child, 'close')
    if (child.kill()) await closed
  })

  /** Until the module says so. */
  async function until(name: string, text: string): Promise<void> {
    while (!existsSync(join(folder.path, name)) || !read(name).includes(text)) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  it('writes again whenever an object or a source changes, also after a mistake', async () => {
    folder.write('x.bpf.c', SOURCE)
    const args = [ebpf, 'types', '--watch', 'shapes.bpf.o', 'x.bpf.c']
    child = spawn(process.execPath, args, { cwd: folder.path, env: environment(), stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr?.on('data', (text) => {
      said += String(text)
    })
    await until('x.skel.ts', '  last: Point\n')
    await until('shapes.skel.ts', 'RingBuffer<ShapeRecord>')
    // As editors save: another file takes the place of the old one.
    renameSync(folder.write('x.bpf.c~', SOURCE.replace('int x;', 'int x; long y;')), join(folder.path, 'x.bpf.c'))
    await until('x.skel.ts', '  y: bigint\n')
    folder.write('x.bpf.c', 'int f(void) { return\n')
    while (!said.includes('error')) await new Promise((resolve) => setTimeout(resolve, 20))
    folder.write('x.bpf.c', SOURCE.replace('int x;', 'int x; char z[4];'))
    await until('x.skel.ts', '  z: string\n')
    copyFileSync(fileURLToPath(fixture('globals')), join(folder.path, 'shapes.bpf.o'))
    await until('shapes.skel.ts', 'readonly threshold: number')
  })
})
