/**
 * Writing unions. A decoded union has all readings of the same bytes; to encode one, any of them is enough, and if there
 * are several they must agree: every reading that was given must come back from the bytes that are written.
 *
 * A reading does not always determine every bit it covers: padding and what follows a string's NUL are not seen, `true`
 * only says that some bit is set, a NaN that some bit of its fraction is. So the bits that some reading determines are
 * taken from there, then each "some bit" that is still missing gets one that is free, and the result is read back.
 */
import { invalidArgument } from '../errors.ts'
import { typeName } from './codec-convert.ts'
import { fieldNames, type Picked, readValue, writeField, writeInteger, writeStruct } from './codec-interpret.ts'
import { writeBits } from './bits.ts'
import type { Field, Layout, UnionLayout } from './layout.ts'
import { allocateMemory, hostIsLittleEndian, type Memory } from './memory.ts'

interface Reading {
  readonly field: Field
  /** What the user's value looks like in memory on its own. */
  readonly bytes: Uint8Array
}

/**
 * Writes a union at byte `at` of zeroed scratch memory from those of its members that `picked` has.
 *
 * @throws TypeError if it has none of them, or if they contradict each other.
 */
export function writeUnion(layout: UnionLayout, picked: Picked, scratch: Memory, at: number, path: string): void {
  const readings = layout.fields
    .filter((field) => namesOf(field).some((name) => picked.get(name) !== undefined))
    .map((field): Reading => {
      const memory = allocateMemory(layout.size)
      writeMember(field, picked, memory, path)
      return { field, bytes: memory.u8 }
    })
  const first = readings[0]
  if (first === undefined) {
    const names = fieldNames(layout)
    if (layout.size === 0 || names.size === 0) return
    throw invalidArgument(`${path} is missing: give at least one of ${[...names].join(', ')}`)
  }
  const result = readings.length === 1 ? first.bytes : merge(layout, readings)
  if (readings.length > 1) {
    const wrong = readings.find(({ field, bytes }) => !readsAs(field, result, bytes))
    if (wrong !== undefined) {
      const names = readings.flatMap(({ field }) => namesOf(field))
      throw invalidArgument(
        `${path}: ${names.join(', ')} are readings of the same bytes of ${typeName(layout)}, but they contradict each other; give one of them`,
      )
    }
  }
  scratch.u8.set(result, at)
}

/** The properties that give a member of a union: several for an anonymous struct. */
function namesOf(field: Field): readonly string[] {
  return field.name === '' && field.layout.kind === 'struct' ? [...fieldNames(field.layout)] : [field.name]
}

function writeMember(field: Field, picked: Picked, memory: Memory, path: string): void {
  if (field.name === '' && field.layout.kind === 'struct') {
    writeStruct(field.layout, picked, memory, field.offset, path)
  } else {
    writeField(field, picked.get(field.name), memory, 0, `${path}.${field.name}`)
  }
}

/** Bits of which at least one is set, best a preferred one; `at` is the byte where the masks start. */
interface SomeBit {
  readonly at: number
  readonly mask: Uint8Array
  readonly preferred: Uint8Array
}

/** What readings say about the bits of a union. */
interface Constraints {
  /** The bits that are determined. */
  readonly certain: Uint8Array
  readonly some: SomeBit[]
}

function merge(layout: UnionLayout, readings: readonly Reading[]): Uint8Array {
  const result = new Uint8Array(layout.size)
  const certain = new Uint8Array(layout.size)
  const some: SomeBit[] = []
  for (const { field, bytes } of readings) {
    const own: Constraints = { certain: new Uint8Array(layout.size), some }
    markField(field, bytes, 0, own)
    for (let index = 0; index < bytes.length; index++) {
      const news = own.certain[index]! & ~certain[index]!
      result[index]! |= bytes[index]! & news
      certain[index]! |= news
    }
  }
  for (const each of some) setSomeBit(each, result, certain)
  return result
}

