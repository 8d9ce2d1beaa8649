import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkBinary, resolveBinary } from '../../lib/hooks/binary.ts'
import { functionOffsets } from '../../lib/hooks/binary-functions.ts'
import { describeHook, prepareHook } from '../../lib/hooks/hook.ts'
import { uprobeMulti, uprobeSession, uretprobeMulti } from '../../lib/hooks/uprobe-multi.ts'
import { uprobe } from '../../lib/hooks/uprobe.ts'
import { usdt } from '../../lib/hooks/usdt.ts'
import { functionOffset, libcPath } from '../support/elf.ts'
import { versionedLibrary } from '../support/versioned-library.ts'

const invalid = expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' })
const none = {
  pattern: undefined,
  symbols: undefined,
  offsets: undefined,
  cookies: undefined,
  referenceCounterOffsets: undefined,
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/ebpf-binary-`)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a hook of user space is plain data', () => {
  test.each([
    [
      uprobe({ pid: 7, library: 'libz.so.1' }, { symbol: 'inflate', mode: 'perf' }),
      { kind: 'uprobe', binary: { pid: 7, library: 'libz.so.1' }, mode: 'perf', symbol: 'inflate' },
      'uprobe libz.so.1 of process 7:inflate',
    ],
    [
      uprobeMulti('/bin/x', { pattern: 'tcp_*' }),
      { ...none, kind: 'uprobe_multi', binary: '/bin/x', pattern: 'tcp_*', pid: -1 },
      'uprobe_multi /bin/x:tcp_*',
    ],
    [
      uretprobeMulti('/bin/x', { symbols: ['a', 'b'], cookies: [1, 2n], pid: 3 }),
      { ...none, kind: 'uretprobe_multi', binary: '/bin/x', symbols: ['a', 'b'], cookies: [1n, 2n], pid: 3 },
      'uretprobe_multi /bin/x:a,b',
    ],
    [
      uprobeSession({ pid: 5 }, { offsets: [16, 17n, 18, 19], referenceCounterOffsets: [1, 2, 3, 4] }),
      {
        ...none,
        kind: 'uprobe_session',
        binary: { pid: 5 },
        offsets: [16n, 17n, 18n, 19n],
        referenceCounterOffsets: [1n, 2n, 3n, 4n],
        pid: -1,
      },
      'uprobe_session the executable of process 5:0x10,0x11,0x12,…',
    ],
    [
      usdt('libpython3.11.so', 'python', 'gc__start', { cookie: 4 }),
      { kind: 'usdt', binary: 'libpython3.11.so', provider: 'python', name: 'gc__start', pid: -1, cookie: 4n },
      'usdt libpython3.11.so:python:gc__start',
    ],
  ])('with a name: %#', (hook, data, description) => {
    expect(hook).toMatchObject(data)
    expect(structuredClone(hook)).toEqual(hook)
    expect(describeHook(hook)).toBe(description)
  })
})

describe('a builder refuses', () => {
  test.each([
    ['a binary that is a number', () => uprobe(7 as never, { symbol: 'x' })],
    ['a binary that is null', () => usdt(null as never, 'a', 'b')],
    ['a binary that says nothing', () => usdt({} as never, 'a', 'b')],
    ['an empty binary', () => usdt('', 'a', 'b')],
    ['a pid that is a text', () => usdt({ pid: '1' } as never, 'a', 'b')],
    ['an empty library', () => usdt({ pid: 1, library: '' }, 'a', 'b')],
    ['an unknown mode', () => uprobe('x', { symbol: 'y', mode: 'fast' as never })],
    ['a mode that every object has', () => uprobe('x', { symbol: 'y', mode: 'toString' as never })],
    ['a cookie without a link', () => uprobe('x', { symbol: 'y', mode: 'perf', cookie: 1 })],
    ['no functions', () => uprobeMulti('x', {})],
    ['no options', () => uprobeMulti('x', undefined as never)],
    ['functions in two ways', () => uprobeMulti('x', { pattern: 'a*', symbols: ['a'] })],
    ['symbols that are a text', () => uprobeMulti('x', { symbols: 'main' as never })],
    ['a symbol that is a number', () => uprobeMulti('x', { symbols: ['a', 5 as never] })],
    ['a hole among the symbols', () => uprobeMulti('x', { symbols: new Array(3) })],
    ['a symbol twice', () => uprobeMulti('x', { symbols: ['a', 'b', 'a'] })],
    ['an offset that is a text', () => uprobeMulti('x', { offsets: ['1' as never] })],
    ['too few cookies', () => uprobeMulti('x', { symbols: ['a', 'b'], cookies: [1] })],
    ['too many counters', () => uprobeMulti('x', { offsets: [1], referenceCounterOffsets: [1, 2] })],
    ['cookies of a pattern', () => uprobeMulti('x', { pattern: 'a*', cookies: [1] })],
    ['an empty provider', () => usdt('x', '', 'b')],
    ['a name with a NUL', () => usdt('x', 'a', 'b\0')],
  ])('%s', (_what, build) => {
    expect(build).toThrow(invalid)
  })

  test.each([
    ['pid 0 as whose binary it is', () => usdt({ pid: 0 }, 'a', 'b')],
    ['a pid below -1', () => usdt('x', 'a', 'b', { pid: -2 })],
    ['a negative cookie', () => usdt('x', 'a', 'b', { cookie: -1 })],
    ['no symbols at all', () => uprobeMulti('x', { symbols: [] })],
    ['more places than the kernel takes', () => uprobeMulti('x', { offsets: new Array(2 ** 20 + 1).fill(1) })],
    ['a negative offset', () => uprobeMulti('x', { offsets: [-1] })],
    ['a counter beyond 32 bits', () => uprobe('x', { symbol: 'y', referenceCounterOffset: 2 ** 32 })],
  ])('%s', (_what, build) => {
    expect(build).toThrow(outOfRange)
  })
})

describe('a hook made by hand', () => {
  test.each([
    [{ kind: 'uprobe_multi', binary: libcPath(), symbols: 5 }],
    [{ kind: 'uprobe_multi' }],
    [{ kind: 'usdt' }],
    [{ kind: 'usdt', binary: libcPath(), provider: 'a', name: 'b', pid: 'c' }],
    [{ kind: 'uprobe', binary: libcPath(), symbol: 'x', mode: 7 }],
    [{ kind: 'uprobe', binary: { pid: -1 }, symbol: 'x' }],
  ])('is checked like that of a builder: %j', (hook) => {
    expect(() => prepareHook(hook as never)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/) }),
    )
  })
})

describe('a program of another section is refused', () => {
  const of = (section: string) => ({ name: 'p', section, type: 'kprobe', expectedAttachType: '' })
  const binary = process.execPath
  test.each([
    ['uprobe', uprobeMulti(binary, { offsets: [1] })],
    ['uprobe.multi', uprobeSession(binary, { offsets: [1] })],
    ['?uprobe.session/x:y', uprobeMulti(binary, { offsets: [1] })],
    ['uprobe.multi.s', uprobe(binary, { offset: 1 })],
    ['usdt.s/x:y:z', uprobe(binary, { offset: 1 })],
    ['uprobe.s', usdt(binary, 'a', 'b')],
  ])('%s', (section, hook) => {
    expect(() => prepareHook(hook, of(section))).toThrow(invalid)
  })

  test.each([
    ['?uretprobe.multi.s/x:y', uprobeMulti(binary, { offsets: [1] })],
    ['uprobe.session.s', uprobeSession(binary, { offsets: [1] })],
    ['kprobe', uprobe(binary, { offset: 1 })],
    ['usdt.s', usdt(binary, 'a', 'b')],
    ['', uprobeMulti(binary, { offsets: [1] })],
  ])('but not %j', (section, hook) => {
    expect(() => prepareHook(hook, of(section))).not.toThrow()
  })
})

describe('a binary', () => {
  test('is found by name in LD_LIBRARY_PATH and PATH, first come first served', () => {
    const library = `${folder}/libown.so.1`
    copyFileSync(libcPath(), library)
    const { LD_LIBRARY_PATH, PATH } = process.env
    process.env.LD_LIBRARY_PATH = `/no/such/folder::${folder}`
    symlinkSync(process.execPath, `${folder}/own-node`)
    process.env.PATH = `${folder}:${PATH}`
    try {
      expect(resolveBinary('libown.so.1')).toBe(library)
      expect(resolveBinary('own-node')).toBe(`${folder}/own-node`)
    } finally {
      if (LD_LIBRARY_PATH === undefined) delete process.env.LD_LIBRARY_PATH
      else process.env.LD_LIBRARY_PATH = LD_LIBRARY_PATH
      process.env.PATH = PATH
    }
    expect(basename(resolveBinary('libc.so.6'))).toBe('libc.so.6')
  })

  test('of a process is its executable, or a library that it has mapped', () => {
    expect(resolveBinary({ pid: process.pid })).toBe(`/proc/${process.pid}/exe`)
    const library = resolveBinary({ pid: process.pid, library: basename(libcPath()) })
    expect(library).toBe(`/proc/${process.pid}/root${libcPath()}`)
    expect(existsSync(library)).toBe(true)
    // The part before a version, as in the name of a symbolic link.
    expect(resolveBinary({ pid: process.pid, library: 'libc.so' })).toBe(library)
  })

  test('in an Android package is left to libbpf', () => {
    expect(resolveBinary('/data/app.apk!/lib/libx.so')).toBe('/data/app.apk!/lib/libx.so')
  })

  test('is checked without calling into it', () => {
    expect(checkBinary({ pid: 4 })).toEqual({ pid: 4 })
  })
})

describe('the functions of a binary', () => {
  const libc = libcPath()
  const names = ['getppid', 'getpriority']

  test('are found where the dynamic linker finds them, also in a stripped library', async () => {
    const stripped = `${folder}/libstripped.so`
    execFileSync('strip', ['-o', stripped, libc])
    const expected = names.map((name) => BigInt(functionOffset(libc, name)))
    expect(await functionOffsets(libc, { symbols: names })).toEqual(expected)
    expect(await functionOffsets(stripped, { symbols: names })).toEqual(expected)
  })

  test.each(['getppi?', 'getpp*', '*tppid', '?etppid', 'g*p*id', 'getppid*'])('fit the pattern %s', async (pattern) => {
    expect(await functionOffsets(libc, { pattern })).toContain(BigInt(functionOffset(libc, 'getppid')))
  })

  test.each(['getppi', 'etppid', 'getppid?', 'g*z', 'getppid@V*', '?'])(
    'fit no pattern such as %s',
    async (pattern) => {
      expect(await functionOffsets(libc, { pattern })).not.toContain(BigInt(functionOffset(libc, 'getppid')))
    },
  )

  test('are found by a pattern that would take a search by recursion for ever', async () => {
    expect(await functionOffsets(libc, { pattern: `${'*a'.repeat(40)}*z` })).toEqual([])
  })

  test('are none in a file that is not there, or is none', async () => {
    writeFileSync(`${folder}/text`, 'no ELF')
    for (const path of [`${folder}/text`, '/no/such/file', folder, '/dev/null']) {
      expect(await functionOffsets(path, { symbols: names })).toEqual([])
      expect(await functionOffsets(path, { pattern: '*' })).toEqual([])
    }
  })

  test('are never read beyond the end of a broken file', async () => {
    const broken = `${folder}/broken`
    const image = readFileSync(versionedLibrary())
    const position = fc.integer({ min: 16, max: image.length - 1 })
    // The header, and the tables of sections, symbols and versions: all that is read.
    const edit = fc.tuple(fc.oneof(fc.integer({ min: 16, max: 63 }), position), fc.nat(255))
    const edits = fc.array(edit, { minLength: 1, maxLength: 64 })
    await fc.assert(
      fc.asyncProperty(edits, fc.integer({ min: 64, max: image.length }), async (changes, length) => {
        const copy = Buffer.from(image)
        for (const [at, value] of changes) copy[at] = value
        writeFileSync(broken, copy.subarray(0, length))
        const found = await functionOffsets(broken, { symbols: ['versioned', 'versioned@V1'] })
        expect(found.length).toBeLessThan(100)
        expect(Array.isArray(await functionOffsets(broken, { pattern: '*@*' }))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
