/** A program or library in a file, of either class and byte order: only what is asked for is read. */
import { constants as flags } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import {
  ELF_HEADER_SIZE,
  ElfFormatError,
  type ElfHeader,
  type ElfSection,
  type ElfSegment,
  type ElfTable,
  PT_LOAD,
  readElfHeader,
  readSection,
  readSegment,
  SHN_XINDEX,
  SHT_NOBITS,
  viewOf,
} from './header.ts'
import { ElfNames } from './names.ts'

export interface BinarySection extends ElfSection {
  /** `''` where it is not where the file says. */
  readonly name: string
}

/** Sections of this size are read in one piece, and no larger ones. */
const MAX_SECTION_SIZE = 1 << 30
/** Some sections are read more than once. A broken file has thousands of them in the same place. */
const MOST_READS = 8

export class ElfBinary {
  readonly path: string
  readonly header: ElfHeader
  /** By index. */
  readonly sections: readonly BinarySection[]
  readonly #file: FileHandle
  readonly #size: number
  /** By address. */
  readonly #loaded: readonly ElfSegment[]
  #read = 0

  /**
   * @throws ElfFormatError when it is no ELF file, or a broken one
   * @throws the error of `fs.open`, such as ENOENT with the path
   */
  static async open(path: string): Promise<ElfBinary> {
    // Without O_NONBLOCK the opening of a named pipe waits for who writes to it.
    const file = await open(path, flags.O_RDONLY | flags.O_NONBLOCK)
    try {
      const facts = await file.stat()
      if (!facts.isFile()) throw new ElfFormatError('it is not a file')
      const header = readElfHeader(await read(file, 0, Math.min(facts.size, ELF_HEADER_SIZE)))
      const sections = await readSections(file, facts.size, header)
      const segments = await readSegments(file, facts.size, header)
      return new ElfBinary(path, file, facts.size, header, sections, segments)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  private constructor(
    path: string,
    file: FileHandle,
    size: number,
    header: ElfHeader,
    sections: readonly BinarySection[],
    segments: readonly ElfSegment[],
  ) {
    this.path = path
    this.header = header
    this.sections = sections
    this.#file = file
    this.#size = size
    this.#loaded = segments
      .filter(({ type, size }) => type === PT_LOAD && size > 0)
      .sort((one, other) => (one.address < other.address ? -1 : one.address > other.address ? 1 : 0))
  }

  /** The bytes of a section; none of one that has none in the file. */
  async read({ type, start, size, name }: BinarySection): Promise<Uint8Array> {
    if (type === SHT_NOBITS) return new Uint8Array()
    if (size > MAX_SECTION_SIZE) throw new ElfFormatError(`section ${name} has ${size} bytes`)
    this.#read += size
    if (this.#read > MOST_READS * this.#size) throw new ElfFormatError('its sections overlap')
    return await readRange(this.#file, this.#size, start, size, `section ${name}`)
  }

  /** Where in the file the byte is that is mapped to an address; `undefined` for memory that begins as zeros. */
  offsetOf(address: bigint): number | undefined {
    let [first, end] = [0, this.#loaded.length]
    while (first < end) {
      const middle = (first + end) >>> 1
      if ((this.#loaded[middle] as ElfSegment).address <= address) first = middle + 1
      else end = middle
    }
    const segment = this.#loaded[first - 1]
    if (segment === undefined || address >= segment.address + BigInt(segment.size)) return undefined
    return segment.start + Number(address - segment.address)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

async function readSections(file: FileHandle, size: number, header: ElfHeader): Promise<BinarySection[]> {
  const { start, entrySize, count } = header.sections
  if (start === 0) return []
  const table = async (entries: number): Promise<ElfSection[]> => {
    const bytes = await readTable(file, size, { start, entrySize, count: entries }, 'the table of sections')
    return Array.from({ length: entries }, (_, index) => readSection(header, viewOf(bytes), index * entrySize))
  }
  const sections = await table(count === 0 ? ((await table(1))[0] as ElfSection).size : count)
  const namesIndex = header.namesIndex === SHN_XINDEX ? sections[0]?.link : header.namesIndex
  const names = sections[namesIndex ?? 0]
  const text =
    names === undefined || names.type === SHT_NOBITS
      ? new Uint8Array()
      : await readRange(file, size, names.start, names.size, 'the table of section names')
  const known = new ElfNames(text, sections.length * entrySize)
  return sections.map((section) => ({ ...section, name: known.at(section.nameOffset) ?? '' }))
}

async function readSegments(file: FileHandle, size: number, header: ElfHeader): Promise<ElfSegment[]> {
  const { entrySize, count } = header.segments
  if (count === 0) return []
  const bytes = await readTable(file, size, header.segments, 'the table of segments')
  return Array.from({ length: count }, (_, index) => readSegment(header, viewOf(bytes), index * entrySize))
}

async function readTable(file: FileHandle, size: number, table: ElfTable, what: string): Promise<Uint8Array> {
  return await readRange(file, size, table.start, table.entrySize * table.count, what)
}

async function readRange(
  file: FileHandle,
  fileSize: number,
  start: number,
  size: number,
  what: string,
): Promise<Uint8Array> {
  if (start + size > fileSize || size > MAX_SECTION_SIZE) {
    throw new ElfFormatError(`${what} claims bytes ${start} to ${start + size} of ${fileSize}`)
  }
  return await read(file, start, size)
}

/** All of it: a file that has shrunk meanwhile is a broken one. */
async function read(file: FileHandle, start: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let done = 0
  while (done < size) {
    const { bytesRead } = await file.read(bytes, done, size - done, start + done)
    if (bytesRead === 0) throw new ElfFormatError('it became shorter while it was read')
    done += bytesRead
  }
  return bytes
}
