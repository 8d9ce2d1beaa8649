/**
 * The `.BTF.ext` section of object files: which type and which line of the source each instruction belongs to, and what
 * the loader adapts to the running kernel (CO-RE). The layout is that of the kernel's Documentation/bpf/btf.rst.
 */
import type { Btf } from './btf.ts'
import { BtfFormatError } from './format-error.ts'
import type { BtfStrings } from './strings.ts'
import type { TypeId } from './types.ts'

/** An instruction of a program section. */
export interface InstructionPlace {
  /** ELF section, such as `tp/syscalls/sys_enter_openat`. */
  readonly section: string
  /** Bytes from the start of the section: 8 for each instruction before it. */
  readonly offset: number
}

/** Where a function starts. */
export interface FunctionInfo extends InstructionPlace {
  /** A `func`. */
  readonly type: TypeId
}

/** Where the code of a line starts. */
export interface LineInfo extends InstructionPlace {
  /** As the compiler was given it, or absolute. */
  readonly file: string
  /** The text of that line; `''` when the compiler did not have it. */
  readonly text: string
  /** From 1; 0 when it is not known. */
  readonly line: number
  /** From 1; 0 when it is not known. */
  readonly column: number
}

/** `enum bpf_core_relo_kind` of linux/bpf.h, by number. */
const relocationKinds = [
  'field_byte_offset',
  'field_byte_size',
  'field_exists',
  'field_signed',
  'field_left_shift_u64',
  'field_right_shift_u64',
  'type_id_local',
  'type_id_target',
  'type_exists',
  'type_size',
  'enum_value_exists',
  'enum_value',
  'type_matches',
] as const

export type CoreRelocationKind = (typeof relocationKinds)[number]

/** What the loader replaces in an instruction by what the running kernel has. */
export interface CoreRelocation extends InstructionPlace {
  readonly kind: CoreRelocationKind | `unknown (${number})`
  /** The type as the program knows it. */
  readonly type: TypeId
  /**
   * Of a field: the indexes that lead to it, such as `0:5:1`, the first of them of an array that starts at the pointer. Of
   * an enum's value: its index. Of a type: `0`.
   */
  readonly access: string
}

export interface BtfExtension {
  readonly functions: readonly FunctionInfo[]
  readonly lines: readonly LineInfo[]
  readonly relocations: readonly CoreRelocation[]
}

const magic = 0xeb9f
/** Up to and including the line information; later compilers add the relocations. */
const shortHeader = 24
const longHeader = 32
const columnBits = 10
/** Linkers may let one text be the end of another; in no real file do all together get so many times as long. */
const SHARING = 4

interface Reader {
  readonly view: DataView
  readonly littleEndian: boolean
  readonly texts: Texts
}

type ReadRecord<T> = (at: number, section: string) => T

/**
 * Parses a `.BTF.ext` section.
 *
 * @param btf the `.BTF` section of the same file
 * @throws BtfFormatError if the bytes are no BTF.ext, or are cut off
 */
export function parseBtfExtension(bytes: Uint8Array, btf: Btf): BtfExtension {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < shortHeader) throw new BtfFormatError(`a BTF.ext of ${bytes.byteLength} bytes is too short`, 0)
  const littleEndian = view.getUint16(0, true) === magic
  if (!littleEndian && view.getUint16(0, false) !== magic) {
    throw new BtfFormatError('BTF.ext does not start with the magic number 0xeb9f', 0)
  }
  const reader: Reader = { view, littleEndian, texts: new Texts(btf.strings) }
  const u32 = (at: number): number => view.getUint32(at, littleEndian)
  const length = u32(4)
  if (length < shortHeader || length > bytes.byteLength) {
    throw new BtfFormatError(`the header of BTF.ext claims ${length} bytes of ${bytes.byteLength}`, 4)
  }
  const text = (at: number): string => stringAt(reader, at)
  const functions = records<FunctionInfo>(reader, length, 8, 8, (at, section) => ({
    section,
    offset: u32(at),
    type: typeAt(btf, u32(at + 4), at + 4),
  }))
  const lines = records<LineInfo>(reader, length, 16, 16, (at, section) => {
    const place = u32(at + 12)
    return {
      section,
      offset: u32(at),
      file: text(at + 4),
      text: text(at + 8),
      line: place >>> columnBits,
      column: place & ((1 << columnBits) - 1),
    }
  })
  const hasRelocations = length >= longHeader
  const relocations = !hasRelocations
    ? []
    : records<CoreRelocation>(reader, length, 24, 16, (at, section) => {
        const kind = u32(at + 12)
        return {
          section,
          offset: u32(at),
          kind: relocationKinds[kind] ?? `unknown (${kind})`,
          type: typeAt(btf, u32(at + 4), at + 4),
          access: text(at + 8),
        }
      })
  return { functions, lines, relocations }
}

/** All records of a part whose offset and length are header fields at `field`: by sections, each with its number of records. */
function records<T>(reader: Reader, header: number, field: number, least: number, read: ReadRecord<T>): T[] {
  const { view, littleEndian } = reader
  const u32 = (at: number): number => view.getUint32(at, littleEndian)
  const start = header + u32(field)
  const end = start + u32(field + 4)
  if (end > view.byteLength) {
    throw new BtfFormatError(`BTF.ext claims bytes ${start} to ${end} of ${view.byteLength}`, field)
  }
  const all: T[] = []
  if (start === end) return all
  if (start + 4 > end) throw new BtfFormatError('a part of BTF.ext is cut off', start)
  // Of a newer compiler they may be longer than what is known.
  const size = u32(start)
  if (size < least || size % 4 !== 0) throw new BtfFormatError(`records of ${size} bytes in BTF.ext`, start)
  let at = start + 4
  while (at < end) {
    if (at + 8 > end) throw new BtfFormatError('a section of BTF.ext is cut off', at)
    const section = stringAt(reader, at)
    const count = u32(at + 4)
    at += 8
    if (at + count * size > end) throw new BtfFormatError(`${count} records of section ${section} are cut off`, at - 4)
    for (let index = 0; index < count; index++, at += size) all.push(read(at, section))
  }
  return all
}

function stringAt({ view, littleEndian, texts }: Reader, at: number): string {
  return texts.at(view.getUint32(at, littleEndian), at)
}

/** Lines of source may be as long as they like, but each is there once: thousands of records must not share parts of a single one. */
class Texts {
  readonly #strings: BtfStrings
  readonly #known = new Map<number, string>()
  #left: number

  constructor(strings: BtfStrings) {
    this.#strings = strings
    this.#left = SHARING * strings.end
  }

  /** @param place byte of BTF.ext that names it */
  at(offset: number, place: number): string {
    const known = this.#known.get(offset)
    if (known !== undefined) return known
    const { end } = this.#strings
    if (offset >= end) throw new BtfFormatError(`BTF.ext names byte ${offset} of a string section of ${end}`, place)
    const text = this.#strings.at(offset, this.#left)
    if (text === undefined) throw new BtfFormatError('the texts of BTF.ext overlap', place)
    this.#left -= Buffer.byteLength(text)
    this.#known.set(offset, text)
    return text
  }
}

function typeAt(btf: Btf, id: TypeId, at: number): TypeId {
  if (id >= btf.typeCount)
    throw new BtfFormatError(`BTF.ext refers to type ${id}, but the last is ${btf.typeCount - 1}`, at)
  return id
}
