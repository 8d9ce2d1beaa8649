/** One type record of BTF -> its plain description. The layout of records is that of the kernel's uapi/linux/btf.h. */
import { BtfFormatError } from './format-error.ts'
import type { BtfStrings } from './strings.ts'
import { btfKinds, type BtfMember, type BtfParameter, type BtfType, type Linkage, type TypeId } from './types.ts'

/** BTF in which every record is known to lie within bounds. */
export interface TypeSource {
  /** The type section as 32-bit words, of which all records are made, in this machine's byte order. */
  readonly words: Uint32Array
  /** Byte of the BTF at which that section starts. */
  readonly start: number
  readonly strings: BtfStrings
  /** Smaller ids are those of the BTF that this one builds on. */
  readonly firstId: TypeId
  /** Where each type's record starts in `words`. */
  readonly positions: Uint32Array
}

/**
 * In bytes. The kernel takes names of types and members up to 511 (KSYM_NAME_LEN), and tags of any length; compilers of C++ and Rust
 * write longer ones. Without a limit, thousands of types could share one name of a megabyte.
 */
const longestName = 4096

const intSigned = 1
const intChar = 2
const intBool = 4

/** Words of a record before what its kind adds: name, information, size or type. */
export const headerWords = 3

/** From the second word of a record: the number of the kind. Linux 7.3 has 7 bits for it; earlier ones 5, and 0 in those above. */
export function kindNumberOf(info: number): number {
  return (info >>> 24) & 0x7f
}

/** And how many members and so on there are (`vlen`): 24 bits, of which there were 16. */
export function entryCountOf(info: number): number {
  return info & 0xff_ffff
}

/**
 * Words that follow a type's header, by the number of its kind: so many, and so many more for each member, value,
 * parameter or variable. Tables of numbers, because a kernel's BTF asks for them 150,000 times.
 */
export const fixedWords: Uint8Array = Uint8Array.from(btfKinds, (kind) =>
  kind === 'array' ? 3 : kind === 'int' || kind === 'var' || kind === 'decl_tag' ? 1 : 0,
)
export const entryWords: Uint8Array = Uint8Array.from(btfKinds, (kind) => {
  switch (kind) {
    case 'struct':
    case 'union':
    case 'datasec':
    case 'enum64':
      return 3
    case 'enum':
    case 'func_proto':
      return 2
    default:
      return 0
  }
})

/**
 * Decodes the type with this id, which must be one of the source's own.
 *
 * @throws BtfFormatError if it refers to a type or a string that does not exist.
 */
