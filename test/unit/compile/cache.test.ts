/** What was compiled before is not compiled again, and never taken for what it is not. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CompileOptions, type CompiledObject, compile } from '../../../lib/compile/index.ts'
import { prune } from '../../../lib/compile/prune.ts'
import { SourceFolder } from '../../support/source-folder.ts'

let folder: SourceFolder
let source: string

beforeEach(() => {
  folder = new SourceFolder()
  folder.write('value.h', '#define VALUE 1\n')
  source = folder.write('x.bpf.c', '#include "value.h"\nint f(void)\n{\n  int unused;\n  return VALUE;\n}\n')
})

afterEach(() => folder[Symbol.dispose]())

async function compiled(options: CompileOptions = {}): Promise<CompiledObject> {
  return await compile(source, { cache: folder.cache, ...options })
}

/** Files of objects in the cache. */
function entries(): string[] {
  return readdirSync(join(folder.cache, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('a source that was compiled before', () => {
  it('gives the same, warnings with their sources included', async () => {
    const first = await compiled()
    const second = await compiled()
    expect([first.cached, second.cached]).toEqual([false, true])
    expect(second.bytes).toEqual(first.bytes)
    expect(second.dependencies).toEqual(first.dependencies)
    expect(second.diagnostics.map(String)).toEqual(first.diagnostics.map(String))
    expect(String(second.diagnostics[0])).toContain('> 4 |   int unused;')
  })

  it('starts no process', async () => {
    // Where this program is the compiler, it says so in a file.
    const log = join(folder.path, 'runs')
    const clang = folder.write(
      'clang',
      `#!/bin/sh\necho "$1" >> '${log}'\nexec '${(await compiled()).clang.path}' "$@"\n`,
    )
    chmodSync(clang, 0o755)
    expect((await compiled({ clang })).cached).toBe(false)
    const runs = readFileSync(log, 'utf8')
    expect((await compiled({ clang })).cached).toBe(true)
    expect(readFileSync(log, 'utf8')).toBe(runs)
  })

  it('is the same for another process', async () => {
    await compiled()
    const module = fileURLToPath(new URL('../../../dist/index.js', import.meta.url))
    const script = `import { compile } from ${JSON.stringify(module)}
      const { cached } = await compile(process.argv[1], { cache: process.argv[2] })
      console.log(cached)`
    const args = ['--input-type=module', '--eval', script, '--', source, folder.cache]
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()).toBe('true')
  })
})

describe('it is compiled anew', () => {
  beforeEach(async () => {
    await compiled()
  })

  it('when it changes', async () => {
    writeFileSync(source, 'int f(void) { return 2; }\n')
    expect(await compiled()).toMatchObject({ cached: false, diagnostics: [] })
  })

  it('when a header changes, and not when that is taken back', async () => {
    folder.write('value.h', '#define VALUE 2\n')
    expect((await compiled()).cached).toBe(false)
    expect((await compiled()).cached).toBe(true)
  })

  it('when a header is gone', async () => {
    rmSync(join(folder.path, 'value.h'))
    await expect(compiled()).rejects.toMatchObject({ code: 'ERR_EBPF_COMPILE' })
  })

  it('when an option or an argument changes', async () => {
    for (const options of [
      { defines: { NAME: 1 } },
      { cpu: 'v2' },
      { debug: false },
      { warnings: ['extra'] },
      { args: ['-O1'] },
      { architecture: 'arm' },
      { endianness: 'big' },
    ] satisfies CompileOptions[]) {
      expect((await compiled(options)).cached, JSON.stringify(options)).toBe(false)
      expect((await compiled(options)).cached, JSON.stringify(options)).toBe(true)
    }
  })

  it('when a header comes that is found before the one that was read', async () => {
    const includes = ['early', 'late'].map((name) => join(folder.path, name))
    folder.write('late/other.h', '#define OTHER 1\n')
    writeFileSync(source, '#include <other.h>\nint f(void) { return OTHER; }\n')
    await compiled({ includes })
    expect((await compiled({ includes })).cached).toBe(true)
    const early = folder.write('early/other.h', '#define OTHER 2\n')
    const { cached, dependencies } = await compiled({ includes })
    expect(cached).toBe(false)
    expect(dependencies).toContain(early)
  })

  it.each([
    ['empty', 0],
    ['cut in what is known of it', 40],
    ['cut in the object', -10],
  ])('when the file of the cache is %s', async (_, length) => {
    const [entry = ''] = entries()
    truncateSync(entry, length < 0 ? readFileSync(entry).length + length : length)
    expect((await compiled()).cached).toBe(false)
    expect((await compiled()).cached).toBe(true)
  })

  it('when the file of the cache has other bytes', async () => {
    const [entry = ''] = entries()
    const bytes = readFileSync(entry)
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1
    writeFileSync(entry, bytes)
    expect((await compiled()).cached).toBe(false)
  })

  it.each([
    '/* __TIME__ */',
    '#if __has_include("later.h")\n#endif',
    'asm(".data; .incbin \\"/etc/hostname\\"; .text");',
  ])('always when it depends on more than its files: %s', async (text) => {
    writeFileSync(source, `${text}\nint f(void) { return 1; }\n`)
    expect([(await compiled()).cached, (await compiled()).cached]).toEqual([false, false])
  })

  it('when a header comes that an argument lets clang find first', async () => {
    folder.write('late/other.h', '#define OTHER 1\n')
    writeFileSync(source, '#include <other.h>\nint f(void) { return OTHER; }\n')
    const options = { args: ['-I', join(folder.path, 'early'), `-I${join(folder.path, 'late')}`] }
    await compiled(options)
    expect((await compiled(options)).cached).toBe(true)
    folder.write('early/other.h', '#define OTHER 2\n')
    expect((await compiled(options)).cached).toBe(false)
  })

  it.each(['-iquote', '-isystem', '-idirafter'])(
    'when a header comes that %s lets clang find first',
    async (option) => {
      folder.write('late/other.h', '#define OTHER 1\n')
      writeFileSync(source, '#include "other.h"\nint f(void) { return OTHER; }\n')
      const options = { args: [option, join(folder.path, 'early'), option, join(folder.path, 'late')] }
      await compiled(options)
      expect((await compiled(options)).cached).toBe(true)
      folder.write('early/other.h', '#define OTHER 2\n')
      expect((await compiled(options)).cached).toBe(false)
    },
  )

  it("when a header comes that is found before clang's own", async () => {
    writeFileSync(source, '#include <stddef.h>\nsize_t f(void) { return 1; }\n')
    const includes = [join(folder.path, 'early')]
    await compiled({ includes })
    expect((await compiled({ includes })).cached).toBe(true)
    folder.write('early/stddef.h', 'typedef unsigned long size_t;\n')
    expect((await compiled({ includes })).cached).toBe(false)
  })

  it('when a header changes that is beside what a link leads to', async () => {
    const real = folder.write('real/value.h', '#define VALUE 1\n')
    folder.write('real/inner/use.h', '#include "../value.h"\n')
    symlinkSync('real/inner', join(folder.path, 'link'))
    writeFileSync(source, '#include "link/use.h"\nint f(void) { return VALUE; }\n')
    const { dependencies } = await compiled()
    expect(dependencies).toContain(real)
    expect(dependencies).not.toContain(join(folder.path, 'value.h'))
    expect((await compiled()).cached).toBe(true)
    writeFileSync(real, '#define VALUE 2\n')
    expect((await compiled()).cached).toBe(false)
  })

  it('always when arguments come from a file', async () => {
    const options = { args: [`@${folder.write('arguments', '-DNAME=1')}`] }
    expect([(await compiled(options)).cached, (await compiled(options)).cached]).toEqual([false, false])
  })

  it('when no cache is wanted', async () => {
    expect((await compiled({ cache: false })).cached).toBe(false)
  })
})

describe('a cache', () => {
  it('that cannot be written is none', async () => {
    const cache = folder.write('file', 'no folder')
    expect((await compiled({ cache })).cached).toBe(false)
    expect((await compiled({ cache })).cached).toBe(false)
    expect(readFileSync(cache, 'utf8')).toBe('no folder')
  })

  it('serves compilations at once', async () => {
    const objects = await Promise.all(Array.from({ length: 8 }, () => compiled()))
    for (const { bytes } of objects) expect(bytes).toEqual(objects[0]?.bytes)
    expect(entries()).toHaveLength(1)
    expect((await compiled()).cached).toBe(true)
  })

  it('lets no more compilers run at once than there are cores', async () => {
    const real = (await compiled({ cache: false })).clang.path
    const running = join(folder.path, 'running')
    folder.write('running/.keep', '')
    const clang = folder.write(
      'clang',
      `#!/bin/sh\ntouch '${running}'/$$\nls '${running}' | wc -l >> '${folder.path}/counts'\n'${real}' "$@"\nstatus=$?\nrm '${running}'/$$\nexit $status\n`,
    )
    chmodSync(clang, 0o755)
    const sources = Array.from({ length: 12 }, (_, index) => folder.write(`${index}.bpf.c`, `int f${index};\n`))
    await Promise.all(sources.map((each) => compile(each, { clang, cache: false })))
    const counts = readFileSync(join(folder.path, 'counts'), 'utf8').trim().split('\n').map(Number)
    expect(counts.length).toBeGreaterThanOrEqual(12)
    expect(Math.max(...counts)).toBeLessThanOrEqual(availableParallelism())
  })

  it('forgets what was not used for a month', async () => {
    await compiled()
    const [old = ''] = entries()
    await compiled({ cpu: 'v2' })
    const now = Date.now()
    const month = 31 * 86_400_000
    utimesSync(old, new Date(now - month), new Date(now - month))
    await prune(folder.cache, now)
    expect(entries(), 'it looks once a day').toHaveLength(2)
    await prune(folder.cache, now + 86_400_000)
    expect(entries()).toHaveLength(1)
    expect(entries()).not.toContain(old)
    expect((await compiled()).cached).toBe(false)
  })

  it('forgets nothing that is not its own', async () => {
    const month = new Date(Date.now() - 31 * 86_400_000)
    const names = ['vmlinux/vmlinux.h', 'vmlinux/x86/vmlinux.h', 'objects/x.o', 'objects/ab/x.o']
    for (const name of names) utimesSync(folder.write(name, 'mine'), month, month)
    const kept = folder.write(`vmlinux/1-${'a'.repeat(32)}/vmlinux.h`, 'of the cache')
    utimesSync(kept, month, month)
    await compiled({ cache: folder.path })
    expect(existsSync(kept)).toBe(false)
    for (const name of names) expect(existsSync(join(folder.path, name)), name).toBe(true)
  })

  it('keeps what is used', async () => {
    await compiled()
    const [entry = ''] = entries()
    utimesSync(entry, new Date(0), new Date(0))
    expect((await compiled()).cached).toBe(true)
    await prune(folder.cache, Date.now() + 86_400_000)
    expect(entries()).toEqual([entry])
  })

  it('does not keep what was compiled while an older header was moved to the place of one', async () => {
    const older = folder.write('older.h', '#define VALUE 2\n')
    utimesSync(older, new Date(0), new Date(0))
    const real = (await compiled({ cache: false })).clang.path
    const clang = folder.write(
      'clang',
      `#!/bin/sh\n'${real}' "$@" || exit\ncase "$*" in *-serialize*) mv '${older}' '${folder.path}/value.h';; esac\n`,
    )
    chmodSync(clang, 0o755)
    await compiled({ clang })
    expect(existsSync(join(folder.cache, 'objects'))).toBe(false)
  })

  it.each(['value.h', 'x.bpf.c'])('does not keep what was compiled while %s was saved', async (name) => {
    const saved = join(folder.path, name)
    const real = (await compiled({ cache: false })).clang.path
    // A compiler during which somebody saves a file.
    const clang = folder.write(
      'clang',
      `#!/bin/sh\n'${real}' "$@" || exit\ncase "$*" in *-serialize*) echo >> '${saved}';; esac\n`,
    )
    chmodSync(clang, 0o755)
    await compiled({ clang })
    expect(existsSync(join(folder.cache, 'objects'))).toBe(false)
  })
})

describe('an object', () => {
  it('is written whole where that is wanted', async () => {
    const output = join(folder.path, 'made/here/x.bpf.o')
    const { bytes, name } = await compiled({ output })
    expect(new Uint8Array(readFileSync(output))).toEqual(bytes)
    expect(name).toBe('x')
    expect(readdirSync(join(folder.path, 'made/here'))).toEqual(['x.bpf.o'])
  })
})

describe('what is no source, or makes no object', () => {
  it('is said to be an object already', async () => {
    const output = join(folder.path, 'x.bpf.o')
    await compiled({ output })
    await expect(compile(output, { cache: folder.cache })).rejects.toThrow(
      `${output} is compiled already: it is an object, not a source in C`,
    )
  })

  it('is said to be a folder', async () => {
    await expect(compile(folder.path)).rejects.toThrow(`${folder.path} is a folder, not a source in C`)
  })

  it('is not written over the source', async () => {
    await expect(compiled({ output: source })).rejects.toThrow(/output must be another file/)
    expect(readFileSync(source, 'utf8')).toContain('return VALUE')
  })

  it.each(['-flto', '--analyze', '--preprocess', '--assemble', '--help'])('is refused: %s', async (argument) => {
    await expect(compiled({ args: [argument] })).rejects.toThrow(`clang was told to make no object: ${argument}`)
  })
})

describe('an output that is no file of its own', () => {
  it('is written where a link leads', async () => {
    const target = folder.write('there.o', 'old')
    const output = join(folder.path, 'link.o')
    symlinkSync(target, output)
    const { bytes } = await compiled({ output })
    expect(lstatSync(output).isSymbolicLink()).toBe(true)
    expect(new Uint8Array(readFileSync(target))).toEqual(bytes)
  })

  it('is written to when it is a pipe, and stays one', async () => {
    const output = join(folder.path, 'pipe')
    execFileSync('mkfifo', [output])
    const [{ bytes }, read] = await Promise.all([compiled({ output }), readFile(output)])
    expect(new Uint8Array(read)).toEqual(bytes)
    expect(lstatSync(output).isFIFO()).toBe(true)
  })

  it('is refused when it is a folder', async () => {
    await expect(compiled({ output: folder.path })).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('a signal', () => {
  it('ends the compiler, and leaves nothing', async () => {
    const clang = folder.write(
      'clang',
      `#!/bin/sh\nif [ "$1" = --version ]; then echo 'clang version 14.0.6'; exit; fi
      if [ "$1" = --print-targets ]; then echo ' bpf - BPF'; exit; fi
      echo $$ > '${join(folder.path, 'pid')}'\nexec sleep 60\n`,
    )
    chmodSync(clang, 0o755)
    const controller = new AbortController()
    const running = compiled({ clang, signal: controller.signal })
    const refused = expect(running).rejects.toThrow('enough')
    while (!existsSync(join(folder.path, 'pid'))) await new Promise((resolve) => setTimeout(resolve, 10))
    const pid = Number(readFileSync(join(folder.path, 'pid'), 'utf8'))
    controller.abort(new Error('enough'))
    await refused
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it('that was given before lets nothing begin', async () => {
    await expect(compiled({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    expect(existsSync(folder.cache)).toBe(false)
  })
})
