/**
 * BTF bytes -> types. Parsing only finds where each type starts, so that one type out of a kernel's 150,000 costs
 * milliseconds; a type is decoded, and what it refers to checked, when it is first asked for.
 */
import { endianness } from 'node:os'
import { Btf } from './btf.ts'
import { entryCountOf, entryWords, fixedWords, headerWords, kindNumberOf } from './decode-type.ts'
import { BtfFormatError } from './format-error.ts'
import { BtfStrings } from './strings.ts'
import { btfKinds } from './types.ts'

const magic = 0xeb9f
const headerSize = 24

export interface ParseBtfOptions {
  /** What it builds on, as the BTF of modules does. */
  base?: Btf | undefined
  /** The bytes are nobody else's, and need not be copied. */
  owned?: boolean
}

/**
 * Parses a `.BTF` section, `/sys/kernel/btf/vmlinux` or the like, of either byte order. The bytes are copied.
 *
 * @throws BtfFormatError if the bytes are not BTF, are cut off, or hold a kind of type that this version does not know.
 */
export function parseBtf(bytes: Uint8Array, { base, owned = false }: ParseBtfOptions = {}): Btf {
  const own = owned ? bytes : new Uint8Array(bytes)
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength)
  const { littleEndian, length } = readHeader(view)
  const [typesStart, typesEnd] = section(view, littleEndian, 8, length, 'type')
  const [stringsStart, stringsEnd] = section(view, littleEndian, 16, length, 'string')
  const strings = Buffer.from(own.buffer, own.byteOffset + stringsStart, stringsEnd - stringsStart)
  // What builds on another one needs no strings of its own.
  const mayBeEmpty = base !== undefined && strings.length === 0
  if (base === undefined && strings.length > 0 && strings[0] !== 0 && strings.at(-1) === 0) {
    throw new BtfFormatError("it builds on other BTF, as that of a module does on the kernel's", stringsStart)
  }
  if (!mayBeEmpty && (strings.at(-1) !== 0 || (base === undefined && strings[0] !== 0))) {
    throw new BtfFormatError('the string section does not start and end with a NUL', stringsStart)
  }
  const firstId = base?.typeCount ?? 0
  const words = wordsOf(own.subarray(typesStart, typesEnd), littleEndian)
  const positions = indexTypes(words, typesStart, typesEnd, firstId)
  return new Btf(
    { words, start: typesStart, strings: new BtfStrings(strings, base?.strings), firstId, positions },
    littleEndian,
    base,
  )
}

function readHeader(view: DataView): { littleEndian: boolean; length: number } {
  if (view.byteLength < headerSize) {
    throw new BtfFormatError(`${view.byteLength} bytes are fewer than a header's ${headerSize}`, 0)
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
  if (length < headerSize || length > view.byteLength) {
    throw new BtfFormatError(`the header claims ${length} bytes of ${view.byteLength}`, 4)
  }
  return { littleEndian, length }
}

/** Where the section starts and ends whose offset and length are header fields at `field`; both are checked. */
function section(view: DataView, littleEndian: boolean, field: number, base: number, name: string): [number, number] {
  const start = base + view.getUint32(field, littleEndian)
  const end = start + view.getUint32(field + 4, littleEndian)
  if (end > view.byteLength) {
    throw new BtfFormatError(`the ${name} section claims bytes ${start} to ${end} of ${view.byteLength}`, field)
  }
  return [start, end]
}

/** In this machine's byte order, and without the bytes of a last word that is cut off. */
function wordsOf(types: Uint8Array, littleEndian: boolean): Uint32Array {
  const length = types.byteLength >>> 2
  const foreign = littleEndian !== (endianness() === 'LE')
  if (!foreign && types.byteOffset % 4 === 0) return new Uint32Array(types.buffer, types.byteOffset, length)
  const copy = Buffer.from(new Uint8Array(length * 4).fill(0).buffer)
  copy.set(types.subarray(0, length * 4))
  if (foreign) copy.swap32()
  return new Uint32Array(copy.buffer)
}

/** Where each type starts; the entry of `void`, which is not stored, is never read. */
function indexTypes(words: Uint32Array, bytesStart: number, bytesEnd: number, firstId: number): Uint32Array {
  const byteOf = (word: number): number => bytesStart + 4 * word
  const positions = new Uint32Array(1 + Math.floor(words.length / headerWords))
  let count = firstId === 0 ? 1 : 0
  let at = 0
  for (; at < words.length; ) {
    if (at + headerWords > words.length) break
    const info = words[at + 1]!
    const kind = kindNumberOf(info)
    if (kind === 0 || kind >= btfKinds.length) {
      const newer =
        kind === 0 ? '' : `, which is newer than the last one that this version knows, ${btfKinds.length - 1}`
      throw new BtfFormatError(`type ${firstId + count} has the unknown kind ${kind}${newer}`, byteOf(at + 1))
    }
    const next = at + headerWords + fixedWords[kind]! + entryWords[kind]! * entryCountOf(info)
    if (next > words.length) {
      throw new BtfFormatError(`type ${firstId + count} (${btfKinds[kind]}) is cut off`, byteOf(at))
    }
    positions[count++] = at
    at = next
  }
  if (byteOf(at) < bytesEnd) throw new BtfFormatError(`type ${firstId + count} is cut off`, byteOf(at))
  return positions.slice(0, count)
}
