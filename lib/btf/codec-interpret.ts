/**
 * Reading and writing by walking the layout: the meaning of every layout in its plainest form. Used where code
 * generation from strings is disallowed, for unions, and for layouts too large to be worth compiling.
 */
import { readBits, writeBits } from './bits.ts'
import {
  checkNames,
  type FieldNames,
  type IntegralLayout,
  isBytes,
  isList,
  isSigned,
  refuseBytes,
  refuseList,
  refuseObject,
  refuseText,
  toFloat,
  toInteger,
  typeName,
  unsafeInteger,
} from './codec-convert.ts'
import { writeUnion } from './codec-union.ts'
import {
  elementCount,
  type Field,
  type Layout,
  type StructLayout,
  type UnionLayout,
  visibleFields,
  flexibleField,
  minimumLength,
} from './layout.ts'
import { hostIsLittleEndian, type Memory } from './memory.ts'
import { readText, writeText } from './text.ts'

/** How 64-bit integers are decoded. */
export type Int64Mode = 'bigint' | 'number'

/**
 * Reads the value at byte `at`.
 *
 * @param length bytes there are, for a struct with a flexible array member. Default: as few that this is empty.
 * @param path for errors.
 * @throws RangeError for a 64-bit integer that no number holds exactly, where `int64` is `'number'`.
 */
export function readValue(
  layout: Layout,
  memory: Memory,
  at: number,
  int64: Int64Mode,
  path: string,
  length: number = minimumLength(layout),
): unknown {
  switch (layout.kind) {
    case 'integer':
      return integerValue(readInteger(memory, at, layout.size, layout.signed), layout, int64, path)
    case 'enum':
      return integerValue(readInteger(memory, at, layout.size, layout.signed), layout, int64, path)
    case 'boolean':
      return Number(readInteger(memory, at, layout.size, false)) !== 0
    case 'pointer':
      return readInteger(memory, at, 8, false)
    case 'float':
      return readFloat(memory, at, layout.size)
    case 'string':
      return readText(memory, at, layout.size)
    case 'bytes':
      return memory.u8.slice(at, at + layout.size)
    case 'array': {
      const values: unknown[] = []
      const stride = layout.element.size
      for (let from = at; from < at + layout.size; from += stride) {
        values.push(readValue(layout.element, memory, from, int64, `${path}[]`))
      }
      return values
    }
    case 'struct':
    case 'union': {
      const value: Record<string, unknown> = {}
      const flexible = flexibleField(layout)
      for (const field of visibleFieldsOf(layout)) {
        const read = field === flexible ? stretched(field, length) : field
        const name = `${path}.${field.name}`
        define(value, field.name, readField(read, memory, at, int64, name))
      }
      return value
    }
  }
}

/** A flexible array member's field with the size that a record of `length` bytes leaves it. */
export function stretched(field: Field, length: number): Field {
  const { layout, offset } = field
  const room = length - offset
  if (layout.kind === 'array') {
    const stride = layout.element.size
    const count = stride === 0 ? 0 : Math.floor(room / stride)
    return { ...field, layout: { ...layout, length: count, size: count * stride } }
  }
  return { ...field, layout: { ...layout, size: room } as Layout }
}

/** Reads one named field of a struct or union at `base`. */
export function readField(field: Field, memory: Memory, base: number, int64: Int64Mode, path: string): unknown {
  const { layout, offset, bitfield } = field
  if (bitfield === undefined) return readValue(layout, memory, base + offset, int64, path)
  const { bitOffset, bitSize } = bitfield
  const integral = layout as IntegralLayout
  const unsigned = readBits(memory.u8, base + offset, bitOffset, bitSize, hostIsLittleEndian)
  const bits = isSigned(integral) ? BigInt.asIntN(bitSize, unsigned) : unsigned
  if (integral.kind === 'boolean') return bits !== 0n
  return integerValue(integral.size === 8 ? bits : Number(bits), integral, int64, path)
}

