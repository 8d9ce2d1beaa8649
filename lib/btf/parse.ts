/**
 * BTF bytes -> types. Parsing only finds where each type starts, so that one type out of a kernel's 150,000 costs
 * milliseconds; a type is decoded, and what it refers to checked, when it is first asked for.
 */
import { outOfRange } from '../errors.ts'
import { decodeType, entrySizes, fixedSizes, type TypeSource } from './decode-type.ts'
import { BtfFormatError } from './format-error.ts'
import { btfKinds, type BtfDataSection, type BtfKind, type BtfType, type TypeId } from './types.ts'

const magic = 0xeb9f
const headerSize = 24
const typeHeaderSize = 12

/** As many references in a row as the kernel follows (MAX_RESOLVE_DEPTH) before it calls them a loop. */
export const maxTypeDepth = 32

/** Size of a pointer: BPF programs and the kernels that run them with JIT and BTF are 64-bit. */
const pointerSize = 8

/** The kernel's limit for one type (BTF stores sizes in 32 bits). */
const maxTypeSize = 0xffffffff

/** The types of one BTF section or file. Made by {@link parseBtf}. */
export class Btf {
  /** Number of types, `void` (id 0) included: valid ids are 0 to `typeCount - 1`. */
  readonly typeCount: number
  readonly littleEndian: boolean
  readonly #source: TypeSource
  readonly #decoded = new Map<TypeId, BtfType>()

  constructor(source: TypeSource) {
    this.#source = source
    this.typeCount = source.offsets.length
    this.littleEndian = source.littleEndian
  }

  /**
   * The type with this id.
   *
   * @throws RangeError if there is no such id.
   * @throws BtfFormatError if the type refers to what does not exist.
   */
  type(id: TypeId): BtfType {
    let type = this.#decoded.get(id)
    if (type === undefined) {
      if (!Number.isInteger(id) || id < 0 || id >= this.typeCount) {
        throw outOfRange(`BTF type id ${id} is not within 0..${this.typeCount - 1}`)
      }
      type = decodeType(this.#source, id)
      this.#decoded.set(id, type)
    }
    return type
  }

  /** The first type with this name, of this kind if one is given; `undefined` if there is none. */
  find(name: string, kind?: BtfKind): BtfType | undefined {
    const wanted = this.#stringOffsets(name)
    if (wanted.size === 0) {
      return undefined
    }
    const { view, offsets, littleEndian } = this.#source
    for (let id = 1; id < this.typeCount; id++) {
      const offset = offsets[id]!
      if (!wanted.has(view.getUint32(offset, littleEndian))) {
        continue
      }
      if (kind === undefined || btfKinds[(view.getUint32(offset + 4, littleEndian) >>> 24) & 0x1f] === kind) {
        return this.type(id)
      }
    }
    return undefined
  }

  /** The data section with this name, such as `.maps` or `.rodata`; `undefined` if there is none. */
  datasec(name: string): BtfDataSection | undefined {
    return this.find(name, 'datasec') as BtfDataSection | undefined
  }

  /**
   * The type behind typedefs, const, volatile, restrict and type tags.
   *
   * @throws BtfFormatError if these refer to each other in a circle.
   */
  resolve(id: TypeId): BtfType {
    let type = this.type(id)
    for (let depth = 0; depth <= maxTypeDepth; depth++) {
      switch (type.kind) {
        case 'typedef':
        case 'volatile':
        case 'const':
        case 'restrict':
        case 'type_tag':
          type = this.type(type.type)
          break
        default:
          return type
      }
    }
    throw new BtfFormatError(`type ${id} goes through more than ${maxTypeDepth} typedefs and modifiers: a circle`)
  }

  /**
   * Bytes that a value of this type takes.
   *
   * @throws BtfFormatError if such a value cannot exist (a function, an undefined struct, an endless array).
   */
  sizeOf(id: TypeId): number {
    let count = 1
    let type = this.resolve(id)
    for (let depth = 0; depth <= maxTypeDepth; depth++) {
      switch (type.kind) {
        case 'array':
          count *= type.length
          type = this.resolve(type.element)
          continue
        case 'var':
          type = this.resolve(type.type)
          continue
        case 'void':
        case 'fwd':
        case 'func':
        case 'func_proto':
        case 'decl_tag':
          throw new BtfFormatError(`type ${type.id} (${describe(type)}) has no size`)
        default:
      }
      const size = count * (type.kind === 'ptr' ? pointerSize : 'size' in type ? type.size : 0)
      if (size > maxTypeSize) {
        throw new BtfFormatError(`type ${id} is larger than 4 GiB`)
      }
      return size
    }
    throw new BtfFormatError(`type ${id} nests arrays more than ${maxTypeDepth} deep`)
  }

  /** Every place of the string section that reads as `name`: linkers may share one string's end with another's. */
  #stringOffsets(name: string): Set<number> {
    const { strings } = this.#source
    const found = new Set<number>()
    if (name !== '' && !name.includes('\0')) {
      const needle = Buffer.from(`${name}\0`)
      for (let at = strings.indexOf(needle); at !== -1; at = strings.indexOf(needle, at + 1)) {
        found.add(at)
      }
    }
    return found
  }
}

