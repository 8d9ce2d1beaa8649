/** Types -> BTF bytes, as linux/btf.h has them: each string is there once. */
import { endianness } from 'node:os'
import { type BtfKind, type TypeId, btfKinds } from './types.ts'

const HEADER_SIZE = 24
const MAGIC = 0xeb9f

export class BtfWriter {
  readonly #littleEndian: boolean
  /** Each type's 32-bit words. */
  readonly #types: (readonly number[])[] = []
  /** By what they look like, so that every `u32` is one. */
  readonly #ids = new Map<string, TypeId>()
  readonly #strings: string[] = ['']
  readonly #places = new Map<string, number>([['', 0]])
  #stringsLength = 1

  /** @param options of this machine's byte order by default */
  constructor({ littleEndian = endianness() === 'LE' }: { littleEndian?: boolean } = {}) {
    this.#littleEndian = littleEndian
  }

  /**
   * A type that is there once, however often it is added.
   *
   * @param rest the words behind the first three
   * @param length `vlen`: members, values or parameters; the linkage of a function
   * @param flag `kind_flag`
   */
  add(
    kind: BtfKind,
    name: string,
    sizeOrType: number,
    rest: readonly number[] = [],
    length: number = 0,
    flag: boolean = false,
  ): TypeId {
    const words = this.#words(kind, name, sizeOrType, rest, length, flag)
    const look = words.join(' ')
    const known = this.#ids.get(look)
    if (known !== undefined) return known
    this.#types.push(words)
    this.#ids.set(look, this.#types.length)
    return this.#types.length
  }

  /** A type with an id of its own, the next one: what others refer to may come later. */
  append(
    kind: BtfKind,
    name: string,
    sizeOrType: number,
    rest: readonly number[] = [],
    length: number = 0,
    flag: boolean = false,
  ): TypeId {
    this.#types.push(this.#words(kind, name, sizeOrType, rest, length, flag))
    return this.#types.length
  }

  #words(
    kind: BtfKind,
    name: string,
    sizeOrType: number,
    rest: readonly number[],
    length: number,
    flag: boolean,
  ): readonly number[] {
    const info = ((flag ? 0x8000_0000 : 0) | (btfKinds.indexOf(kind) << 24) | length) >>> 0
    return [this.string(name), info, sizeOrType, ...rest]
  }

  /** Offset in the string section. */
  string(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    const offset = this.#stringsLength
    this.#strings.push(text)
    this.#places.set(text, offset)
    this.#stringsLength += Buffer.byteLength(text) + 1
    return offset
  }

  bytes(): Uint8Array {
    const words = this.#types.flat()
    const strings = Buffer.from(`${this.#strings.join('\0')}\0`)
    const bytes = new Uint8Array(HEADER_SIZE + words.length * 4 + strings.length)
    const view = new DataView(bytes.buffer)
    const little = this.#littleEndian
    view.setUint16(0, MAGIC, little)
    view.setUint8(2, 1)
    const typesLength = words.length * 4
    for (const [index, word] of [HEADER_SIZE, 0, typesLength, typesLength, strings.length, ...words].entries()) {
      view.setUint32(4 + index * 4, word, little)
    }
    bytes.set(strings, HEADER_SIZE + typesLength)
    return bytes
  }
}
