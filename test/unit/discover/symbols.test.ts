/** Symbols of binaries, compared with what readelf(1) and the search of the attach itself find. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionOffsets } from '../../../lib/hooks/binary-functions.ts'
import { type BinarySymbol, EbpfError, listSymbols, listUsdt } from '../../../lib/index.ts'
import { newestClang } from '../../../scripts/system.mjs'
import { refuses } from '../../support/bad-input.ts'
import { libcPath } from '../../support/elf.ts'
import { randomNumbers } from '../../support/random.ts'
import { targetLibrary, targetProgram } from '../../support/target.ts'
import { versionedLibrary } from '../../support/versioned-library.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebpf-symbols-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const SOURCE = `
int number = 3;
int zeros[64];
static __attribute__((used)) int hidden(void) { return 1; }
__attribute__((weak)) int soft(void) { return hidden(); }
int hard(void) { return soft(); }
`

/** The source of above for another machine, as far as the compilers here can make it. */
function foreign(name: string, command: string, args: readonly string[]): string {
  const source = join(folder, 'foreign.c')
  const output = join(folder, name)
  writeFileSync(source, SOURCE)
  execFileSync(command, [...args, source, '-o', output])
  return output
}

const clang = (name: string, target: string) =>
  foreign(name, (newestClang() as { path: string }).path, [`--target=${target}`, '-ffreestanding', '-c'])

type Facts = Pick<BinarySymbol, 'name' | 'version' | 'type' | 'binding' | 'address' | 'size'>

const TYPES: Record<string, BinarySymbol['type']> = {
  FUNC: 'function',
  IFUNC: 'indirect',
  OBJECT: 'object',
  TLS: 'thread',
}

