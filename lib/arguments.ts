/** Checks of arguments that callers pass. */
import { invalidArgument, outOfRange } from './errors.ts'

const U64_MAX = 0xffff_ffff_ffff_ffffn

/** @throws TypeError unless `value` is a string with something in it and no NUL (which would cut it in C). */
export function nonEmptyString(value: unknown, argument: string): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw invalidArgument(`${argument} must be a non-empty string without NUL, not ${inspectBriefly(value)}`)
  }
  return value
}

/** @throws TypeError or RangeError unless `value` is an integer that fits 64 unsigned bits. */
export function unsigned64(value: unknown, argument: string): bigint {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) {
    throw invalidArgument(`${argument} must be an integer (number or bigint), not ${inspectBriefly(value)}`)
  }
  const big = BigInt(value)
  if (big < 0n || big > U64_MAX) throw outOfRange(`${argument} must be from 0 to 2^64 - 1, not ${big}`)
  return big
}

/** @throws TypeError or RangeError unless `value` is an integer from `min` to `max`. */
export function integer(value: unknown, argument: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw invalidArgument(`${argument} must be an integer, not ${inspectBriefly(value)}`)
  }
  if (value < min || value > max) throw outOfRange(`${argument} must be from ${min} to ${max}, not ${value}`)
  return value
}

/** @throws TypeError unless `value` is a boolean. */
export function boolean(value: unknown, argument: string): boolean {
  if (typeof value !== 'boolean') throw invalidArgument(`${argument} must be a boolean, not ${inspectBriefly(value)}`)
  return value
}

/** @throws TypeError unless `options` can have properties. */
export function optionsObject<T extends object>(options: T, argument: string = 'options'): T {
  if (typeof options === 'object' && (options as unknown) !== null) return options
  throw invalidArgument(`${argument} must be an object, not ${inspectBriefly(options)}`)
}

/** Never calls into the value: it may be hostile. */
export function inspectBriefly(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return typeof value
}