/** A type in words, for messages: `struct event`, `func main`. */
export function describe(type: BtfType): string {
  return type.name === '' ? `anonymous ${type.kind}` : `${type.kind} ${type.name}`
}

/**
 * Parses a `.BTF` section, `/sys/kernel/btf/vmlinux` or the like, of either byte order. The bytes are copied.
 *
 * @throws BtfFormatError if the bytes are not BTF, are cut off, or hold a kind of type that this version does not know.
 */
export function parseBtf(bytes: Uint8Array): Btf {
  const copy = new Uint8Array(bytes)
  const view = new DataView(copy.buffer)
  if (copy.length < headerSize) {
    throw new BtfFormatError(`${copy.length} bytes are fewer than a header's ${headerSize}`, 0)
  }
  const littleEndian = view.getUint16(0, true) === magic
  if (!littleEndian && view.getUint16(0, false) !== magic) {
    throw new BtfFormatError('it does not start with the magic number 0xeb9f', 0)
  }
  const version = view.getUint8(2)
  if (version !== 1) {
    throw new BtfFormatError(`version ${version} is not known, only 1`, 2)
  }
  const length = view.getUint32(4, littleEndian)
  if (length < headerSize || length > copy.length) {
    throw new BtfFormatError(`the header claims ${length} bytes of ${copy.length}`, 4)
  }
  const typesStart = section(view, littleEndian, 8, length, 'type')
  const typesEnd = typesStart + view.getUint32(12, littleEndian)
  const stringsStart = section(view, littleEndian, 16, length, 'string')
  const stringsEnd = stringsStart + view.getUint32(20, littleEndian)
  if (stringsEnd === stringsStart || copy[stringsStart] !== 0 || copy[stringsEnd - 1] !== 0) {
    throw new BtfFormatError('the string section does not start and end with a NUL', stringsStart)
  }
  return new Btf({
    view,
    littleEndian,
    strings: Buffer.from(copy.buffer, stringsStart, stringsEnd - stringsStart),
    offsets: indexTypes(view, littleEndian, typesStart, typesEnd),
  })
}

/** Start of the section whose offset and length are header fields at `field`; both are checked. */
function section(view: DataView, littleEndian: boolean, field: number, base: number, name: string): number {
  const start = base + view.getUint32(field, littleEndian)
  const length = view.getUint32(field + 4, littleEndian)
  if (start + length > view.byteLength) {
    throw new BtfFormatError(
      `the ${name} section claims bytes ${start} to ${start + length} of ${view.byteLength}`,
      field,
    )
  }
  return start
}

/** Byte offset of each type; the entry of `void`, which is not stored, is never read. */
function indexTypes(view: DataView, littleEndian: boolean, start: number, end: number): Uint32Array {
  const offsets = new Uint32Array(1 + Math.floor((end - start) / typeHeaderSize))
  let count = 1
  for (let at = start; at < end; ) {
    if (at + typeHeaderSize > end) {
      throw new BtfFormatError(`type ${count} is cut off`, at)
    }
    const info = view.getUint32(at + 4, littleEndian)
    const kind = (info >>> 24) & 0x1f
    if (kind === 0 || kind >= btfKinds.length) {
      throw new BtfFormatError(`type ${count} has the unknown kind ${kind}`, at + 4)
    }
    const next = at + typeHeaderSize + fixedSizes[kind]! + entrySizes[kind]! * (info & 0xffff)
    if (next > end) {
      throw new BtfFormatError(`type ${count} (${btfKinds[kind]}) is cut off`, at)
    }
    offsets[count++] = at
    at = next
  }
  return offsets.slice(0, count)
}
