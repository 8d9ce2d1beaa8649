/**
 * Which bytes are what encoding their decoded value gives again? A key that is not must stay bytes, or it would not find
 * its entry: garbage in padding or after a string's NUL, an odd `true`, a NaN with a payload.
 *
 * What kind of layout it is says where to look; for integers without gaps, where most keys are, nowhere at all.
 */
import { type Int64Mode, readFloat, readInteger, readValue, writeValue } from './codec-interpret.ts'
import type { Field, Layout, StructLayout } from './layout.ts'
import { allocateMemory, hostIsLittleEndian, type Memory } from './memory.ts'

/** Whether bytes at a place are as encoding would leave them. */
type Check = (memory: Memory, at: number) => boolean

/**
 * The check that tells whether bytes at a place come back from decoding and encoding; `undefined` if any bytes do.
 *
 * With `int64: 'number'` bytes that decode to no number are not canonical either.
 */
export function canonicalCheck(layout: Layout, int64: Int64Mode): Check | undefined {
  switch (layout.kind) {
    case 'integer':
    case 'enum':
      return layout.size === 8 && int64 === 'number' ? isSafeInteger(layout.signed) : undefined
    case 'pointer':
    case 'bytes':
      return undefined
    case 'string':
      return endsInNul(layout.size)
    case 'array': {
      const check = canonicalCheck(layout.element, int64)
      const { size } = layout
      const stride = layout.element.size
      if (check === undefined) return undefined
      return (memory, at) => {
        for (let from = at; from < at + size; from += stride) if (!check(memory, from)) return false
        return true
      }
    }
    case 'struct':
      return structCheck(layout, int64)
    case 'union': {
      const whole = layout.fields.some(
        (field) =>
          field.bitfield === undefined &&
          field.layout.size === layout.size &&
          canonicalCheck(field.layout, 'bigint') === undefined,
      )
      return whole && int64 === 'bigint' ? undefined : comesBack(layout, int64)
    }
    case 'boolean': {
      const { size } = layout
      return (memory, at) => readInteger(memory, at, size, false) <= 1
    }
    case 'float':
      return hasNoPayload(layout.size)
  }
}

function structCheck(layout: StructLayout, int64: Int64Mode): Check | undefined {
  const checks = [...gapsOf(layout), ...layout.fields.flatMap((field) => fieldChecks(field, int64))]
  if (checks.length === 0) return undefined
  return (memory, at) => {
    for (const check of checks) if (!check(memory, at)) return false
    return true
  }
}

function fieldChecks(field: Field, int64: Int64Mode): Check[] {
  const { layout, offset, bitfield } = field
  if (bitfield === undefined) {
    const check = canonicalCheck(layout, int64)
    return check === undefined ? [] : [(memory, at) => check(memory, at + offset)]
  }
  const exact = layout.kind === 'boolean' ? bitfield.bitSize === 1 : int64 === 'bigint' || bitfield.bitSize <= 53
  if (exact) return []
  const size = Math.ceil((bitfield.bitOffset + bitfield.bitSize) / 8)
  const alone: StructLayout = { kind: 'struct', name: '', size, fields: [{ ...field, name: 'it', offset: 0 }] }
  const bits = { start: bitfield.bitOffset, end: bitfield.bitOffset + bitfield.bitSize }
  return [(memory, at) => comesBack(alone, int64, bits)(memory, at + offset)]
}

/** Checks that what no field covers is zero, as encoding writes it. */
function gapsOf(layout: StructLayout): Check[] {
  const covered = layout.fields
    .map(({ offset, bitfield, layout: { size } }) => {
      const start = offset * 8 + (bitfield?.bitOffset ?? 0)
      return { start, end: start + (bitfield?.bitSize ?? size * 8) }
    })
    .sort((a, b) => a.start - b.start)
  const gaps: Check[] = []
  let end = 0
  for (const range of [...covered, { start: layout.size * 8, end: layout.size * 8 }]) {
    if (range.start > end) gaps.push(...areZero(end, range.start))
    end = Math.max(end, range.end)
  }
  return gaps
}

/** Checks for a range of bits: for the parts of bytes at its ends, and the bytes between them. */
function areZero(start: number, end: number): Check[] {
  const checks: Check[] = []
  const first = Math.ceil(start / 8)
  const last = Math.floor(end / 8)
  const part = (byte: number, from: number, to: number): void => {
    const mask = ((1 << (to - from)) - 1) << (hostIsLittleEndian ? from : 8 - to)
    checks.push((memory, at) => (memory.u8[at + byte]! & mask) === 0)
  }
  if (first > last) {
    part(last, start % 8, end % 8)
    return checks
  }
  if (start % 8 !== 0) part(first - 1, start % 8, 8)
  if (end % 8 !== 0) part(last, 0, end % 8)
  if (last > first) {
    checks.push(({ u8 }, at) => {
      for (let index = at + first; index < at + last; index++) if (u8[index] !== 0) return false
      return true
    })
  }
  return checks
}

function endsInNul(size: number): Check {
  return ({ u8 }, at) => {
    const end = at + size
    let index = at
    while (index < end && u8[index] !== 0) index++
    while (index < end && u8[index] === 0) index++
    return index === end
  }
}

/** A NaN comes back only if it is the one that encoding writes. */
function hasNoPayload(size: 4 | 8): Check {
  const canonical = size === 4 ? 0x7fc00000 : 0x7ff8000000000000n
  return (memory, at) =>
    !Number.isNaN(readFloat(memory, at, size)) || readInteger(memory, at, size, false) === canonical
}

const word = allocateMemory(8)
const highWord = hostIsLittleEndian ? 1 : 0

function isSafeInteger(signed: boolean): Check {
  return ({ u8 }, at) => {
    for (let index = 0; index < 8; index++) word.u8[index] = u8[at + index]!
    const high = signed ? word.i32[highWord]! : word.u32[highWord]!
    const low = word.u32[1 - highWord]!
    return high < 0x200000 && (high > -0x200000 || (high === -0x200000 && low !== 0))
  }
}

/** The check for the rare rest: decodes, encodes, and compares those `bits` (default: all) with what was there. */
function comesBack(layout: Layout, int64: Int64Mode, bits?: { start: number; end: number }): Check {
  const { size } = layout
  return (memory, at) => {
    const copy = allocateMemory(size)
    const again = allocateMemory(size)
    copy.u8.set(memory.u8.subarray(at, at + size))
    try {
      writeValue(layout, readValue(layout, copy, 0, int64, ''), again, 0, '')
    } catch {
      return false
    }
    if (bits !== undefined) keepBits(copy.u8, bits)
    return copy.u8.every((byte, index) => byte === again.u8[index])
  }
}

/** Zeroes all bits outside of a range. */
function keepBits(u8: Uint8Array, { start, end }: { start: number; end: number }): void {
  for (let bit = 0; bit < u8.length * 8; bit++) {
    if (bit >= start && bit < end) continue
    u8[bit >>> 3]! &= ~(1 << (hostIsLittleEndian ? bit & 7 : 7 - (bit & 7)))
  }
}
