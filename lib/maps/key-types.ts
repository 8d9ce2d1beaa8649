/** What keys are when a map gives them back. */
import type { Infer, InferInput, Type } from '../btf/schema.ts'
import type { Int64 } from '../object-types.ts'

/**
 * A key as iteration gives it: of integers always decoded; of other types a `Uint8Array` where no decoded form would find
 * the entry again. Two kinds of numbers can come as bytes, too, and a map with such keys says so by `number | Uint8Array` as
 * its `K`: 64-bit integers read by `int64: 'number'`, and floats.
 */
export type KeyOf<K> = [K] extends [number | bigint] ? K : K | Uint8Array

/** The `K` of a map whose keys are of a type that was given. */
export type InferKey<S extends Type, I extends Int64> = [Infer<S, I>] extends [number]
  ? [Infer<S>, bigint] extends [number, InferInput<S>]
    ? Infer<S, I>
    : Infer<S, I> | Uint8Array
  : Infer<S, I>
