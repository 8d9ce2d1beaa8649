/**
 * Explicit types, for maps without BTF: `struct({ pid: u32, comm: char(16) })` lies in memory as C's struct of the same
 * members, and decodes to `{ pid: number; comm: string }`.
 */
import { invalidArgument, outOfRange } from '../errors.ts'
import { type Field, isLarge, type Layout } from './layout.ts'

declare const decoded: unique symbol
declare const decodedNumber: unique symbol
declare const encodable: unique symbol

/**
 * A type of values in memory.
 *
 * The parameters exist only for TypeScript: `T` is what decoding gives, `N` what it gives with `int64: 'number'`, `I`
 * what encoding takes.
 */
export interface Type<out T = unknown, out N = unknown, out I = unknown> {
  readonly layout: Layout
  /** What C calls `_Alignof`: a power of two. */
  readonly alignment: number
  readonly [decoded]?: T
  readonly [decodedNumber]?: N
  readonly [encodable]?: I
}

/** The values that a type decodes to: `Infer<typeof entry>`, or with numbers in place of bigints `Infer<typeof entry, 'number'>`. */
export type Infer<S extends Type, Int64 extends 'bigint' | 'number' = 'bigint'> =
  S extends Type<infer T, infer N> ? (Int64 extends 'number' ? N : T) : never

/** The values that a type can be encoded from. */
export type InferInput<S extends Type> = S extends Type<unknown, unknown, infer I> ? I : never

type Small = Type<number, number, number | bigint>
type Large = Type<bigint, number, number | bigint>

function integer(name: string, size: 1 | 2 | 4 | 8, signed: boolean): Type<never, never, never> {
  return { layout: { kind: 'integer', name, size, signed }, alignment: size }
}

export const u8: Small = integer('u8', 1, false)
export const u16: Small = integer('u16', 2, false)
export const u32: Small = integer('u32', 4, false)
export const u64: Large = integer('u64', 8, false)
export const i8: Small = integer('i8', 1, true)
export const i16: Small = integer('i16', 2, true)
export const i32: Small = integer('i32', 4, true)
export const i64: Large = integer('i64', 8, true)
export const f32: Type<number, number, number> = { layout: { kind: 'float', size: 4 }, alignment: 4 }
export const f64: Type<number, number, number> = { layout: { kind: 'float', size: 8 }, alignment: 8 }
export const bool: Type<boolean, boolean, boolean | 0 | 1> = { layout: { kind: 'boolean', size: 1 }, alignment: 1 }

/** `char[size]`: text of up to `size` bytes, ended by a NUL if it is shorter. */
export function char(size: number): Type<string, string, string> {
  return { layout: { kind: 'string', size: checkCount(size, 'char') }, alignment: 1 }
}

/** `__u8[size]`: a Uint8Array. */
export function bytes(size: number): Type<Uint8Array, Uint8Array, Uint8Array> {
  return { layout: { kind: 'bytes', size: checkCount(size, 'bytes') }, alignment: 1 }
}

/** `T[length]`. For bytes and text {@link bytes} and {@link char} are better. */
export function array<T, N, I>(element: Type<T, N, I>, length: number): Type<T[], N[], readonly I[]> {
  checkCount(length, 'array')
  const { layout, alignment } = element
  const size = layout.size * length
  if (isLarge(size)) throw outOfRange(`an array of ${size} bytes is larger than 4 GiB`)
  return { layout: { kind: 'array', size, element: layout, length }, alignment }
}

/** The members of a {@link struct} or {@link union}, by their names. */
export type Members = Readonly<Record<string, Type>>

type Decoded<M extends Members> = { -readonly [K in keyof M]: Infer<M[K]> }
type DecodedNumber<M extends Members> = { -readonly [K in keyof M]: Infer<M[K], 'number'> }
type Input<M extends Members> = { readonly [K in keyof M]: InferInput<M[K]> }

