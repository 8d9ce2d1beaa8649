/** Values <-> memory, by a layout. */
import { types } from 'node:util'
import { outOfRange } from '../errors.ts'
import { canonicalCheck } from './codec-canonical.ts'
import { isBytes, refuseBytes } from './codec-convert.ts'
import { type Int64Mode, readValue, writeValue } from './codec-interpret.ts'
import { generateReader, type Reader } from './codec-read.ts'
import { generateWriter, type Writer } from './codec-write.ts'
import { checkLayout } from './layout-check.ts'
import { type Layout, minimumLength } from './layout.ts'
import { allocateMemory, type Memory } from './memory.ts'

export type { Int64Mode } from './codec-interpret.ts'

export interface CodecOptions {
  /**
   * How 64-bit integers are decoded: as exact bigints, or as numbers. With `'number'` a value that no number holds
   * exactly (past 2^53) is an error, never rounded. Pointers and 128-bit integers are always bigints; either form is
   * always taken for encoding.
   */
  readonly int64: Int64Mode
  /** What errors call the value: `key`, `value`, `event`. Default: `value`. */
  readonly name?: string
  /** Never generate code, as where the process disallows it. */
  readonly interpret?: boolean
}

/** Reads and writes values of one layout. `T` is what decoding gives; see {@link createCodec}. */
export interface Codec<T> {
  /** Bytes that a value takes, without a flexible array member. */
  readonly size: number

  /** How a value lies in memory; absent where it is put together from several. */
  readonly layout?: Layout

  /**
   * The value at byte `offset`, any offset. Naturally aligned fields are read in one access each, provided that the
   * offset is a multiple of 8 or that of an element in an array of such values.
   *
   * @param length bytes that there are for the value, where it ends in a flexible array member: all whole elements from
   * that member's offset on are the array's. By default it is empty.
   * @throws RangeError if the value is not within memory (or that is detached), or `length` is too short for it, or a
   * 64-bit integer is past 2^53 and `int64` is `'number'`.
   */
  decode(memory: Memory, offset: number, length?: number): T

  /**
   * The key at byte `offset`: decoded if encoding gives the same bytes again, else an own copy of its bytes. Either finds
   * the same entry. Never throws for any bytes.
   */
  decodeKey(memory: Memory, offset: number): T | Uint8Array

  /**
   * Writes a value, or a Uint8Array of exactly `size` bytes as it is. Reads every property of the user's value before it
   * touches memory, which is unchanged if it throws. Padding becomes zero.
   *
   * @throws TypeError for a value of the wrong type, a missing or an unknown field.
   * @throws RangeError for a number or a string that does not fit, or a place that is not within memory.
   */
  encode(value: unknown, memory: Memory, offset: number): void

  /**
   * What encodes a value, no bytes, straight to the start of memory that nobody else uses meanwhile, and leaves it in an
   * unknown state if it throws; absent where the value is put together from several.
   */
  writer?(): Writer
}

/** Larger layouts are interpreted: compiling them would cost more than it gives. */
export const maxGeneratedFields = 2048

/**
 * A codec for a layout.
 *
 * | layout | decoded | encoded from |
 * | --- | --- | --- |
 * | integer to 32 bits | number | number or bigint in its range |
 * | 64-bit integer | bigint, or number by `int64` | the same |
 * | 128-bit integer, pointer | bigint | the same |
 * | enum | as an integer of its size | the same, or an enumerator's name |
 * | boolean | boolean; any byte but 0 is true | boolean, 0 or 1 |
 * | float | number | number |
 * | string | text up to NUL; bytes that are not UTF-8 as U+DC80 to U+DCFF | text without NUL that fits |
 * | bytes | Uint8Array, own copy | Uint8Array of the same length |
 * | array | array | array or typed array of the same length |
 * | struct | object with the fields in order; bitfields as integers | object with all fields and no others |
 * | union | object with all readings | object with some readings that agree |
 *
 * Fields of size 0 may be missing; a flexible array member can be decoded, but encoded only as empty.
 *
 * @throws TypeError if the layout contradicts itself.
 */