/** What readelf says; what is in both tables once. */
function listedByReadelf(path: string): Facts[] {
  const text = execFileSync('readelf', ['--wide', '--symbols', path], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const rows = text.matchAll(/^ *\d+: (\w+) +(\w+) (FUNC|IFUNC|OBJECT|TLS) +(\w+) +\w+ +(\d+) ([^\s@]+)(?:@@?(\S+))?/gm)
  const found = new Map<string, Facts>()
  for (const [, value, size, type = '', binding = '', , name = '', version] of rows) {
    const address = BigInt(`0x${value}`)
    if (
      version === undefined &&
      [...found.values()].some((other) => other.name === name && other.address === address)
    ) {
      continue
    }
    found.set(`${name}@${version ?? ''} ${address}`, {
      name,
      version,
      type: TYPES[type] as BinarySymbol['type'],
      binding: binding.toLowerCase() as BinarySymbol['binding'],
      address,
      size: Number(size),
    })
  }
  return [...found.values()]
}

const byName = (a: Facts, b: Facts): number =>
  a.name !== b.name ? (a.name < b.name ? -1 : 1) : a.address < b.address ? -1 : a.address > b.address ? 1 : 0

const facts = ({ name, version, type, binding, address, size }: BinarySymbol): Facts => ({
  name,
  version,
  type,
  binding,
  address,
  size,
})

describe('symbols', () => {
  it.each([
    ['a program', () => targetProgram()],
    ['a library', () => targetLibrary()],
    ['a library with versions', () => versionedLibrary()],
    ['a 32-bit library', () => foreign('narrow.so', 'cc', ['-m32', '-nostdlib', '-shared', '-fPIC'])],
    ['a 64-bit big-endian object', () => clang('wide-big.o', 'aarch64_be-linux-gnu')],
    ['a 32-bit big-endian object', () => clang('narrow-big.o', 'mips-linux-gnu')],
  ])('of %s are those that readelf lists', async (_, make) => {
    const path = make()
    const listed = listedByReadelf(path)
    expect(listed.length).toBeGreaterThan(3)
    expect((await listSymbols(path)).map(facts).sort(byName)).toEqual(listed.sort(byName))
  })

  it('of the C library are its exported ones, with their versions', async () => {
    const exported = (await listSymbols(libcPath())).filter(({ table }) => table === 'dynamic')
    const text = execFileSync('readelf', ['--wide', '--dyn-syms', libcPath()], { encoding: 'utf8', maxBuffer: 1 << 26 })
    const rows = text.matchAll(/ (?:FUNC|IFUNC|OBJECT|TLS) +\w+ +\w+ +\d+ ([^\s@]+)(@@?)(\S+)/g)
    const listed = Array.from(rows, ([, name, marks, version]) => `${name} ${version} ${marks === '@@'}`)
    expect(listed.length).toBeGreaterThan(1000)
    expect(exported.map(({ name, version, isDefault }) => `${name} ${version} ${isDefault}`).sort()).toEqual(
      listed.sort(),
    )
  })

  it('are where the attach finds them', async () => {
    for (const [path, pattern] of [
      [targetProgram(), 'target_*'],
      [libcPath(), 'pthread_*'],
    ] as const) {
      const listed = (await listSymbols(path, pattern)).filter(
        ({ type, table }) => type === 'function' && table !== 'debug',
      )
      const offsets = new Set(listed.map(({ offset }) => BigInt(offset as number)))
      expect(offsets.size).toBeGreaterThan(2)
      expect(offsets).toEqual(new Set(await functionOffsets(path, { pattern })))
    }
  })

  it('have no place in the file where they begin as zeros', async () => {
    const path = foreign('zeros.so', 'cc', ['-nostdlib', '-shared', '-fPIC'])
    const [zeros] = await listSymbols(path, 'zeros')
    expect(zeros).toMatchObject({ type: 'object', size: 256, offset: undefined })
    const [number] = await listSymbols(path, 'number')
    expect(readFileSync(path).readInt32LE(number?.offset)).toBe(3)
  })

  it('of a stripped binary are the exported ones, and those of its debug file', async () => {
    const whole = foreign('whole.so', 'cc', ['-nostdlib', '-shared', '-fPIC'])
    const stripped = join(folder, 'stripped.so')
    copyFileSync(whole, stripped)
    execFileSync('strip', [stripped])
    expect((await listSymbols(stripped)).map(({ name }) => name)).not.toContain('hidden')
    execFileSync('objcopy', ['--only-keep-debug', whole, join(folder, 'stripped.debug')])
    execFileSync('objcopy', [`--add-gnu-debuglink=${join(folder, 'stripped.debug')}`, stripped])
    const [hidden] = await listSymbols(stripped, 'hidden')
    const [original] = await listSymbols(whole, 'hidden')
    expect(original?.table).toBe('static')
    expect(hidden).toEqual({ ...original, table: 'debug' })
    // Of another build.
    execFileSync('objcopy', ['--only-keep-debug', targetLibrary(), join(folder, 'stripped.debug')])
    expect(await listSymbols(stripped, 'hidden')).toEqual([])
  })

  it('of a stripped binary without a build id are those of the debug file with the right checksum', async () => {
    const whole = foreign('no-id.so', 'cc', ['-nostdlib', '-shared', '-fPIC', '-Wl,--build-id=none'])
    const stripped = join(folder, 'no-id-stripped.so')
    const debug = join(folder, 'no-id.debug')
    copyFileSync(whole, stripped)
    execFileSync('strip', [stripped])
    execFileSync('objcopy', ['--only-keep-debug', whole, debug])
    execFileSync('objcopy', [`--add-gnu-debuglink=${debug}`, stripped])
    expect(await listSymbols(stripped, 'hidden')).toMatchObject([{ table: 'debug' }])
    // Its symbols are those of another build: the same names at other places, where a probe would break an instruction.
    appendFileSync(debug, 'x')
    expect(await listSymbols(stripped, 'hidden')).toEqual([])
  })

  it('are found by patterns, in the order of their addresses', async () => {
    const found = await listSymbols(targetProgram(), 'target_t*')
    expect(found.map(({ name }) => name).sort()).toEqual(['target_three', 'target_two'])
    expect(found.map(({ address }) => address)).toEqual(
      found.map(({ address }) => address).sort((a, b) => (a < b ? -1 : 1)),
    )
    expect(await listSymbols({ pid: process.pid }, 'no_such_function')).toEqual([])
  })
})

describe('a binary that cannot be read', () => {
  const INVALID = 'ERR_EBPF_INVALID_BINARY'
  const file = (name: string, bytes: Uint8Array | string) => {
    const path = join(folder, name)
    writeFileSync(path, bytes)
    return path
  }
  const start = (length: number) => readFileSync(targetProgram()).subarray(0, length)
  refuses([
    { name: 'is none', act: () => listSymbols(undefined as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'with an empty pattern', act: () => listSymbols(targetProgram(), ''), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'with no pattern', act: () => listUsdt(targetProgram(), 5 as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'is not there', act: () => listSymbols('/nowhere'), code: 'ENOENT', message: /\/nowhere/ },
    { name: 'has no such name', act: () => listUsdt('libnowhere.so'), code: 'ENOENT' },
    { name: 'is of no process', act: () => listUsdt({ pid: 0x7fff_fffe }), code: 'ESRCH' },
    { name: 'is a folder', act: () => listSymbols('/tmp/'), code: INVALID, message: /not a file/ },
    { name: 'is a device', act: () => listSymbols('/dev/null'), code: INVALID, message: /not a file/ },
    { name: 'is text', act: () => listSymbols(file('text', 'hello')), code: INVALID, message: /not an ELF file/ },
    { name: 'is empty', act: () => listUsdt(file('empty', '')), code: INVALID },
    { name: 'is the magic number and no more', act: () => listUsdt(file('magic', start(4))), code: INVALID },
    { name: 'is a header and no more', act: () => listSymbols(file('header', start(64))), code: INVALID },
    { name: 'is cut off', act: () => listSymbols(file('half', start(6000))), code: INVALID, message: /claims bytes/ },
  ])

  it('by a few wrong bytes gives symbols, or says so', async () => {
    const random = randomNumbers(7)
    const original = readFileSync(targetProgram())
    const headers = Number(original.readBigUInt64LE(40))
    let listed = 0
    for (let round = 0; round < 400; round++) {
      const bytes = Uint8Array.from(original)
      for (let count = 1 + (random() % 3); count > 0; count--) {
        const at = [random() % 64, headers + (random() % (bytes.length - headers)), random() % bytes.length][round % 3]
        bytes[at as number] = random() % 3 === 0 ? 0xff : random()
      }
      const path = file('mutated', bytes)
      for (const list of [listSymbols, listUsdt]) {
        try {
          await list(path)
          listed++
        } catch (error) {
          expect(error).toBeInstanceOf(EbpfError)
          expect(error).toMatchObject({ code: INVALID })
        }
      }
    }
    expect(listed).toBeGreaterThan(100)
    expect(listed).toBeLessThan(800)
  })
})
