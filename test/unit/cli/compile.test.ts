/** `ebpf compile`, as a person at a terminal runs it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SourceFolder } from '../../support/source-folder.ts'

const ebpf = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
let folder: SourceFolder

beforeEach(() => {
  folder = new SourceFolder()
  folder.write('x.bpf.c', 'int f(void) { return VALUE; }\n')
})

afterEach(() => folder[Symbol.dispose]())

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, XDG_CACHE_HOME: folder.cache, NO_COLOR: '1' }
}

function compile(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [ebpf, 'compile', ...args], {
    cwd: folder.path,
    encoding: 'utf8',
    env: environment(),
  })
}

describe('ebpf compile', () => {
  it('writes the object where clang would, and says nothing', () => {
    expect(compile('x.bpf.c', '-DVALUE=3')).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(folder.path, 'x.bpf.o')).toString('latin1', 1, 4)).toBe('ELF')
  })

  it("takes clang's options as clang does", () => {
    folder.write('here/value.h', '#define VALUE (ONE + TWO)\n')
    folder.write('y.bpf.c', '#include <value.h>\n#ifdef GONE\n#error defined\n#endif\nint f(void) { return VALUE; }\n')
    const flags = ['-Ihere', '-DONE', '-D', 'TWO=2', '-UGONE', '-Wextra', '-mcpu=v3', '-O2', '-g', '-o', 'out/z.o']
    expect(compile(...flags, 'y.bpf.c', '--', '-fno-builtin')).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(existsSync(join(folder.path, 'out/z.o'))).toBe(true)
  })

  it('writes the object to the standard output', () => {
    expect(compile('x.bpf.c', '-DVALUE=3', '-o', '-')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^.ELF/s),
    })
    expect(compile('x.bpf.c', '-o', '-', '--json-diagnostics').stderr).toContain('for the object alone')
  })

  it('shows errors and warnings as compilers do', () => {
    folder.write('y.bpf.c', 'int f(void)\n{\n  int unused;\n  return valeu;\n}\n')
    expect(compile('y.bpf.c')).toEqual(
      expect.objectContaining({
        status: 1,
        stdout: '',
        stderr: [
          "y.bpf.c:4:10: error: use of undeclared identifier 'valeu'",
          '  2 | {',
          '  3 |   int unused;',
          '> 4 |   return valeu;',
          '    |          ^',
          '  5 | }',
          '1 error',
          '',
        ].join('\n'),
      }),
    )
    expect(existsSync(join(folder.path, 'y.bpf.o'))).toBe(false)
  })

  it('gives them as JSON', () => {
    const { status, stdout, stderr } = compile('x.bpf.c', '--json-diagnostics')
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject([
      { severity: 'error', file: join(folder.path, 'x.bpf.c'), line: 1, column: 22, notes: [] },
    ])
    expect(compile('x.bpf.c', '-DVALUE', '--json-diagnostics')).toMatchObject({ status: 0, stdout: '[]\n' })
  })

  it('says in a sentence what it cannot do', () => {
    expect(compile('none.bpf.c')).toMatchObject({ status: 1, stderr: expect.stringContaining('none.bpf.c') })
    expect(compile('x.bpf.c', 'y.bpf.c').stderr).toContain('name it by --output')
    expect(compile('x.bpf.c', '-march=z').stderr).toContain('put it after --')
    expect(compile('x.bpf.c', '--clang', './none').stderr).toMatch(/\.\/none, which is to compile, is not there/)
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.o'))).toEqual([])
  })
})

describe('ebpf compile --watch', () => {
  let child: ChildProcess
  let words = ''

  afterEach(async () => {
    child.kill('SIGTERM')
    await once(child, 'close')
  })

  async function told(pattern: RegExp): Promise<void> {
    while (!pattern.test(words)) await once(child.stderr as NodeJS.ReadableStream, 'data')
    words = ''
  }

  it('compiles again when a source or a header changes, also after errors', async () => {
    folder.write('value.h', '#define VALUE 1\n')
    folder.write('x.bpf.c', '#include "value.h"\nint f(void) { return VALUE; }\n')
    words = ''
    child = spawn(process.execPath, [ebpf, 'compile', '--watch', 'x.bpf.c'], { cwd: folder.path, env: environment() })
    child.stderr?.on('data', (chunk) => {
      words += String(chunk)
    })
    await told(/waiting for a change of 2 files/)
    const object = join(folder.path, 'x.bpf.o')
    const first = readFileSync(object)
    folder.write('value.h', '#define VALUE valeu\n')
    await told(/use of undeclared identifier 'valeu'[\s\S]*waiting/)
    // As editors save.
    renameSync(folder.write('value.h~', '#define VALUE 2\n'), join(folder.path, 'value.h'))
    await told(/waiting/)
    expect(readFileSync(object).equals(first)).toBe(false)
  })

  it('compiles again when a header comes that was missing', async () => {
    folder.write('x.bpf.c', '#include "made/value.h"\nint f(void) { return VALUE; }\n')
    words = ''
    child = spawn(process.execPath, [ebpf, 'compile', '--watch', 'x.bpf.c'], { cwd: folder.path, env: environment() })
    child.stderr?.on('data', (chunk) => {
      words += String(chunk)
    })
    await told(/'made\/value.h' file not found[\s\S]*waiting/)
    folder.write('made/value.h', '#define VALUE 1\n')
    while (!existsSync(join(folder.path, 'x.bpf.o'))) await new Promise((resolve) => setTimeout(resolve, 20))
  })
})

describe('ebpf compile, interrupted', () => {
  it('ends the compiler, leaves nothing, and says by which signal', async () => {
    const clang = folder.write(
      'clang',
      `#!/bin/sh\ncase "$1" in\n--version) echo clang version 14.0.6;;\n--print-targets) echo ' bpf - BPF';;\n*) echo $$ > pid; exec sleep 60;;\nesac\n`,
    )
    chmodSync(clang, 0o755)
    mkdirSync(join(folder.path, 'tmp'))
    const child = spawn(process.execPath, [ebpf, 'compile', '--clang', clang, 'x.bpf.c'], {
      cwd: folder.path,
      env: { ...environment(), TMPDIR: join(folder.path, 'tmp') },
    })
    while (!existsSync(join(folder.path, 'pid'))) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(readdirSync(join(folder.path, 'tmp'))).toHaveLength(1)
    child.kill('SIGINT')
    expect((await once(child, 'close'))[0]).toBe(130)
    expect(readdirSync(join(folder.path, 'tmp'))).toEqual([])
    expect(existsSync(join(folder.path, 'x.bpf.o'))).toBe(false)
  })
})
