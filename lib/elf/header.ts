/** What an ELF file says of itself: its class and byte order, and where its sections and segments are. */

/** Why the bytes are no ELF file, or one that is broken. */
export class ElfFormatError extends Error {}

export interface ElfHeader {
  /** 64-bit; else 32-bit. */
  readonly wide: boolean
  readonly little: boolean
  /** `e_type`, such as {@link ET_REL}. */
  readonly type: number
  /** `e_machine`, such as {@link EM_BPF}. */
  readonly machine: number
  readonly sections: ElfTable
  /** The section that has the names of sections, or {@link SHN_XINDEX}. */
  readonly namesIndex: number
  readonly segments: ElfTable
}

/** A table of headers; `count` may be in the first section's header in place of here. */
export interface ElfTable {
  readonly start: number
  readonly entrySize: number
  readonly count: number
}

export interface ElfSection {
  /** Offset of its name. */
  readonly nameOffset: number
  readonly type: number
  readonly flags: number
  readonly address: bigint
  readonly start: number
  readonly size: number
  readonly link: number
  readonly info: number
  readonly alignment: number
  readonly entrySize: number
}

/** A part of the file that is mapped when the program runs. */
export interface ElfSegment {
  readonly type: number
  readonly start: number
  readonly address: bigint
  /** Bytes in the file. */
  readonly size: number
}

export const ET_REL = 1
export const EM_BPF = 247
export const SHT_PROGBITS = 1
export const SHT_SYMTAB = 2
export const SHT_STRTAB = 3
export const SHT_NOTE = 7
/** Sections without bytes in the file, such as `.bss`. */
export const SHT_NOBITS = 8
export const SHT_REL = 9
export const SHT_DYNSYM = 11
/** The number of sections, or the index of their names, is in the first section's header. */
export const SHN_XINDEX = 0xffff
export const PT_LOAD = 1

/** The header of a 64-bit file; that of a 32-bit one is shorter. */
export const ELF_HEADER_SIZE = 64
const NARROW_HEADER_SIZE = 52

/** @throws ElfFormatError unless the bytes begin an ELF file */
export function readElfHeader(bytes: Uint8Array): ElfHeader {
  const view = viewOf(bytes)
  if (bytes.byteLength < NARROW_HEADER_SIZE || view.getUint32(0) !== 0x7f454c46) {
    throw new ElfFormatError('it is not an ELF file')
  }
  const [width, order] = [view.getUint8(4), view.getUint8(5)]
  if ((width !== 1 && width !== 2) || (order !== 1 && order !== 2)) {
    throw new ElfFormatError('it is an ELF file of an unknown class or byte order')
  }
  const wide = width === 2
  const little = order === 1
  if (wide && bytes.byteLength < ELF_HEADER_SIZE) throw new ElfFormatError('its header is cut off')
  const u16 = (at: number): number => view.getUint16(at, little)
  const word = (at: number): number => (wide ? offsetAt(view, at, little) : view.getUint32(at, little))
  // After the fields whose sizes depend on the class.
  const rest = wide ? 52 : 40
  const [sectionSize, segmentSize] = wide ? [64, 56] : [40, 32]
  const sections = { start: word(wide ? 40 : 32), entrySize: u16(rest + 6), count: u16(rest + 8) }
  const segments = { start: word(wide ? 32 : 28), entrySize: u16(rest + 2), count: u16(rest + 4) }
  if (sections.start !== 0 && sections.entrySize < sectionSize) {
    throw new ElfFormatError(`its section headers have ${sections.entrySize} bytes, not ${sectionSize}`)
  }
  if (segments.count !== 0 && segments.entrySize < segmentSize) {
    throw new ElfFormatError(`its program headers have ${segments.entrySize} bytes, not ${segmentSize}`)
  }
  return { wide, little, type: u16(16), machine: u16(18), sections, namesIndex: u16(rest + 10), segments }
}

/** The section header that begins at `at`. */
export function readSection({ wide, little }: ElfHeader, view: DataView, at: number): ElfSection {
  const u32 = (offset: number): number => view.getUint32(at + offset, little)
  if (wide) {
    const u64 = (offset: number): number => offsetAt(view, at + offset, little)
    return {
      nameOffset: u32(0),
      type: u32(4),
      flags: u64(8),
      address: view.getBigUint64(at + 16, little),
      start: u64(24),
      size: u64(32),
      link: u32(40),
      info: u32(44),
      alignment: u64(48),
      entrySize: u64(56),
    }
  }
  return {
    nameOffset: u32(0),
    type: u32(4),
    flags: u32(8),
    address: BigInt(u32(12)),
    start: u32(16),
    size: u32(20),
    link: u32(24),
    info: u32(28),
    alignment: u32(32),
    entrySize: u32(36),
  }
}

/** The program header that begins at `at`. */
export function readSegment({ wide, little }: ElfHeader, view: DataView, at: number): ElfSegment {
  const u32 = (offset: number): number => view.getUint32(at + offset, little)
  if (!wide) return { type: u32(0), start: u32(4), address: BigInt(u32(8)), size: u32(16) }
  return {
    type: u32(0),
    start: offsetAt(view, at + 8, little),
    address: view.getBigUint64(at + 16, little),
    size: offsetAt(view, at + 32, little),
  }
}

/** No file is as large, and sums of some such offsets are exact. */
const LARGEST_OFFSET = 2 ** 51

/** Larger ones than a file can have are cut off: they are found to be too large anyway. */
export function offsetAt(view: DataView, at: number, little: boolean): number {
  return Math.min(Number(view.getBigUint64(at, little)), LARGEST_OFFSET)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The text from `at` up to the next NUL; `undefined` where there is none. */
export function textAt(strings: Uint8Array, at: number): string | undefined {
  if (at >= strings.length) return undefined
  const end = strings.indexOf(0, at)
  if (end === -1) return undefined
  const text = Buffer.isBuffer(strings) ? strings : Buffer.from(strings.buffer, strings.byteOffset, strings.byteLength)
  return text.toString('utf8', at, end)
}
