/** What clang says, as data: the one that is installed here, run on sources of every kind. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CompileError, type CompileOptions, type CompiledObject, compile } from '../../../lib/compile/index.ts'
import { SourceFolder } from '../../support/source-folder.ts'

let folder: SourceFolder

beforeAll(() => {
  folder = new SourceFolder()
})

afterAll(() => folder[Symbol.dispose]())

async function compiled(
  text: string | Uint8Array,
  options: CompileOptions = {},
  name = 'x.bpf.c',
): Promise<CompiledObject> {
  return await compile(folder.write(name, text), { cache: false, ...options })
}

async function refusal(
  text: string | Uint8Array,
  options: CompileOptions = {},
  name = 'x.bpf.c',
): Promise<CompileError> {
  const error: unknown = await compiled(text, options, name).catch((reason: unknown) => reason)
  if (!(error instanceof CompileError)) throw error
  return error
}

describe('an error', () => {
  it('is data, and shown where it is', async () => {
    const error = await refusal('int one;\nint f(void)\n{\n\treturn valeu;\n}\n')
    expect(error.code).toBe('ERR_EBPF_COMPILE')
    expect(error.diagnostics).toHaveLength(1)
    expect(error.diagnostics[0]).toMatchObject({
      severity: 'error',
      file: join(folder.path, 'x.bpf.c'),
      line: 4,
      column: 9,
      message: "use of undeclared identifier 'valeu'",
      includedFrom: [],
      notes: [],
    })
    expect(error.message).toContain('> 4 | \treturn valeu;\n    | \t       ^')
    expect(error.message).toContain('compiling x.bpf.c ended with an error')
  })

  it('in a macro names the place of its use, and notes that of its definition', async () => {
    const error = await refusal(
      '#define BAD(x) ((x)->nothing)\nstruct a { int b; };\nint f(struct a *p) { return BAD(p); }\n',
    )
    const [diagnostic] = error.diagnostics
    expect(diagnostic).toMatchObject({ line: 3, column: 29, message: "no member named 'nothing' in 'struct a'" })
    expect(diagnostic?.notes).toMatchObject([
      { severity: 'note', line: 1, column: 22, message: "expanded from macro 'BAD'" },
    ])
    expect(diagnostic?.toString()).toContain("note: expanded from macro 'BAD'")
  })

  it('in a header names all the files that lead there', async () => {
    folder.write('one.h', '#include "two.h"\n')
    folder.write('two.h', '\nint wrong = ;\n')
    const [diagnostic] = (await refusal('\n\n#include "one.h"\n')).diagnostics
    expect(diagnostic).toMatchObject({ file: join(folder.path, 'two.h'), line: 2, message: 'expected expression' })
    expect(diagnostic?.includedFrom).toMatchObject([
      { file: join(folder.path, 'x.bpf.c'), line: 3 },
      { file: join(folder.path, 'one.h'), line: 1 },
    ])
    expect(diagnostic?.toString()).toMatch(/^in file included from .*one\.h:1\nin file included from .*x\.bpf\.c:3\n/)
  })

  it('comes with what would put it right', async () => {
    const [diagnostic] = (await refusal('int f(void) { return 1 }\n')).diagnostics
    expect(diagnostic?.fixes).toMatchObject([{ from: { line: 1, column: 23 }, to: { line: 1, column: 23 }, text: ';' }])
  })

  it('marks as much as is meant', async () => {
    const [diagnostic] = (await refusal('struct a { int b; };\nint f(struct a p) { return p + 1; }\n')).diagnostics
    expect(diagnostic).toMatchObject({ line: 2, column: 30 })
    const [call] = (await refusal('int g(int);\nint f(void) { struct { int x; } y = {}; return g(y); }\n')).diagnostics
    expect(call).toMatchObject({ line: 2, length: 1 })
    const [member] = (await refusal('int f(int *pointer) { return pointer.name; }\n')).diagnostics
    expect(member).toMatchObject({ message: expect.stringContaining('not a structure'), column: 37 })
  })

  it('is not lost when there are more than clang tells', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `int v${index} = w${index};`).join('\n')
    const { diagnostics, message } = await refusal(many)
    expect(diagnostics.length).toBeGreaterThanOrEqual(20)
    expect(diagnostics.at(-1)?.message).toMatch(/too many errors/)
    expect(message).toMatch(/… and \d+ more$/)
    expect((await refusal(many, { args: ['-ferror-limit=0'] })).diagnostics).toHaveLength(40)
  })

  it('of the command line is said of clang, not of a file', async () => {
    const [diagnostic] = (await refusal('', { args: ['--no-such-option'] })).diagnostics
    expect(diagnostic).toMatchObject({ severity: 'error', file: '', line: 0 })
    expect(diagnostic?.toString()).toMatch(/^clang: error: .*no-such-option/)
  })

  it('of the code generator is told, with the function', async () => {
    const { diagnostics, message } = await refusal(
      'void use(void *);\nint f(void)\n{\n  char large[1024];\n  __builtin_memset(large, 1, sizeof(large));\n  use(large);\n  return large[7];\n}\n',
    )
    expect(diagnostics.some(({ message }) => /stack/i.test(message))).toBe(true)
    expect(message).toContain('512 bytes of stack')
  })

  it('is told for a header that is not there, with what to install', async () => {
    const { message } = await refusal('#include <linux/no_such_header.h>\n')
    expect(message).toContain('linux-libc-dev')
  })
})

describe('a warning', () => {
  const text = 'int f(void)\n{\n  int unused;\n  return 0;\n}\n'

  it('comes with the object, and names its option', async () => {
    const { diagnostics, bytes } = await compiled(text)
    expect(bytes.length).toBeGreaterThan(100)
    expect(diagnostics).toMatchObject([{ severity: 'warning', line: 3, option: '-Wunused-variable' }])
    expect(String(diagnostics[0])).toContain('[-Wunused-variable]')
  })

  it('is told or not, or an error, as it is asked for', async () => {
    expect((await compiled(text, { warnings: false })).diagnostics).toEqual([])
    expect((await compiled(text, { warnings: ['all', 'no-unused-variable'] })).diagnostics).toEqual([])
    const { diagnostics } = await refusal(text, { warnings: ['all', 'error'] })
    expect(diagnostics).toMatchObject([{ severity: 'error', line: 3 }])
  })
})

describe('names and texts that are hard to read', () => {
  it.each([
    ['a space', 'a b.bpf.c'],
    ['a colon', 'a:12:3: error: b.bpf.c'],
    ['signs of make and printf', 'a#b%s$c.bpf.c'],
    ['a line feed', 'a\nb.bpf.c'],
    ['letters that are not ASCII', 'größe 漢.bpf.c'],
    ['a dash in front', '-o.bpf.c'],
    ['an at sign in front', '@a.bpf.c'],
  ])('a source with %s in its name', async (_, name) => {
    const { diagnostics } = await refusal('int f(void) { return valeu; }\n', {}, name)
    expect(diagnostics).toMatchObject([{ file: join(folder.path, name), line: 1, column: 22 }])
    const object = await compiled('int f(void) { return 1; }\n', {}, name)
    expect(object.name).toBe(name.replace('.bpf.c', ''))
    expect(object.dependencies).toEqual([join(folder.path, name)])
  })

  it('a header with a space in its folder', async () => {
    const header = folder.write('in here/the header.h', 'static inline int one(void) { int unused; return 1; }\n')
    const { dependencies, diagnostics } = await compiled('#include "the header.h"\n', {
      includes: [join(folder.path, 'in here')],
    })
    expect(dependencies).toEqual([join(folder.path, 'x.bpf.c'), header])
    expect(diagnostics).toMatchObject([{ file: header, option: '-Wunused-variable' }])
  })

  it('a source that is not UTF-8', async () => {
    const text = Buffer.concat([
      Buffer.from('/* '),
      Buffer.from([0xe4, 0xff]),
      Buffer.from(' */ int f(void) { return valeu; }\n'),
    ])
    const { diagnostics } = await refusal(text)
    expect(diagnostics.at(-1)).toMatchObject({ line: 1, column: 31 })
  })

  it('a source without a line', async () => {
    expect((await compiled('', { warnings: ['all'] })).diagnostics).toEqual([])
  })
})

describe('a source that is not there', () => {
  it('is the error of the file system', async () => {
    const path = folder.write('gone.bpf.c', '')
    rmSync(path)
    await expect(compile(path)).rejects.toMatchObject({ code: 'ENOENT', path })
  })

  it('is no source without a name, or of another type', async () => {
    await expect(compile('')).rejects.toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    await expect(compile(3 as unknown as string)).rejects.toThrow('source must be a path or a file URL, not 3')
    await expect(compile([])).rejects.toThrow('source must be at least one path')
    await expect(compile(['a.c', './a.c'])).rejects.toThrow('each file once')
    for (const arg of ['-o', '-oother', '-S', '-E', '-mcpu=v1', '-MMD', '-target', '--target=x86_64', '-xc++']) {
      await expect(compile('a.c', { args: [arg] }), arg).rejects.toThrow('to the options')
    }
    await expect(compile('a.c', { optimise: true } as CompileOptions)).rejects.toThrow("'optimise'")
  })
})
