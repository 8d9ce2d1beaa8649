/**
 * LLVM's bit stream: blocks and records in bits, described by abbreviations that the stream itself defines
 * (https://llvm.org/docs/BitCodeFormat.html). clang writes diagnostics in it.
 */

/** One record: its code, its numbers, and the bytes at its end where it has such. */
export interface BitRecord {
  code: number
  values: number[]
  blob?: Uint8Array
}

export interface BitBlock {
  id: number
  /** Records and blocks in the order in which they were written. */
  items: (BitRecord | BitBlock)[]
}

type Operand =
  | { kind: 'literal'; value: number }
  | { kind: 'fixed' | 'vbr'; width: number }
  | { kind: 'array' | 'char6' | 'blob' }

const END_BLOCK = 0
const ENTER_SUBBLOCK = 1
const DEFINE_ABBREV = 2
const UNABBREV_RECORD = 3
const FIRST_ABBREVIATION = 4

/** The block that has abbreviations for other blocks, and its record that says for which. */
const BLOCKINFO = 0
const SETBID = 1

const CHAR6 = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._'

/**
 * The blocks of a stream, behind its four bytes of magic.
 *
 * @throws RangeError when it ends too early or is none
 */
export function readBitstream(bytes: Uint8Array): BitBlock[] {
  const reader = new Reader(bytes)
  const blocks: BitBlock[] = []
  while (reader.remaining >= 32) {
    if (reader.fixed(2) !== ENTER_SUBBLOCK) throw new RangeError('a block was expected')
    blocks.push(reader.block())
  }
  return blocks
}

export function isBlock(item: BitRecord | BitBlock): item is BitBlock {
  return 'items' in item
}

class Reader {
  readonly #bytes: Uint8Array
  /** In bits. */
  #position = 32
  /** By block: what BLOCKINFO defines. */
  readonly #shared = new Map<number, Operand[][]>()

  /** So many numbers may still be counted: one may take no bit, but no file has more of them than bits. */
  #left: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#left = bytes.length * 8
  }

  get remaining(): number {
    return this.#bytes.length * 8 - this.#position
  }

  /** @param width at most 32 */
  fixed(width: number): number {
    if (width > 32 || width > this.remaining) throw new RangeError('the stream ends too early')
    let value = 0
    for (let bit = 0; bit < width; ) {
      const at = this.#position + bit
      const taken = Math.min(8 - (at & 7), width - bit)
      const part = ((this.#bytes[at >>> 3] as number) >>> (at & 7)) & ((1 << taken) - 1)
      value += part * 2 ** bit
      bit += taken
    }
    this.#position += width
    return value
  }

  vbr(width: number): number {
    const more = 2 ** (width - 1)
    let value = 0
    let scale = 1
    for (;;) {
      const part = this.fixed(width)
      value += (part % more) * scale
      if (part < more) return value
      scale *= more
      if (scale > 2 ** 63) throw new RangeError('a number of more than 64 bits')
    }
  }

  block(): BitBlock {
    const id = this.vbr(8)
    const width = this.vbr(4)
    this.#align()
    this.fixed(32) // its length: it is read to its end
    const block: BitBlock = { id, items: [] }
    const abbreviations = [...(this.#shared.get(id) ?? [])]
    let described = 0
    for (;;) {
      const abbreviation = this.fixed(width)
      if (abbreviation === END_BLOCK) break
      if (abbreviation === ENTER_SUBBLOCK) {
        block.items.push(this.block())
      } else if (abbreviation === DEFINE_ABBREV) {
        const operands = this.#abbreviation()
        if (id === BLOCKINFO) this.#shared.set(described, [...(this.#shared.get(described) ?? []), operands])
        else abbreviations.push(operands)
      } else {
        const record = this.#record(abbreviation, abbreviations)
        if (id === BLOCKINFO && record.code === SETBID) described = record.values[0] ?? 0
        block.items.push(record)
      }
    }
    this.#align()
    return block
  }

  #record(abbreviation: number, abbreviations: readonly Operand[][]): BitRecord {
    if (abbreviation === UNABBREV_RECORD) {
      const code = this.vbr(6)
      return { code, values: Array.from({ length: this.#count(this.vbr(6)) }, () => this.vbr(6)) }
    }
    const operands = abbreviations[abbreviation - FIRST_ABBREVIATION]
    if (operands === undefined) throw new RangeError('an abbreviation that was not defined')
    const values: number[] = []
    let blob: Uint8Array | undefined
    for (let index = 0; index < operands.length; index++) {
      const operand = operands[index] as Operand
      if (operand.kind === 'blob') {
        blob = this.#blob()
      } else if (operand.kind === 'array') {
        const element = operands[++index]
        if (element === undefined) throw new RangeError('an array without a type')
        for (let count = this.#count(this.vbr(6)); count > 0; count--) values.push(this.#scalar(element))
      } else {
        values.push(this.#scalar(operand))
      }
    }
    const [code = 0, ...rest] = values
    return { code, values: rest, ...(blob !== undefined && { blob }) }
  }

  #abbreviation(): Operand[] {
    return Array.from({ length: this.#count(this.vbr(5)) }, (): Operand => {
      if (this.fixed(1) === 1) return { kind: 'literal', value: this.vbr(8) }
      const encoding = this.fixed(3)
      switch (encoding) {
        case 1:
          return { kind: 'fixed', width: this.vbr(5) }
        case 2:
          return { kind: 'vbr', width: Math.max(2, this.vbr(5)) }
        case 3:
          return { kind: 'array' }
        case 4:
          return { kind: 'char6' }
        case 5:
          return { kind: 'blob' }
        default:
          throw new RangeError(`an encoding ${encoding}`)
      }
    })
  }

  #scalar(operand: Operand): number {
    switch (operand.kind) {
      case 'literal':
        return operand.value
      case 'fixed':
        return this.fixed(operand.width)
      case 'vbr':
        return this.vbr(operand.width)
      case 'char6':
        return CHAR6.charCodeAt(this.fixed(6))
      default:
        throw new RangeError(`an element of kind ${operand.kind}`)
    }
  }

  #blob(): Uint8Array {
    const length = this.vbr(6)
    this.#align()
    const start = this.#position / 8
    if (length * 8 > this.remaining) throw new RangeError('the stream ends too early')
    this.#position += length * 8
    this.#align()
    return this.#bytes.slice(start, start + length)
  }

  /** What a wrong number must not do: fill the memory. */
  #count(count: number): number {
    this.#left -= count
    if (count > this.remaining || this.#left < 0) throw new RangeError('the stream ends too early')
    return count
  }

  #align(): void {
    this.#position = Math.ceil(this.#position / 32) * 32
  }
}