function integerValue(value: number | bigint, layout: IntegralLayout, int64: Int64Mode, path: string): number | bigint {
  if (typeof value === 'number' || int64 === 'bigint' || layout.size === 16) return value
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw unsafeInteger(value, path)
  return number
}

export function readInteger(memory: Memory, at: number, size: number, signed: boolean): number | bigint {
  const aligned = at % size === 0
  const { view } = memory
  switch (size) {
    case 1:
      return (signed ? memory.i8 : memory.u8)[at]!
    case 2:
      if (aligned) return (signed ? memory.i16 : memory.u16)[at >>> 1]!
      return signed ? view.getInt16(at, hostIsLittleEndian) : view.getUint16(at, hostIsLittleEndian)
    case 4:
      if (aligned) return (signed ? memory.i32 : memory.u32)[at >>> 2]!
      return signed ? view.getInt32(at, hostIsLittleEndian) : view.getUint32(at, hostIsLittleEndian)
    case 8:
      if (aligned) return (signed ? memory.i64 : memory.u64)[at >>> 3]!
      return signed ? view.getBigInt64(at, hostIsLittleEndian) : view.getBigUint64(at, hostIsLittleEndian)
    default:
      return readInt128(view, at, signed)
  }
}

/** 16 bytes are no single access anywhere, so their alignment does not matter. */
export function readInt128(view: DataView, at: number, signed: boolean): bigint {
  const low = view.getBigUint64(at + (hostIsLittleEndian ? 0 : 8), hostIsLittleEndian)
  const high = view.getBigUint64(at + (hostIsLittleEndian ? 8 : 0), hostIsLittleEndian)
  const value = (high << 64n) | low
  return signed ? BigInt.asIntN(128, value) : value
}

export function readFloat(memory: Memory, at: number, size: 4 | 8): number {
  if (at % size !== 0) {
    return size === 4 ? memory.view.getFloat32(at, hostIsLittleEndian) : memory.view.getFloat64(at, hostIsLittleEndian)
  }
  return size === 4 ? memory.f32[at >>> 2]! : memory.f64[at >>> 3]!
}

/** An own data property whatever its name is: assigning `__proto__` would change the prototype. */
export function define(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  } else {
    object[name] = value
  }
}

/**
 * Checks `value` and writes it at byte `at` of `scratch`, private memory whose bytes there are zero. Memory is left in an
 * unknown state if it throws.
 *
 * @param path for errors.
 * @throws TypeError or RangeError that names the field which does not fit.
 */
export function writeValue(layout: Layout, value: unknown, scratch: Memory, at: number, path: string): void {
  switch (layout.kind) {
    case 'integer':
    case 'enum':
    case 'boolean':
    case 'pointer':
      writeInteger(scratch, at, layout.size, toInteger(value, layout, layout.size * 8, path))
      return
    case 'float':
      writeFloat(scratch, at, layout.size, toFloat(value, layout.size, path))
      return
    case 'string':
      if (typeof value !== 'string' || writeText(scratch.u8, at, layout.size, value) !== 0) {
        refuseText(value, layout.size, path)
      }
      return
    case 'bytes':
      if (!isBytes(value, layout.size)) refuseBytes(value, layout.size, path)
      scratch.u8.set(value, at)
      return
    case 'array': {
      const length = elementCount(layout)
      const stride = layout.element.size
      if (!isList(value, length)) refuseList(value, length, path)
      for (let index = 0; index < length; index++) {
        writeValue(layout.element, value[index], scratch, at + index * stride, `${path}[${index}]`)
      }
      return
    }
    case 'struct':
      writeStruct(layout, pick(layout, value, path), scratch, at, path)
      return
    case 'union':
      writeUnion(layout, pick(layout, value, path), scratch, at, path)
      return
  }
}

/** Property values that were read once, and only once, from a user's object. */
export type Picked = ReadonlyMap<string, unknown>