export function decodeType(source: TypeSource, id: TypeId): BtfType {
  const { words } = source
  const at = source.positions[id - source.firstId]!
  const info = words[at + 1]!
  const sizeOrType = words[at + 2]!
  const kind = btfKinds[kindNumberOf(info)]!
  const flag = info >>> 31 === 1
  const length = entryCountOf(info)
  const name = stringAt(source, at)

  switch (kind) {
    case 'void':
      throw new BtfFormatError(`type ${id} has the unknown kind 0`, byteOf(source, at + 1))
    case 'int': {
      const encoding = words[at + 3]!
      const flags = (encoding >>> 24) & 0xf
      return {
        kind,
        id,
        name,
        size: sizeOrType,
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
      return { kind, id, name, type: typeAt(source, at + 2) }
    case 'type_tag': {
      const tag = { kind, id, name, type: typeAt(source, at + 2) } as const
      return flag ? { ...tag, attribute: true } : tag
    }
    case 'array':
      return {
        kind,
        id,
        name,
        element: typeAt(source, at + 3),
        indexType: typeAt(source, at + 4),
        length: words[at + 5]!,
      }
    case 'struct':
    case 'union':
      return { kind, id, name, size: sizeOrType, members: membersAt(source, at + headerWords, length, flag) }
    case 'enum': {
      const values: { name: string; value: number }[] = []
      for (let entry = at + headerWords, end = entry + 2 * length; entry < end; entry += 2) {
        const value = words[entry + 1]!
        values.push({ name: stringAt(source, entry), value: flag ? value | 0 : value })
      }
      return { kind, id, name, size: sizeOrType, signed: flag, values }
    }
    case 'enum64': {
      const values: { name: string; value: bigint }[] = []
      for (let entry = at + headerWords, end = entry + 3 * length; entry < end; entry += 3) {
        const value = (BigInt(words[entry + 2]!) << 32n) | BigInt(words[entry + 1]!)
        values.push({ name: stringAt(source, entry), value: flag ? BigInt.asIntN(64, value) : value })
      }
      return { kind, id, name, size: sizeOrType, signed: flag, values }
    }
    case 'fwd':
      return { kind, id, name, of: flag ? 'union' : 'struct' }
    case 'func':
      return { kind, id, name, type: typeAt(source, at + 2), linkage: linkageOf(source, length, at + 1) }
    case 'func_proto':
      return {
        kind,
        id,
        name,
        returnType: typeAt(source, at + 2),
        parameters: parametersAt(source, at + headerWords, length),
      }
    case 'var':
      return { kind, id, name, type: typeAt(source, at + 2), linkage: linkageOf(source, words[at + 3]!, at + 3) }
    case 'datasec': {
      const variables: { type: TypeId; offset: number; size: number }[] = []
      for (let entry = at + headerWords, end = entry + 3 * length; entry < end; entry += 3) {
        variables.push({ type: typeAt(source, entry), offset: words[entry + 1]!, size: words[entry + 2]! })
      }
      return { kind, id, name, size: sizeOrType, variables }
    }
    case 'float':
      return { kind, id, name, size: sizeOrType }
    case 'decl_tag': {
      const tag = { kind, id, name, type: typeAt(source, at + 2), component: words[at + 3]! | 0 } as const
      return flag ? { ...tag, attribute: true } : tag
    }
  }
}

function membersAt(source: TypeSource, start: number, length: number, bitfields: boolean): BtfMember[] {
  const { words } = source
  const members: BtfMember[] = []
  for (let entry = start, end = start + 3 * length; entry < end; entry += 3) {
    const position = words[entry + 2]!
    members.push({
      name: stringAt(source, entry),
      type: typeAt(source, entry + 1),
      bitOffset: bitfields ? position & 0xffffff : position,
      bitSize: bitfields ? position >>> 24 : 0,
    })
  }
  return members
}

function parametersAt(source: TypeSource, start: number, length: number): BtfParameter[] {
  const parameters: BtfParameter[] = []
  for (let entry = start, end = start + 2 * length; entry < end; entry += 2) {
    parameters.push({ name: stringAt(source, entry), type: typeAt(source, entry + 1) })
  }
  return parameters
}

/** Byte of the BTF at which a word is. */
function byteOf(source: TypeSource, word: number): number {
  return source.start + 4 * word
}

function typeAt(source: TypeSource, word: number): TypeId {
  const id = source.words[word]!
  const last = source.firstId + source.positions.length - 1
  if (id > last) throw new BtfFormatError(`a reference to type ${id}, but the last is ${last}`, byteOf(source, word))
  return id
}

function stringAt(source: TypeSource, word: number): string {
  const start = source.words[word]!
  if (start === 0) return ''
  const { end } = source.strings
  if (start < end) {
    const name = source.strings.at(start, longestName)
    if (name !== undefined) return name
    throw new BtfFormatError(`a name of more than ${longestName} bytes`, byteOf(source, word))
  }
  throw new BtfFormatError(`a name at byte ${start} of a string section of ${end}`, byteOf(source, word))
}

function linkageOf(source: TypeSource, number: number, word: number): Linkage {
  const linkage = (['static', 'global', 'extern'] as const)[number]
  if (linkage === undefined) throw new BtfFormatError(`unknown linkage ${number}`, byteOf(source, word))
  return linkage
}
