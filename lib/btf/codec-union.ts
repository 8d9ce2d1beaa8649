/**
 * Writing unions. A decoded union has all readings of the same bytes; to encode one, any of them is enough, and if there
 * are several they must agree: every reading that was given must come back from the bytes that are written.
 *
 * A reading does not always say every bit it covers: a NaN may have had any payload, bytes after a string's NUL and
 * padding are not seen, `true` is any byte but 0. So a reading's certain bits go first, whichever reading they come from,
 * its uncertain ones only fill what is left, and the result is then read back.
 */
import { invalidArgument } from '../errors.ts'
import { typeName } from './codec-convert.ts'
import { fieldNames, type Picked, readValue, writeField, writeStruct } from './codec-interpret.ts'
import { readBits, writeBits } from './bits.ts'
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
    if (layout.size === 0) return
    throw invalidArgument(`${path} is missing: give at least one of ${[...fieldNames(layout)].join(', ')}`)
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

function merge(layout: UnionLayout, readings: readonly Reading[]): Uint8Array {
  const result = new Uint8Array(layout.size)
  const certain = new Uint8Array(layout.size)
  const guess = new Uint8Array(layout.size)
  for (const { field, bytes } of readings) {
    const mask = new Uint8Array(layout.size)
    markField(field, bytes, 0, mask)
    for (let index = 0; index < bytes.length; index++) {
      result[index]! |= bytes[index]! & mask[index]! & ~certain[index]!
      guess[index]! |= bytes[index]! & ~mask[index]!
      certain[index]! |= mask[index]!
    }
  }
  return result.map((byte, index) => byte | (guess[index]! & ~certain[index]!))
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

/** Sets in `mask` the bits of an encoded member at `base` that its value determines. */
function markField({ layout, offset, bitfield }: Field, bytes: Uint8Array, base: number, mask: Uint8Array): void {
  if (bitfield === undefined) {
    mark(layout, bytes, base + offset, mask)
    return
  }
  const { bitOffset, bitSize } = bitfield
  if (layout.kind === 'boolean' && readBits(bytes, base + offset, bitOffset, bitSize, hostIsLittleEndian) !== 0n) {
    return
  }
  writeBits(mask, base + offset, bitOffset, bitSize, (1n << BigInt(bitSize)) - 1n, hostIsLittleEndian)
}

function mark(layout: Layout, bytes: Uint8Array, at: number, mask: Uint8Array): void {
  const end = at + layout.size
  switch (layout.kind) {
    case 'integer':
    case 'enum':
    case 'pointer':
    case 'bytes':
      mask.fill(0xff, at, end)
      return
    case 'boolean':
      if (!bytes.subarray(at, end).some((byte) => byte !== 0)) mask.fill(0xff, at, end)
      return
    case 'float': {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at)
      const value = layout.size === 4 ? view.getFloat32(0, hostIsLittleEndian) : view.getFloat64(0, hostIsLittleEndian)
      if (!Number.isNaN(value)) mask.fill(0xff, at, end)
      return
    }
    case 'string': {
      const nul = bytes.subarray(at, end).indexOf(0)
      mask.fill(0xff, at, nul === -1 ? end : at + nul + 1)
      return
    }
    case 'array':
      for (let from = at; from < end; from += layout.element.size) mark(layout.element, bytes, from, mask)
      return
    case 'struct':
    case 'union':
      for (const field of layout.fields) markField(field, bytes, at, mask)
  }
}