/** Reads the properties that a struct or union has fields for, and refuses others. */
function pick(layout: StructLayout | UnionLayout, value: unknown, path: string): Picked {
  if (typeof value !== 'object' || value === null) refuseObject(value, typeName(layout), path)
  checkNames(value, fieldNames(layout), path)
  const object = value as Record<string, unknown>
  return new Map(visibleFieldsOf(layout).map(({ name }) => [name, givenProperty(object, name)]))
}

/** A property that the user gave, not the `__proto__` or `toString` that every object inherits. */
export function givenProperty(object: Record<string, unknown>, name: string): unknown {
  return isInherited(name) && !Object.hasOwn(object, name) ? undefined : object[name]
}

/** Whether every object has this property. */
export function isInherited(name: string): boolean {
  return name in Object.prototype
}

/** Writes the fields of a struct from `picked`, which may hold the properties of an enclosing type as well. */
export function writeStruct(layout: StructLayout, picked: Picked, scratch: Memory, at: number, path: string): void {
  for (const field of layout.fields) {
    if (field.name === '' && field.layout.kind === 'union') {
      writeUnion(field.layout, picked, scratch, at + field.offset, path)
    } else {
      const value = picked.get(field.name)
      if (value === undefined && field.layout.size === 0) continue
      writeField(field, value, scratch, at, `${path}.${field.name}`)
    }
  }
}

/** Writes one named field of a struct or union at `base`. */
export function writeField(field: Field, value: unknown, scratch: Memory, base: number, path: string): void {
  const { layout, offset, bitfield } = field
  if (bitfield === undefined) {
    writeValue(layout, value, scratch, base + offset, path)
    return
  }
  const bits = toInteger(value, layout as IntegralLayout, bitfield.bitSize, path)
  writeBits(scratch.u8, base + offset, bitfield.bitOffset, bitfield.bitSize, bits, hostIsLittleEndian)
}

/** Scratch memory needs no single accesses, so alignment does not matter here. */
export function writeInteger({ view }: Memory, at: number, size: number, value: bigint): void {
  switch (size) {
    case 1:
      view.setUint8(at, Number(BigInt.asUintN(8, value)))
      return
    case 2:
      view.setUint16(at, Number(BigInt.asUintN(16, value)), hostIsLittleEndian)
      return
    case 4:
      view.setUint32(at, Number(BigInt.asUintN(32, value)), hostIsLittleEndian)
      return
    case 8:
      view.setBigUint64(at, BigInt.asUintN(64, value), hostIsLittleEndian)
      return
    default:
      view.setBigUint64(at + (hostIsLittleEndian ? 0 : 8), BigInt.asUintN(64, value), hostIsLittleEndian)
      view.setBigUint64(at + (hostIsLittleEndian ? 8 : 0), BigInt.asUintN(64, value >> 64n), hostIsLittleEndian)
  }
}

/** JavaScript leaves open which bits a NaN has; here it always has those of the canonical quiet NaN. */
export function writeFloat({ view }: Memory, at: number, size: number, value: number): void {
  if (size === 4) {
    if (Number.isNaN(value)) view.setUint32(at, 0x7fc00000, hostIsLittleEndian)
    else view.setFloat32(at, value, hostIsLittleEndian)
  } else if (Number.isNaN(value)) {
    view.setBigUint64(at, 0x7ff8000000000000n, hostIsLittleEndian)
  } else {
    view.setFloat64(at, value, hostIsLittleEndian)
  }
}

const fieldCache = new WeakMap<Layout, readonly Field[]>()
const nameCache = new WeakMap<Layout, FieldNames>()

function visibleFieldsOf(layout: StructLayout | UnionLayout): readonly Field[] {
  const known = fieldCache.get(layout)
  if (known !== undefined) return known
  const fields = visibleFields(layout)
  fieldCache.set(layout, fields)
  return fields
}

/** The names that an object for this struct or union may have. */
export function fieldNames(layout: StructLayout | UnionLayout): FieldNames {
  const known = nameCache.get(layout)
  if (known !== undefined) return known
  const names = new Set(visibleFieldsOf(layout).map(({ name }) => name))
  nameCache.set(layout, names)
  return names
}
