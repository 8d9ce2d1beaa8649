/** BTF in a file: for itself, or in the section `.BTF` of an ELF file such as vmlinux. Callers wait while it is read. */
import { closeSync, constants as flags, fstatSync, openSync, readSync } from 'node:fs'
import { BtfFormatError } from '../btf/format-error.ts'
import {
  ELF_HEADER_SIZE,
  ElfFormatError,
  type ElfHeader,
  type ElfSection,
  readElfHeader,
  readSection,
  SHN_XINDEX,
  SHT_NOBITS,
  textAt,
  viewOf,
} from '../elf/header.ts'

const MAGIC = 0xeb9f

/**
 * The byte order of a file that starts as one with BTF does; the rest is not looked at.
 *
 * @throws BtfFormatError when it is neither BTF nor ELF
 * @throws the error of `fs.open`, such as ENOENT with the path
 */
export function btfByteOrder(path: string): 'LE' | 'BE' {
  return withFile(path, (file) => {
    const start = file.read(0, Math.min(file.size, ELF_HEADER_SIZE), 'the header')
    return rawByteOrder(start) ?? (elfHeader(start).little ? 'LE' : 'BE')
  })
}

/**
 * The bytes of the BTF in a file.
 *
 * @throws BtfFormatError when there is none
 * @throws the error of `fs.open`, such as ENOENT with the path
 */
export function readBtfFile(path: string): Buffer {
  return withFile(path, (file) => {
    const start = file.read(0, Math.min(file.size, ELF_HEADER_SIZE), 'the header')
    if (rawByteOrder(start) !== undefined) return file.read(0, file.size, 'the file')
    const { start: at, size } = btfSection(file, elfHeader(start))
    return file.read(at, size, 'section .BTF')
  })
}

function rawByteOrder(start: Buffer): 'LE' | 'BE' | undefined {
  if (start.length < 2) return undefined
  if (start.readUInt16LE() === MAGIC) return 'LE'
  return start.readUInt16BE() === MAGIC ? 'BE' : undefined
}

function elfHeader(start: Buffer): ElfHeader {
  try {
    return readElfHeader(start)
  } catch (error) {
    if (!(error instanceof ElfFormatError)) throw error
    throw new BtfFormatError('the file is neither BTF nor an ELF file')
  }
}

function btfSection(file: OpenFile, header: ElfHeader): ElfSection {
  const { start, entrySize, count } = header.sections
  const table = (entries: number): ElfSection[] => {
    const bytes = file.read(start, entries * entrySize, 'the table of sections')
    return Array.from({ length: entries }, (_, index) => readSection(header, viewOf(bytes), index * entrySize))
  }
  const sections = start === 0 ? [] : table(count === 0 ? (table(1)[0] as ElfSection).size : count)
  const names = sections[header.namesIndex === SHN_XINDEX ? (sections[0]?.link ?? 0) : header.namesIndex]
  const text = names === undefined ? Buffer.alloc(0) : file.read(names.start, names.size, 'the table of section names')
  const found = sections.find(({ type, nameOffset }) => type !== SHT_NOBITS && textAt(text, nameOffset) === '.BTF')
  if (found === undefined) throw new BtfFormatError('the ELF file has no section .BTF')
  return found
}

interface OpenFile {
  size: number
  read(at: number, size: number, what: string): Buffer
}

function withFile<T>(path: string, use: (file: OpenFile) => T): T {
  // Without O_NONBLOCK the opening of a named pipe waits for who writes to it.
  const descriptor = openSync(path, flags.O_RDONLY | flags.O_NONBLOCK)
  try {
    const facts = fstatSync(descriptor)
    if (!facts.isFile()) throw new BtfFormatError('it is not a file')
    const { size } = facts
    return use({ size, read: (at, length, what) => read(descriptor, size, at, length, what) })
  } finally {
    closeSync(descriptor)
  }
}

function read(descriptor: number, fileSize: number, at: number, size: number, what: string): Buffer {
  if (at + size > fileSize) throw new BtfFormatError(`${what} claims bytes ${at} to ${at + size} of ${fileSize}`)
  const bytes = Buffer.alloc(size)
  for (let done = 0; done < size; ) {
    const count = readSync(descriptor, bytes, done, size - done, at + done)
    if (count === 0) throw new BtfFormatError('the file became shorter while it was read')
    done += count
  }
  return bytes
}
