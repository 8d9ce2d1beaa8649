/** Writes BTF by hand: what no compiler at hand would write, hostile types above all. */
import { btfKinds, type BtfKind } from '../../../lib/btf/types.ts'

export class BtfBuilder {
  readonly #littleEndian: boolean
  readonly #types: number[][] = []
  readonly #firstId: number
  readonly #firstString: number
  #strings = '\0'

  /** @param base what it builds on, as modules do */
  constructor(littleEndian: boolean = true, base?: BtfBuilder) {
    this.#littleEndian = littleEndian
    this.#firstId = base === undefined ? 1 : base.#firstId + base.#types.length
    this.#firstString = base === undefined ? 0 : base.#firstString + Buffer.byteLength(base.#strings)
  }

  /** Offset of a string that the builder adds. */
  string(text: string): number {
    if (text === '') return 0
    const offset = this.#firstString + Buffer.byteLength(this.#strings)
    this.#strings += `${text}\0`
    return offset
  }

  /** Adds a type, and returns its id. `rest` are the 32-bit words after its header. */
  add(
    kind: BtfKind,
    name: string,
    sizeOrType: number,
    rest: number[] = [],
    { length = 0, flag = false }: { length?: number; flag?: boolean } = {},
  ): number {
    const info = ((flag ? 0x80000000 : 0) | (btfKinds.indexOf(kind) << 24) | length) >>> 0
    this.#types.push([this.string(name), info, sizeOrType, ...rest])
    return this.#firstId + this.#types.length - 1
  }

  int(name: string, size: number, encoding: number = 0, bits: number = size * 8, offset: number = 0): number {
    return this.add('int', name, size, [(encoding << 24) | (offset << 16) | bits])
  }

  array(element: number, length: number): number {
    return this.add('array', '', 0, [element, 1, length])
  }

  /** Members are [name, type, bit offset, bitfield size]. */
  struct(
    name: string,
    size: number,
    members: [string, number, number, number?][],
    kind: 'struct' | 'union' = 'struct',
  ): number {
    const flag = members.some((member) => member[3] !== undefined)
    const words = members.flatMap(([member, type, offset, bits = 0]) => [
      this.string(member),
      type,
      flag ? (bits << 24) | offset : offset,
    ])
    return this.add(kind, name, size, words, { length: members.length, flag })
  }

  bytes(): Uint8Array {
    const words = this.#types.flat()
    const strings = Buffer.from(this.#strings)
    const bytes = new Uint8Array(24 + words.length * 4 + strings.length)
    const view = new DataView(bytes.buffer)
    view.setUint16(0, 0xeb9f, this.#littleEndian)
    view.setUint8(2, 1)
    const header = [24, 0, words.length * 4, words.length * 4, strings.length]
    for (const [index, word] of [...header, ...words].entries()) view.setUint32(4 + index * 4, word, this.#littleEndian)
    bytes.set(strings, 24 + words.length * 4)
    return bytes
  }
}
