/** Files that are no objects, or damaged ones, and objects that the kernel cannot take. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EbpfError, createMap, libbpfVersion, loadObject, openObject, u32 } from '../../lib/index.ts'
import { newestClang } from '../../scripts/system.mjs'
import { refuses, thrownBy } from '../support/bad-input.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { randomNumbers } from '../support/random.ts'
import { resizableBuffer } from '../support/resizable.ts'
import { runScript } from '../support/script.ts'

const object = new Uint8Array(readFileSync(fixture('globals')))
const withoutPins = { maps: { kept: { autocreate: false } } }
const INVALID = 'ERR_EBPF_INVALID_OBJECT'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebpf-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Compiles a few lines of C with another compiler or for another machine. */
function compiled(command: string, args: readonly string[]): Uint8Array {
  const source = join(folder, 'foreign.c')
  const output = join(folder, 'foreign.o')
  writeFileSync(source, 'int answer = 42; __attribute__((section("xdp"), used)) int f(void *c) { return answer; }')
  execFileSync(command, [...args, '-c', source, '-o', output])
  return new Uint8Array(readFileSync(output))
}

function detached(): Uint8Array {
  const bytes = object.slice()
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

/** A view of a buffer that has shrunk below it. */
function shrunk(): Uint8Array {
  const buffer = resizableBuffer(object.length)
  const bytes = new Uint8Array(buffer, 0, object.length)
  bytes.set(object)
  buffer.resize(64)
  return bytes
}

describe('openObject refuses', () => {
  refuses([
    { name: 'no source', act: () => openObject(undefined as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'null', act: () => openObject(null as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'a number', act: () => openObject(5 as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'an ArrayBuffer', act: () => openObject(object.buffer as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'an array', act: () => openObject([1, 2] as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'a file that is not there', act: () => openObject('/nowhere.bpf.o'), type: Error, code: 'ENOENT' },
    { name: 'a path with a NUL', act: () => openObject('a\0b'), type: TypeError, code: 'ERR_INVALID_ARG_VALUE' },
    {
      name: 'a URL of the web',
      act: () => openObject(new URL('https://example.org/a.bpf.o')),
      type: TypeError,
      code: 'ERR_INVALID_URL_SCHEME',
    },
    { name: 'no bytes', act: () => openObject(new Uint8Array()), code: INVALID },
    { name: 'one byte', act: () => openObject(Uint8Array.of(0x7f)), code: INVALID },
    { name: 'zeros', act: () => openObject(new Uint8Array(4096)), code: INVALID },
    { name: 'random bytes', act: () => openObject(Uint8Array.from({ length: 4096 }, randomNumbers(1))), code: INVALID },
    {
      name: 'text',
      act: () => openObject(fixture('../kernel/../../package.json').pathname.replace('.bpf.o', '')),
      code: INVALID,
    },
    { name: 'the magic number and no more', act: () => openObject(object.slice(0, 4)), code: INVALID },
    {
      name: 'a header and no more',
      act: () => openObject(object.slice(0, 64)),
      code: /^(ERR_EBPF_INVALID_OBJECT|E[A-Z]+)$/,
    },
    { name: 'bytes that are detached', act: () => openObject(detached()), code: INVALID },
    { name: 'bytes of a buffer that has shrunk', act: () => openObject(shrunk()), code: INVALID },
    { name: 'an object of this machine', act: () => openObject(compiled('cc', [])), code: INVALID },
    { name: 'a 32-bit object', act: () => openObject(elf({ class: 1 })), code: INVALID },
    {
      name: 'a map that only BTF could explain',
      act: () => openObject(fixture('bad-map.nobtf')),
      code: 'ERR_EBPF_NO_BTF',
      message: /-g/,
    },
    {
      name: 'a struct_ops map among the others',
      act: () => openObject(fixture('bad-struct-ops')),
      code: INVALID,
      message: /misplaced.*struct_ops/,
    },
    {
      name: 'a function that nothing defines',
      act: () => openObject(fixture('bad-extern')),
      code: 'ENOENT',
      message: /Nothing defines 'isprint'.*__ksym.*linkObjects/,
    },
    { name: 'an empty name', act: () => openObject(object, { name: '' }), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'a name with a NUL', act: () => openObject(object, { name: 'a\0b' }), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    {
      name: 'a name that is a number',
      act: () => openObject(object, { name: 5 as never }),
      code: 'ERR_EBPF_INVALID_ARGUMENT',
    },
    {
      name: 'another int64',
      act: () => openObject(object, { int64: 'string' as never }),
      code: 'ERR_EBPF_INVALID_ARGUMENT',
    },
  ])
})

/** A copy of the object with another ELF class. */
function elf(change: { class: number }): Uint8Array {
  const bytes = object.slice()
  bytes[4] = change.class
  return bytes
}

it('what is no object is refused with how to make one', async () => {
  const wanted = "clang makes objects of sources in C, for BPF: use compile() or 'npx ebpf compile'."
  const source = new URL('../fixtures/maps.bpf.c', import.meta.url)
  await expect(openObject(source)).rejects.toMatchObject({ code: INVALID, hint: `It is no whole ELF file. ${wanted}` })
  await expect(openObject(process.execPath)).rejects.toMatchObject({
    code: INVALID,
    hint: `It is an ELF file for another machine. ${wanted}`,
  })
})

describe('an object of the other byte order', () => {
  it('is refused before anything of it is in the kernel', async () => {
    const clang = newestClang()?.path
    expect(clang).toBeTypeOf('string')
    const bytes = compiled(clang as string, ['-O2', '-g', '-target', 'bpfeb'])
    expect(bytes[5], 'big-endian').toBe(2)
    expect(await thrownBy(() => loadObject(bytes))).toMatchObject({ name: 'EbpfError', code: INVALID })
  })
})

describe('loadObject refuses', () => {
  const load = (maps: Record<string, object>) => () =>
    loadObject(fixture('objects'), { maps: { ...withoutPins.maps, ...maps } })

  refuses([
    { name: 'no entries', act: load({ counts: { maxEntries: 0 } }), code: 'EINVAL', message: /counts/ },
    {
      name: 'more entries than memory',
      act: load({ counts: { maxEntries: 0xffff_ffff } }),
      code: /^(E2BIG|ENOMEM|EINVAL)$/,
    },
    { name: 'flags that do not exist', act: load({ counts: { flags: 0x8000_0000 } }), code: 'EINVAL' },
    {
      name: 'a value of no size',
      act: load({ counts: { valueSize: 0 } }),
      code: 'ERR_EBPF_INVALID_ARGUMENT',
      message: /u8/,
    },
    {
      name: 'a pin outside of a bpffs',
      act: load({ counts: { pinPath: join(tmpdir(), 'ebpf-pin') } }),
      code: /^E(PERM|INVAL|OPNOTSUPP)$/,
    },
    {
      name: 'a function that needs a licence',
      act: () => loadObject(fixture('bad-license')),
      code: 'EINVAL',
      message: /GPL/,
    },
    { name: 'an edit that is null', act: load({ counts: null as never }), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'an edit that is a number', act: load({ counts: 5 as never }), code: 'ERR_EBPF_INVALID_ARGUMENT' },
  ])
})

describe('a damaged object', () => {
  /** Opens and loads what may still be an object; anything but success or a designed error is a failure of ours. */
  async function survive(bytes: Uint8Array): Promise<string> {
    try {
      const spec = await openObject(bytes)
      for (const program of Object.values(spec.programs)) expect(program.instructionCount).toBeGreaterThanOrEqual(0)
      const loaded = await spec.load()
      try {
        for (const name of Object.keys(loaded.globals)) void loaded.globals[name]
      } finally {
        await loaded.close()
      }
      return 'loaded'
    } catch (error) {
      // BTF that contradicts itself is an error of its own.
      const { name, code } = error as EbpfError
      expect(['EbpfError', 'VerifierError', 'BtfFormatError'], String(error)).toContain(name)
      expect(code).toMatch(/^(ERR_EBPF_[A-Z_]+|E[A-Z0-9]+|errno \d+)$/)
      return code
    }
  }

  it('that was cut at any of 300 points gives an error, and never a crash', async () => {
    const outcomes = new Map<string, number>()
    for (let point = 0; point < 300; point++) {
      const outcome = await survive(object.slice(0, Math.floor((object.length * point) / 300)))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    expect(outcomes.get(INVALID)).toBeGreaterThan(200)
    expect(outcomes.get('loaded') ?? 0, 'the section headers are at the end').toBe(0)
  })

  /** libbpf reads BTF without checking it before 1.3, and crashes over what is wrong in it. */
  const checksBtf = libbpfVersion.localeCompare('1.3', 'en', { numeric: true }) >= 0

  it.skipIf(!checksBtf).each(['globals', 'maps', 'programs', 'maps-keys'])(
    'of which some bits are flipped gives an error, or loads: %s',
    async (name) => {
      const bytes = new Uint8Array(readFileSync(fixture(name)))
      const random = randomNumbers(20_260)
      const outcomes = new Map<string, number>()
      for (let round = 0; round < 250; round++) {
        const damaged = bytes.slice()
        for (let flips = 1 + (random() % 4); flips > 0; flips--) {
          // Every second flip in the headers at the start, or the tables at the end.
          const place = random() % 4
          const at =
            place === 0
              ? random() % 64
              : place === 1
                ? damaged.length - 1 - (random() % 2048)
                : random() % damaged.length
          damaged[at]! ^= 1 << (random() % 8)
        }
        const outcome = await survive(damaged)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
      expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(250)
      expect(outcomes.get(INVALID)).toBeGreaterThan(5)
      expect(outcomes.get('loaded')).toBeGreaterThan(5)
    },
  )
})

/** The object with its program `step` cut behind the first slot of the 64-bit load that its first relocation is for. */
function cutInLoad(): Uint8Array {
  const file = Buffer.from(object)
  const u64 = (offset: number): number => Number(file.readBigUInt64LE(offset))
  const sections = Array.from({ length: file.readUInt16LE(60) }, (_, index) => u64(40) + 64 * index)
  const bytesOf = (section: number): number => u64(section + 24)
  const text = (strings: number, at: number): string =>
    file.toString('latin1', bytesOf(strings) + at, file.indexOf(0, bytesOf(strings) + at))
  const names = sections[file.readUInt16LE(62)] as number
  const relocations = sections.find((section) => text(names, file.readUInt32LE(section)) === '.relraw_tp') as number
  const symbols = sections.find((section) => file.readUInt32LE(section + 4) === 2) as number
  const strings = sections[file.readUInt32LE(symbols + 40)] as number
  for (let at = bytesOf(symbols); at < bytesOf(symbols) + u64(symbols + 32); at += 24) {
    const isStep = text(strings, file.readUInt32LE(at)) === 'step'
    if (isStep) file.writeBigUInt64LE(BigInt(u64(bytesOf(relocations)) + 8), at + 16)
  }
  return new Uint8Array(file)
}

describe('a program that ends in the middle of an instruction', () => {
  // libbpf would write the relocated value past the end of the program.
  it('is refused', async () => {
    const error = await thrownBy(() => loadObject(cutInLoad()))
    expect(error).toMatchObject({ code: 'EINVAL', warnings: ["prog 'step': ends in the middle of a 64-bit load"] })
  })
})

describe('a configuration value of more than 2 GiB', () => {
  // bpf_object__open_mem() answers with a pointer that is none.
  it('is refused', () => {
    const source = "await ebpf.openObject(fixture('bad-kconfig')).catch(({ name }) => console.log(name))"
    expect(runScript(source)).toEqual({ status: 0, signal: null, stdout: 'EbpfError\n', stderr: '' })
  })
})

describe('a process that does not wait for its loads', () => {
  const load = "ebpf.loadObject(fixture('globals'))"

  it.each([
    ['ends when they are done', `globalThis.kept = Array.from({ length: 8 }, () => ${load})`, 0],
    [
      'ends in the middle of them',
      `globalThis.kept = Array.from({ length: 8 }, () => ${load}); setImmediate(() => process.exit(7))`,
      7,
    ],
    ['ends without closing', `globalThis.kept = await ${load}; kept.globals.counter = 1n`, 0],
    [
      'closes what is attached or run at that moment',
      `
      const object = await ebpf.loadObject(fixture('programs'))
      const settled = Promise.allSettled([
        object.programs.which_cpu.attach(),
        object.programs.grow.testRun({ data: new Uint8Array(60), repeat: 100000 }),
        object.attach(),
      ])
      await object.close()
      const outcomes = await settled
      process.exitCode = outcomes.filter(({ reason }) => reason?.code === 'ERR_EBPF_CLOSED').length`,
      // Before Linux 6.10 a program is at a raw tracepoint but once: the second attempt may end sooner, with EEXIST.
      olderThan('6.10') ? 1 : 2,
    ],
  ])('%s', (_, source, status) => {
    expect(runScript(source)).toEqual({ status, signal: null, stdout: '', stderr: '' })
  })
})

describe('after all of it', () => {
  it('a good object loads as ever', async () => {
    await using loaded = await loadObject(fixture('globals'))
    expect(loaded.globals.counter).toBe(0n)
    using map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
    expect(map.count()).toBe(0)
  })
})
