/** Columns of a batch: {@link Batch.columns}. */
import { inspectBriefly, optionsObject } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'

/** Numbers of up to 32 bits, floats, and 64-bit integers where they were asked for as numbers (`Float64Array`). */
export type NumberColumn =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

/** 64-bit integers and pointers. */
export type BigIntColumn = BigUint64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>

/** Strings: `dictionary[indices[row]]`. Each different string is in the dictionary once. */
export interface TextColumn {
  indices: Int32Array<ArrayBuffer>
  dictionary: string[]
}

/**
 * The column of a field. Booleans are 0 and 1. An array's column has the elements of all records, one record behind the
 * other; so have bytes. A struct's column is an object of columns, and so is a union's, of all its readings.
 */
export type Column<V> = [unknown] extends [V]
  ? AnyColumn
  : [V] extends [boolean]
    ? Uint8Array<ArrayBuffer>
    : [V] extends [number]
      ? NumberColumn
      : [V] extends [bigint]
        ? BigIntColumn
        : [V] extends [string]
          ? TextColumn
          : [V] extends [Uint8Array]
            ? Uint8Array<ArrayBuffer>
            : [V] extends [readonly (infer E)[]]
              ? Column<E>
              : Columns<V>

/** The column of a field whose type is not known. */
export type AnyColumn = NumberColumn | BigIntColumn | TextColumn | { readonly [field: string]: AnyColumn }

/** Names of fields of records. */
export type ColumnName<T> = unknown extends T ? string : keyof T & string

/** What {@link Batch.columns} gives. */
export type Columns<T, K extends ColumnName<T> = ColumnName<T>> = {
  [F in K]: F extends keyof T ? Column<T[F]> : AnyColumn
}

/** Of several record types, the one whose tag has this value. */
export type RecordOfType<T, N extends string> = unknown extends T
  ? unknown
  : T extends unknown
    ? { [F in keyof T & string]: string extends T[F] ? never : N extends T[F] ? F : never }[keyof T &
        string] extends never
      ? never
      : T
    : never

/** An own copy of the names, each once: an array can change, or be none. */
export function fieldNames(fields: unknown): string[] | undefined {
  if (fields === undefined) return undefined
  if (!Array.isArray(fields)) throw invalidArgument(`fields must be an array of names, not ${inspectBriefly(fields)}`)
  const names = new Set<string>()
  for (const name of fields as unknown[]) {
    if (typeof name !== 'string') throw invalidArgument(`a field must be a name, not ${inspectBriefly(name)}`)
    names.add(name)
  }
  return [...names]
}

/** The record type that was chosen. */
export function typeOption(options: { readonly type?: unknown }): string | undefined {
  const { type, ...others } = optionsObject(options)
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw invalidArgument(`unknown option ${unknown}: there is only type`)
  if (type !== undefined && typeof type !== 'string') {
    throw invalidArgument(`type must be a name, not ${inspectBriefly(type)}`)
  }
  return type
}