export function createCodec<T>(layout: Layout, options: CodecOptions): Codec<T> {
  const { int64, name = 'value' } = options
  const { size } = layout
  const generate = checkLayout(layout) <= maxGeneratedFields && options.interpret !== true

  const minimum = minimumLength(layout)
  const interpretRead: Reader = (memory, offset, length = minimum) => {
    if (!(length >= minimum)) throw outOfRange(`${name}: ${length} bytes are fewer than the ${minimum} of its type`)
    checkPlace(memory, offset, length)
    return readValue(layout, memory, offset, int64, name, length)
  }
  const interpretWrite: Writer = (memory, value) => {
    memory.u8.fill(0)
    writeValue(layout, value, memory, 0, name)
  }

  const isCanonical = canonicalCheck(layout, int64)

  // Code is generated when it is first needed: of an object's codecs most work in one direction only, and many never.
  // It then takes the place of the method, so that each codec's callers can inline it.
  let read: Reader | undefined
  let write: Writer | undefined
  const writer = (): Writer => {
    write ??= (generate && ifAllowed(() => generateWriter(layout, name))) || interpretWrite
    return write
  }
  const codec: { -readonly [Name in keyof Codec<T>]: Codec<T>[Name] } = {
    size,
    layout,

    decode: (memory, offset, length) => {
      read ??= (generate && ifAllowed(() => generateReader(layout, int64, name, interpretRead))) || interpretRead
      codec.decode = read as Codec<T>['decode']
      if (isCanonical === undefined) codec.decodeKey = codec.decode
      return codec.decode(memory, offset, length)
    },

    decodeKey: (memory, offset) => {
      checkPlace(memory, offset, size)
      if (isCanonical?.(memory, offset) === false) return memory.u8.slice(offset, offset + size)
      return codec.decode(memory, offset)
    },

    encode: (value, memory, offset) => {
      codec.encode = encoder(size, name, writer())
      codec.encode(value, memory, offset)
    },

    writer,
  }
  return codec
}

function encoder(size: number, name: string, write: Writer): Codec<unknown>['encode'] {
  let spare: Memory | undefined
  return (value, memory, offset) => {
    if (typeof value === 'object' && types.isUint8Array(value)) {
      if (!isBytes(value, size)) refuseBytes(value, size, name)
      checkPlace(memory, offset, size)
      memory.u8.set(value, offset)
      return
    }
    // While the user's getters run, a call of this codec from within them finds no spare memory and makes its own.
    const scratch = spare ?? allocateMemory(Math.ceil(size / 8) * 8)
    spare = undefined
    write(scratch, value)
    checkPlace(memory, offset, size)
    copyWords(scratch, memory, offset, size)
    spare = scratch
  }
}

/** What `generate` makes; `undefined` where the process disallows code generation from strings. */
export function ifAllowed<F>(generate: () => F): F | undefined {
  try {
    return generate()
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

function checkPlace({ u8 }: Memory, offset: number, size: number): void {
  if (offset >>> 0 !== offset || offset + size > u8.length) {
    throw outOfRange(`${size} bytes at byte ${offset} are not within memory of ${u8.length} bytes`)
  }
}

/** Copies by the largest words that fit, so that no aligned field is ever seen half written. */
function copyWords(from: Memory, to: Memory, offset: number, size: number): void {
  let at = 0
  if ((offset & 7) === 0) for (; at + 8 <= size; at += 8) to.u64[(offset + at) >>> 3] = from.u64[at >>> 3]!
  if ((offset & 3) === 0) for (; at + 4 <= size; at += 4) to.u32[(offset + at) >>> 2] = from.u32[at >>> 2]!
  if ((offset & 1) === 0) for (; at + 2 <= size; at += 2) to.u16[(offset + at) >>> 1] = from.u16[at >>> 1]!
  for (; at < size; at++) to.u8[offset + at] = from.u8[at]!
}
