/**
 * What a user gave -> what a field holds, or an error that names the field. Everything here is the slow path of encoding:
 * generated code comes here with values that its own test did not take. Nothing calls `valueOf` or `toString` of a
 * user's object.
 */
import { types } from 'node:util'
import { invalidArgument, outOfRange } from '../errors.ts'
import { writeText } from './text.ts'
import type { BooleanLayout, EnumLayout, IntegerLayout, Layout, PointerLayout } from './layout.ts'

export type IntegralLayout = IntegerLayout | EnumLayout | PointerLayout | BooleanLayout

export function isSigned(layout: IntegralLayout): boolean {
  return layout.kind !== 'pointer' && layout.kind !== 'boolean' && layout.signed
}

/** A value in a message: short, and without running the user's code. */
function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** A layout in a message, as C would write it. */
export function typeName(layout: Layout): string {
  switch (layout.kind) {
    case 'integer':
      return layout.name
    case 'boolean':
      return 'bool'
    case 'enum':
    case 'struct':
    case 'union':
      return layout.name === '' ? layout.kind : `${layout.kind} ${layout.name}`
    case 'float':
      return layout.size === 4 ? 'float' : 'double'
    case 'pointer':
      return 'pointer'
    case 'string':
      return `char[${layout.size}]`
    case 'bytes':
      return `__u8[${layout.size}]`
    case 'array':
      return `${typeName(layout.element)}[${layout.length}]`
  }
}

/** The error for a value of a type that the field does not take. */
export function wrongType(value: unknown, expected: string, path: string): Error {
  return invalidArgument(
    value === undefined
      ? `${path} is missing: expected ${expected}`
      : `${path}: expected ${expected}, not ${show(value)}`,
  )
}

/**
 * The integer that a field of `bits` bits is to hold, from a number, a bigint, a boolean field's boolean or an enum's
 * name.
 */
export function toInteger(value: unknown, layout: IntegralLayout, bits: number, path: string): bigint {
  const integer = integral(value, layout, path)
  const signed = isSigned(layout)
  const limit = layout.kind === 'boolean' ? 1 : bits
  const low = signed ? -(1n << BigInt(limit - 1)) : 0n
  const high = (1n << BigInt(signed ? limit - 1 : limit)) - 1n
  if (integer < low || integer > high) {
    const type = bits === layout.size * 8 ? typeName(layout) : `${bits} bits of ${typeName(layout)}`
    throw outOfRange(`${path}: ${integer} does not fit ${type} (${low}..${high})`)
  }
  return integer
}

function integral(value: unknown, layout: IntegralLayout, path: string): bigint {
  switch (typeof value) {
    case 'bigint':
      return value
    case 'number':
      if (Number.isSafeInteger(value)) return BigInt(value)
      if (!Number.isInteger(value)) {
        throw outOfRange(`${path}: ${value} is not an integer, as ${typeName(layout)} must be`)
      }
      throw outOfRange(`${path}: ${value} is past 2^53, where numbers are no longer exact; give a bigint`)
    case 'boolean':
      if (layout.kind === 'boolean') return value ? 1n : 0n
      break
    case 'string':
      if (layout.kind === 'enum') {
        const known = layout.values.find(({ name }) => name === value)
        if (known !== undefined) return BigInt(known.value)
        const names = layout.values.slice(0, 20).map(({ name }) => name)
        const more = layout.values.length > 20 ? ', …' : ''
        throw invalidArgument(`${path}: ${typeName(layout)} has no ${show(value)} (it has: ${names.join(', ')}${more})`)
      }
  }
  const expected = { boolean: 'a boolean', enum: 'a number, a bigint or an enumerator', pointer: 'a bigint' }
  throw wrongType(value, layout.kind === 'integer' ? 'a number or a bigint' : expected[layout.kind], path)
}

/** A float field's number. */
export function toFloat(value: unknown, size: number, path: string): number {
  if (typeof value !== 'number') throw wrongType(value, 'a number', path)
  if (size === 4 && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw outOfRange(`${path}: ${value} does not fit float`)
  }
  return value
}

/** Throws the reason why {@link writeText} or its caller refused a value of `size` bytes. */
export function refuseText(value: unknown, size: number, path: string): never {
  if (typeof value !== 'string') throw wrongType(value, 'a string', path)
  const reason = writeText(new Uint8Array(size), 0, size, value)
  if (reason === 1) {
    throw outOfRange(`${path}: ${show(value)} is longer than the ${size} bytes of char[${size}]`)
  }
  throw invalidArgument(
    reason === 2
      ? `${path}: ${show(value)} has a NUL, which would end it in C`
      : `${path}: ${show(value)} has a lone surrogate other than the U+DC80 to U+DCFF that stand for bytes`,
  )
}

const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')!.get!

/** Bytes of a Uint8Array, whatever properties it claims to have; 0 of one that was detached. */
export function bytesLength(bytes: Uint8Array): number {
  return lengthOf.call(bytes)
}

/** Whether a value is a Uint8Array of exactly `size` bytes, whatever properties it claims to have. */
export function isBytes(value: unknown, size: number): value is Uint8Array {
  return types.isUint8Array(value) && lengthOf.call(value) === size
}

export function refuseBytes(value: unknown, size: number, path: string): never {
  if (!types.isUint8Array(value)) throw wrongType(value, `a Uint8Array of ${size} bytes`, path)
  throw outOfRange(`${path}: a Uint8Array of ${lengthOf.call(value)} bytes where ${size} are expected`)
}

/** Whether a value is an array, or a typed array, of exactly `length` elements. */
export function isList(value: unknown, length: number): value is ArrayLike<unknown> {
  if (Array.isArray(value)) return value.length === length
  return types.isTypedArray(value) && lengthOf.call(value) === length
}

export function refuseList(value: unknown, length: number, path: string): never {
  if (!Array.isArray(value) && !types.isTypedArray(value)) throw wrongType(value, `an array of ${length}`, path)
  throw outOfRange(`${path}: an array of ${value.length} where ${length} elements are expected`)
}

/** The names that an object for a struct or union may have. */
export type FieldNames = ReadonlySet<string>

/** Refuses an object that has properties of its own which are no fields: a typo must not pass silently. */
export function checkNames(value: object, names: FieldNames, path: string): void {
  for (const key of Object.keys(value)) {
    if (names.has(key)) continue
    const known = [...names].slice(0, 20).join(', ') + (names.size > 20 ? ', …' : '')
    throw invalidArgument(`${path} has no field ${show(key)} (it has: ${known})`)
  }
}

export function refuseObject(value: unknown, expected: string, path: string): never {
  throw wrongType(value, expected, path)
}

/** The error for a 64-bit value that a number cannot hold exactly, in a codec with `int64: 'number'`. */
export function unsafeInteger(value: bigint, path: string): Error {
  return outOfRange(`${path}: ${value} is past 2^53, where numbers are no longer exact; choose int64: 'bigint'`)
}
