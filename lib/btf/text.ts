/**
 * `char[N]` <-> string. Text is UTF-8 up to the first NUL. Bytes that are not UTF-8 become lone surrogates U+DC80 to
 * U+DCFF and back (as Python's surrogateescape does), so that a name with any bytes survives being decoded and encoded.
 */
import { allocateMemory, type Memory } from './memory.ts'

/** Strings longer than this are converted by Node's native code, shorter ones by a loop that costs no native call. */
const nativeLength = 48

/** The text in `size` bytes from `at`. */
export function readText(memory: Pick<Memory, 'u8'>, at: number, size: number): string {
  const { u8 } = memory
  let seen = 0
  let end = at
  for (const limit = at + size; end < limit; end++) {
    const byte = u8[end]!
    if (byte === 0) break
    seen |= byte
  }
  if (seen >= 0x80) return decodeUtf8(u8, at, end)
  if (end - at > nativeLength) {
    return Buffer.from(u8.buffer, u8.byteOffset + at, end - at).toString('latin1')
  }
  return shortAscii(u8, at, end)
}

function shortAscii(u8: Uint8Array, at: number, end: number): string {
  let text = ''
  for (; at + 4 <= end; at += 4) {
    text += String.fromCharCode(u8[at]!, u8[at + 1]!, u8[at + 2]!, u8[at + 3]!)
  }
  for (; at < end; at++) text += String.fromCharCode(u8[at]!)
  return text
}

/** Length of the well-formed UTF-8 sequence at `at`, or 0. The table is Unicode's 3-7: no overlong forms, surrogates or
 * code points past U+10FFFF. */
function sequenceLength(u8: Uint8Array, at: number, end: number): number {
  const first = u8[at]!
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (at + length > end) return 0
  const second = u8[at + 1]!
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let index = 2; index < length; index++) {
    if ((u8[at + index]! & 0xc0) !== 0x80) return 0
  }
  return length
}

function decodeUtf8(u8: Uint8Array, at: number, end: number): string {
  let text = ''
  while (at < end) {
    const byte = u8[at]!
    const length = sequenceLength(u8, at, end)
    if (length === 0) {
      text += String.fromCharCode(0xdc00 | byte)
    } else if (length === 1) {
      text += String.fromCharCode(byte)
    } else {
      let point = byte & (0x7f >> length)
      for (let index = 1; index < length; index++) point = (point << 6) | (u8[at + index]! & 0x3f)
      text += String.fromCodePoint(point)
    }
    at += length || 1
  }
  return text
}

/** Why a string cannot be written: index into the words of `textProblem`; 0 is success. */
export type TextStatus = 0 | 1 | 2 | 3

/** Writes text into `size` zeroed bytes from `at`; what it wrote is to be discarded unless the result is 0. */
export function writeText(u8: Uint8Array, at: number, size: number, text: string): TextStatus {
  const { length } = text
  const end = at + size
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return writeUtf8(u8, at + index, end, text, index)
    if (unit === 0) return 2
    if (index >= size) return 1
    u8[at + index] = unit
  }
  return 0
}

function writeUtf8(u8: Uint8Array, at: number, end: number, text: string, from: number): TextStatus {
  for (let index = from; index < text.length; index++) {
    const point = text.codePointAt(index)!
    if (point === 0) return 2
    const escaped = point >= 0xdc80 && point <= 0xdcff
    if (!escaped && point >= 0xd800 && point <= 0xdfff) return 3
    const length = escaped || point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (at + length > end) return 1
    if (length === 1) {
      u8[at] = point & 0xff
    } else {
      u8[at] = ((0xf00 >> length) & 0xff) | (point >> ((length - 1) * 6))
      for (let rest = length - 1; rest > 0; rest--) {
        u8[at + length - rest] = 0x80 | ((point >> ((rest - 1) * 6)) & 0x3f)
      }
    }
    at += length
    if (length === 4) index++
  }
  return 0
}

/**
 * Strings of one short size, remembered by their 4-byte words, for generated code to look up. A process emits a few names
 * millions of times; comparing four words is several times cheaper than making a string, and the same string is kept
 * once. Bounded: a slot holds the last string that hashed to it.
 */
export class TextCache {
  /** The words of each slot's string, one slot after the other. */
  readonly keys: Int32Array
  /** Each slot's string. */
  readonly texts: string[]
  readonly #copy: Memory

  /** @param size of the strings in bytes: a multiple of 4. */
  constructor(size: number) {
    this.keys = new Int32Array((textCacheSlots * size) / 4)
    this.texts = new Array<string>(textCacheSlots).fill('')
    this.#copy = allocateMemory(size)
  }

  /**
   * Decodes the text at byte `at`, a multiple of 4, into a slot. Works on a copy: the kernel may write to mapped memory
   * between the reading of text and of words.
   */
  miss({ i32 }: Memory, at: number, slot: number): string {
    const { i32: copy, u8 } = this.#copy
    for (let index = 0; index < copy.length; index++) copy[index] = i32[(at >>> 2) + index]!
    const text = readText(this.#copy, 0, u8.length)
    this.keys.set(copy, slot * copy.length)
    this.texts[slot] = text
    return text
  }
}

/** A power of two. */
export const textCacheSlots = 512

const caches = new Map<number, TextCache>()

/** The one cache of this thread for strings of this size. */
export function textCache(size: number): TextCache {
  const known = caches.get(size)
  if (known !== undefined) return known
  const cache = new TextCache(size)
  caches.set(size, cache)
  return cache
}
