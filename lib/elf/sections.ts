/** The sections of an ELF file that is in memory, such as an object file. */
import { type EbpfError, ruleError } from '../errors.ts'
import {
  ElfFormatError,
  type ElfHeader,
  type ElfSection,
  readElfHeader,
  readSection,
  SHN_XINDEX,
  SHT_NOBITS,
  viewOf,
} from './header.ts'
import { ElfNames } from './names.ts'

/** What an object file holds under a name. */
export type ElfSections = ReadonlyMap<string, Uint8Array>

export interface NamedSection extends ElfSection {
  readonly name: string
  /** A part of the file's memory; empty where the file has none of its bytes. */
  readonly bytes: Uint8Array
}

export interface ElfImage {
  readonly header: ElfHeader
  /** By index; the first is empty. */
  readonly sections: readonly NamedSection[]
}

/** Each byte belongs to one section, but for tables that two kinds of names share. */
const MOST_OWNERS = 2

/**
 * The sections of a 64-bit ELF file of either byte order, as parts of the same memory; the first of each name.
 *
 * @param object what an error calls it
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT if the bytes are no such file, or cut off
 */
export function elfSections(file: Uint8Array, object?: string): ElfSections {
  const sections = new Map<string, Uint8Array>()
  for (const { name, type, bytes } of objectImage(file, object).sections.slice(1)) {
    if (type !== SHT_NOBITS && !sections.has(name)) sections.set(name, bytes)
  }
  return sections
}

/** @throws EbpfError ERR_EBPF_INVALID_OBJECT if the bytes are no 64-bit ELF file, or cut off */
export function objectImage(file: Uint8Array, object?: string): ElfImage {
  try {
    return readImage(file)
  } catch (error) {
    if (error instanceof ElfFormatError) throw invalidElf(error.message, object)
    throw error
  }
}

export function invalidElf(problem: string, object?: string): EbpfError {
  const subject = object === undefined ? 'unreadable object file' : `unreadable object '${object}'`
  return ruleError('ERR_EBPF_INVALID_OBJECT', `${subject}: ${problem}`, { operation: 'read ELF', object })
}

function readImage(file: Uint8Array): ElfImage {
  const header = readElfHeader(file)
  if (!header.wide) throw new ElfFormatError('it is not a 64-bit ELF file, as BPF objects are')
  const { start, entrySize, count: storedCount } = header.sections
  if (start === 0) return { header, sections: [] }
  const view = viewOf(file)
  const range = (at: number, size: number, what: string): Uint8Array => {
    if (at + size > file.byteLength) {
      throw new ElfFormatError(`${what} claims bytes ${at} to ${at + size} of ${file.byteLength}`)
    }
    return file.subarray(at, at + size)
  }
  const section = (index: number): ElfSection => {
    const at = start + index * entrySize
    range(at, entrySize, `the header of section ${index}`)
    return readSection(header, view, at)
  }
  const count = storedCount === 0 ? section(0).size : storedCount
  const names = section(header.namesIndex === SHN_XINDEX ? section(0).link : header.namesIndex)
  const known = new ElfNames(range(names.start, names.size, 'the table of section names'), file.byteLength)
  let length = 0
  const sections: NamedSection[] = [{ ...section(0), name: '', bytes: file.subarray(0, 0) }]
  for (let index = 1; index < count; index++) {
    const facts = section(index)
    const name = known.at(facts.nameOffset)
    if (name === undefined) throw new ElfFormatError(`section ${index} has no name`)
    const size = facts.type === SHT_NOBITS ? 0 : facts.size
    length += size
    if (length > MOST_OWNERS * file.byteLength) throw new ElfFormatError('its sections overlap')
    sections.push({ ...facts, name, bytes: range(size === 0 ? 0 : facts.start, size, `section ${name}`) })
  }
  return { header, sections }
}
