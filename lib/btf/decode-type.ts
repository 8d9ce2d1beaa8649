/** One type record of BTF -> its plain description. The layout of records is that of the kernel's uapi/linux/btf.h. */
import { BtfFormatError } from './format-error.ts'
import { btfKinds, type BtfMember, type BtfType, type Linkage, type TypeId } from './types.ts'

/** BTF bytes in which every record is known to lie within bounds. */
export interface TypeSource {
  readonly view: DataView
  readonly littleEndian: boolean
  /** The string section: starts and ends with a NUL. */
  readonly strings: Buffer
  /** Byte offset of each type's record, by type id. */
  readonly offsets: Uint32Array
}

const intSigned = 1
const intChar = 2
const intBool = 4

/**
 * Bytes that follow a type's 12-byte header, by the number of its kind: so many, and so many more for each member, value,
 * parameter or variable. Tables of numbers, because a kernel's BTF asks for them 150,000 times.
 */
export const fixedSizes: Uint8Array = Uint8Array.from(btfKinds, (kind) =>
  kind === 'array' ? 12 : kind === 'int' || kind === 'var' || kind === 'decl_tag' ? 4 : 0,
)
export const entrySizes: Uint8Array = Uint8Array.from(btfKinds, (kind) => {
  switch (kind) {
    case 'struct':
    case 'union':
    case 'datasec':
    case 'enum64':
      return 12
    case 'enum':
    case 'func_proto':
      return 8
    default:
      return 0
  }
})

/**
 * Decodes the type with this id, which must exist.
 *
 * @throws BtfFormatError if it refers to a type or a string that does not exist.
 */
export function decodeType(source: TypeSource, id: TypeId): BtfType {
  if (id === 0) {
    return { kind: 'void', id, name: '' }
  }
  const at = source.offsets[id]!
  const u32 = (offset: number): number => source.view.getUint32(offset, source.littleEndian)
  const text = (offset: number): string => stringAt(source, u32(offset), offset)
  const reference = (offset: number): TypeId => typeAt(source, u32(offset), offset)
  /** One result for each of the record's variable-length entries. */
  const entries = <T>(size: number, read: (offset: number) => T): T[] =>
    Array.from({ length: u32(at + 4) & 0xffff }, (_, index) => read(at + 12 + index * size))

  const info = u32(at + 4)
  const kind = btfKinds[(info >>> 24) & 0x1f]!
  const flag = info >>> 31 === 1
  const name = text(at)

  switch (kind) {
    case 'void':
      throw new BtfFormatError(`type ${id} has the unknown kind 0`, at + 4)
    case 'int': {
      const encoding = u32(at + 12)
      const flags = (encoding >>> 24) & 0xf
      return {
        kind,
        id,
        name,
        size: u32(at + 8),
        bits: encoding & 0xff,
        bitOffset: (encoding >>> 16) & 0xff,
        signed: (flags & intSigned) !== 0,
        char: (flags & intChar) !== 0,
        bool: (flags & intBool) !== 0,
      }
    }
    case 'ptr':
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
      return { kind, id, name, type: reference(at + 8) }
    case 'array':
      return { kind, id, name, element: reference(at + 12), indexType: reference(at + 16), length: u32(at + 20) }
    case 'struct':
    case 'union': {
      const members = entries(12, (offset): BtfMember => {
        const position = u32(offset + 8)
        return {
          name: text(offset),
          type: reference(offset + 4),
          bitOffset: flag ? position & 0xffffff : position,
          bitSize: flag ? position >>> 24 : 0,
        }
      })
      return { kind, id, name, size: u32(at + 8), members }
    }
    case 'enum': {
      const values = entries(8, (offset) => {
        const value = u32(offset + 4)
        return { name: text(offset), value: flag ? value | 0 : value }
      })
      return { kind, id, name, size: u32(at + 8), signed: flag, values }
    }
    case 'enum64': {
      const values = entries(12, (offset) => {
        const value = (BigInt(u32(offset + 8)) << 32n) | BigInt(u32(offset + 4))
        return { name: text(offset), value: flag ? BigInt.asIntN(64, value) : value }
      })
      return { kind, id, name, size: u32(at + 8), signed: flag, values }
    }
    case 'fwd':
      return { kind, id, name, of: flag ? 'union' : 'struct' }
    case 'func':
      return { kind, id, name, type: reference(at + 8), linkage: linkageAt(info & 0xffff, at + 4) }
    case 'func_proto': {
      const parameters = entries(8, (offset) => ({ name: text(offset), type: reference(offset + 4) }))
      return { kind, id, name, returnType: reference(at + 8), parameters }
    }
    case 'var':
      return { kind, id, name, type: reference(at + 8), linkage: linkageAt(u32(at + 12), at + 12) }
    case 'datasec': {
      const variables = entries(12, (offset) => ({
        type: reference(offset),
        offset: u32(offset + 4),
        size: u32(offset + 8),
      }))
      return { kind, id, name, size: u32(at + 8), variables }
    }
    case 'float':
      return { kind, id, name, size: u32(at + 8) }
    case 'decl_tag':
      return { kind, id, name, type: reference(at + 8), component: u32(at + 12) | 0 }
  }
}

function typeAt(source: TypeSource, id: TypeId, offset: number): TypeId {
  if (id >= source.offsets.length) {
    throw new BtfFormatError(`a reference to type ${id}, but the last is ${source.offsets.length - 1}`, offset)
  }
  return id
}

function stringAt({ strings }: TypeSource, start: number, offset: number): string {
  if (start >= strings.length) {
    throw new BtfFormatError(`a name at byte ${start} of a string section of ${strings.length}`, offset)
  }
  return strings[start] === 0 ? '' : strings.toString('utf8', start, strings.indexOf(0, start))
}

function linkageAt(number: number, offset: number): Linkage {
  const linkage = (['static', 'global', 'extern'] as const)[number]
  if (linkage === undefined) {
    throw new BtfFormatError(`unknown linkage ${number}`, offset)
  }
  return linkage
}