function setSomeBit({ at, mask, preferred }: SomeBit, result: Uint8Array, certain: Uint8Array): void {
  if (mask.some((bits, index) => (bits & result[at + index]!) !== 0)) return
  for (const wanted of [preferred, mask]) {
    for (let index = 0; index < wanted.length; index++) {
      const free = wanted[index]! & ~certain[at + index]!
      if (free !== 0) {
        result[at + index]! |= free & -free
        return
      }
    }
  }
}

/** Whether the member, read from `result`, is the value whose bytes are `bytes`. */
function readsAs(field: Field, result: Uint8Array, bytes: Uint8Array): boolean {
  const source = allocateMemory(result.length)
  source.u8.set(result)
  const again = allocateMemory(result.length)
  const alone: UnionLayout = { kind: 'union', name: '', size: result.length, fields: [{ ...field, name: 'it' }] }
  const value = readValue(alone, source, 0, 'bigint', '') as { it: unknown }
  writeField({ ...field, name: 'it' }, value.it, again, 0, '')
  return again.u8.every((byte, index) => byte === bytes[index])
}

/** Adds what an encoded member at `base` says. */
function markField({ layout, offset, bitfield }: Field, bytes: Uint8Array, base: number, found: Constraints): void {
  if (bitfield === undefined) {
    mark(layout, bytes, base + offset, found)
    return
  }
  const { bitOffset, bitSize } = bitfield
  const mask = new Uint8Array(Math.ceil((bitOffset + bitSize) / 8))
  writeBits(mask, 0, bitOffset, bitSize, (1n << BigInt(bitSize)) - 1n, hostIsLittleEndian)
  const at = base + offset
  if (layout.kind === 'boolean' && mask.some((bits, index) => (bits & bytes[at + index]!) !== 0)) {
    found.some.push({ at, mask, preferred: mask })
  } else {
    setCertain(found, at, mask)
  }
}

function mark(layout: Layout, bytes: Uint8Array, at: number, found: Constraints): void {
  const end = at + layout.size
  switch (layout.kind) {
    case 'integer':
    case 'enum':
    case 'pointer':
    case 'bytes':
      found.certain.fill(0xff, at, end)
      return
    case 'boolean':
      if (bytes.subarray(at, end).every((byte) => byte === 0)) found.certain.fill(0xff, at, end)
      else found.some.push({ at, mask: new Uint8Array(layout.size).fill(0xff), preferred: word(layout.size, 1n) })
      return
    case 'float':
      markFloat(layout.size, bytes, at, found)
      return
    case 'string': {
      const nul = bytes.subarray(at, end).indexOf(0)
      found.certain.fill(0xff, at, nul === -1 ? end : at + nul + 1)
      return
    }
    case 'array':
      for (let from = at; from < end; from += layout.element.size) mark(layout.element, bytes, from, found)
      return
    case 'struct':
    case 'union':
      for (const field of layout.fields) markField(field, bytes, at, found)
  }
}

function markFloat(size: 4 | 8, bytes: Uint8Array, at: number, found: Constraints): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  const value = size === 4 ? view.getFloat32(0, hostIsLittleEndian) : view.getFloat64(0, hostIsLittleEndian)
  if (!Number.isNaN(value)) {
    found.certain.fill(0xff, at, at + size)
    return
  }
  const fraction = size === 4 ? 23n : 52n
  const exponent = size === 4 ? 0xffn : 0x7ffn
  setCertain(found, at, word(size, exponent << fraction))
  found.some.push({ at, mask: word(size, (1n << fraction) - 1n), preferred: word(size, 1n << (fraction - 1n)) })
}

function setCertain({ certain }: Constraints, at: number, mask: Uint8Array): void {
  for (let index = 0; index < mask.length; index++) certain[at + index]! |= mask[index]!
}

/** An integer's bytes in memory. */
function word(size: number, value: bigint): Uint8Array {
  const memory = allocateMemory(size)
  writeInteger(memory, 0, size, value)
  return memory.u8
}