/**
 * A struct with C's alignment and padding: each member at the next multiple of its alignment, the whole rounded up to the
 * largest of them.
 *
 * @param options.packed no padding at all, as by `__attribute__((packed))`.
 */
export function struct<const M extends Members>(
  members: M,
  options: { readonly packed?: boolean } = {},
): Type<Decoded<M>, DecodedNumber<M>, Input<M>> {
  const packed = options.packed === true
  let end = 0
  let alignment = 1
  const fields = namedTypes(members).map(([name, type]): Field => {
    const offset = packed ? end : roundUp(end, type.alignment)
    end = offset + type.layout.size
    if (!packed) alignment = Math.max(alignment, type.alignment)
    return { name, offset, layout: type.layout }
  })
  const size = roundUp(end, alignment)
  if (isLarge(size)) throw outOfRange(`a struct of ${size} bytes is larger than 4 GiB`)
  return { layout: { kind: 'struct', name: '', size, fields }, alignment }
}

/** A union: decodes to all readings of the same bytes, is encoded from any that agree. */
export function union<const M extends Members>(members: M): Type<Decoded<M>, DecodedNumber<M>, Partial<Input<M>>> {
  const named = namedTypes(members)
  const alignment = named.reduce((widest, [, type]) => Math.max(widest, type.alignment), 1)
  const size = roundUp(
    named.reduce((largest, [, type]) => Math.max(largest, type.layout.size), 0),
    alignment,
  )
  const fields = named.map(([name, { layout }]): Field => ({ name, offset: 0, layout }))
  return { layout: { kind: 'union', name: '', size, fields }, alignment }
}

/**
 * An enum: decodes to its number, is encoded from a number or a name.
 *
 * @param values bigints or numbers by name.
 * @param underlying the integer type that holds it. Default: `i32` if a value is negative, else `u32`, as in C.
 */
export function enumeration<const V extends Readonly<Record<string, number>>>(
  values: V,
  underlying?: Small,
): Type<number, number, number | bigint | keyof V>
export function enumeration<const V extends Readonly<Record<string, number | bigint>>>(
  values: V,
  underlying: Large,
): Type<bigint, number, number | bigint | keyof V>
export function enumeration(
  values: Readonly<Record<string, number | bigint>>,
  underlying: Small | Large = Object.values(values).some((value) => value < 0) ? i32 : u32,
): Type<never, never, never> {
  const { layout, alignment } = underlying
  if (layout.kind !== 'integer' || layout.size === 16) throw invalidArgument('an enum must be held by an integer type')
  const { size, signed } = layout
  const low = signed ? -(2n ** BigInt(size * 8 - 1)) : 0n
  const high = low + 2n ** BigInt(size * 8) - 1n
  const list = Object.entries(values).map(([name, value]) => {
    checkName(name)
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw outOfRange(`enumerator ${name} is ${value}, not an integer below 2^53`)
    }
    const integer = BigInt(value)
    if (integer < low || integer > high) throw outOfRange(`enumerator ${name}: ${value} does not fit ${layout.name}`)
    return { name, value: size === 8 ? integer : Number(integer) }
  })
  return { layout: { kind: 'enum', name: '', size, signed, values: list }, alignment }
}

function namedTypes(members: Members): [string, Type][] {
  return Object.entries(members).map(([name, type]) => {
    checkName(name)
    if (typeof type !== 'object' || type === null || typeof type.layout !== 'object') {
      throw invalidArgument(`member ${name} is not a type such as u32`)
    }
    return [name, type]
  })
}

/** Names that look like array indexes would change places: JavaScript sorts them to the front. */
function checkName(name: string): void {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw invalidArgument(`${JSON.stringify(name)} is not a name in C`)
}

function checkCount(count: number, what: string): number {
  if (!Number.isInteger(count) || count < 0 || isLarge(count)) {
    throw outOfRange(`${what}(${count}): the length must be an integer from 0 to 2^32 - 1`)
  }
  return count
}

function roundUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment
}
