/** The static probes (USDT) of a user-space binary. */
import type { ElfBinary } from '../elf/binary.ts'
import { textAt, viewOf } from '../elf/header.ts'
import { type ElfNote, notesOf } from '../elf/notes.ts'
import { parseUsdtArguments, type UsdtArgument } from '../elf/usdt-arguments.ts'
import type { Binary } from '../hooks/binary.ts'
import { withBinary } from './binary-file.ts'
import { patternExpression } from './pattern.ts'

/** A static probe that the authors of a program put into it, for `usdt(binary, provider, name)`. */
export interface UsdtProbe {
  provider: string
  name: string
  /** Several where it was written more than once, or inlined: a program at the probe runs at all of them. */
  places: UsdtPlace[]
}

export interface UsdtPlace {
  /** Before the binary is moved to where it is loaded. */
  address: bigint
  /** In the file; `undefined` where it is not a part of what is loaded. */
  offset: number | undefined
  /** File offset of the counter by which the program sees that somebody listens; `undefined` where there is none. */
  semaphoreOffset: number | undefined
  arguments: UsdtArgument[]
}

const SECTION = '.note.stapsdt'
const OWNER = 'stapsdt'
const NT_STAPSDT = 3

interface Note extends UsdtPlace {
  provider: string
  name: string
}

/**
 * The static probes of a program or library, in the order of their names, with every place that has them and where their
 * arguments are there. ELF files of 32 and 64 bits and of both byte orders. Needs no privilege but to read the file.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 * @param pattern of `provider:name`, with `*` and `?`; without a colon of the name alone
 * @throws EbpfError ERR_EBPF_INVALID_BINARY when it is no ELF file, or a broken one; ENOENT when there is none
 */
export async function listUsdt(binary: Binary, pattern: string = '*'): Promise<UsdtProbe[]> {
  const wanted = patternExpression(pattern)
  const withProvider = pattern.includes(':')
  const places = await withBinary(binary, staticProbes)
  const probes = new Map<string, UsdtProbe>()
  for (const { provider, name, ...place } of places) {
    const full = `${provider}:${name}`
    if (!wanted.test(withProvider ? full : name)) continue
    const probe = probes.get(full) ?? { provider, name, places: [] }
    probe.places.push(place)
    probes.set(full, probe)
  }
  return [...probes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, probe]) => probe)
}

async function staticProbes(file: ElfBinary): Promise<Note[]> {
  const notes = await notesOf(file, SECTION)
  // Where it is now, and where each note says that it was, tell how far prelink(8) has moved the addresses.
  const base = file.sections.find(({ name }) => name === '.stapsdt.base')?.address
  return notes.flatMap((note) => parseNote(note, file, base) ?? [])
}

function parseNote({ owner, type, description }: ElfNote, file: ElfBinary, base: bigint | undefined): Note | undefined {
  const { wide, little } = file.header
  const wordSize = wide ? 8 : 4
  if (owner !== OWNER || type !== NT_STAPSDT || description.length < 3 * wordSize) return undefined
  const view = viewOf(description)
  const word = (index: number): bigint =>
    wide ? view.getBigUint64(8 * index, little) : BigInt(view.getUint32(4 * index, little))
  const texts: string[] = []
  for (let at = 3 * wordSize; texts.length < 3; ) {
    const text = textAt(description, at)
    if (text === undefined) return undefined
    texts.push(text)
    at = description.indexOf(0, at) + 1
  }
  const [provider = '', name = '', operands = ''] = texts
  const moved = base === undefined || word(1) === 0n ? 0n : base - word(1)
  const address = BigInt.asUintN(64, word(0) + moved)
  const semaphore = word(2) === 0n ? undefined : BigInt.asUintN(64, word(2) + moved)
  return {
    provider,
    name,
    address,
    offset: file.offsetOf(address),
    semaphoreOffset: semaphore === undefined ? undefined : file.offsetOf(semaphore),
    arguments: parseUsdtArguments(operands),
  }
}
