/** Puts instructions together: the fields that were not said are 0, and the place is that of the caller. */
import { inspectBriefly, integer } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import type { Instruction, InstructionFields, Reference } from './instruction.ts'
import { placeOfCall } from './source-place.ts'

/** Bounds of the fields. */
export const INT16 = [-0x8000, 0x7fff] as const
const INT32 = [-0x8000_0000, 0x7fff_ffff] as const

/** @param callee the function that the user called */
export function make(
  callee: (...args: never[]) => unknown,
  fields: Pick<InstructionFields, 'opcode'> & Partial<InstructionFields>,
  reference?: Reference,
): Instruction {
  const place = placeOfCall(callee)
  return Object.freeze({
    destination: 0,
    source: 0,
    offset: 0,
    immediate: 0,
    ...fields,
    ...(reference !== undefined && { reference }),
    ...(place !== undefined && { place }),
  })
}

/** A number of 32 bits, signed or unsigned, as the signed one of its bits. */
export function immediate32(value: unknown, argument: string): number {
  return integer(value, argument, INT32[0], 0xffff_ffff) | 0
}

/** A number of 64 bits, signed or unsigned, as its two halves. */
export function immediate64(value: unknown, argument: string): { immediate: number; upper: number } {
  const number = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof number !== 'bigint' || number < -(2n ** 63n) || number >= 2n ** 64n) {
    throw invalidArgument(`${argument} must be an integer of 64 bits, not ${inspectBriefly(value)}`)
  }
  const bits = BigInt.asUintN(64, number)
  return { immediate: Number(bits & 0xffff_ffffn) | 0, upper: Number(bits >> 32n) | 0 }
}

/** Bytes between a register's address and what is meant. */
export function offset16(value: unknown, argument: string): number {
  return integer(value, argument, ...INT16)
}

/** One of several words. */
export function oneOf<T extends string>(value: unknown, argument: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value)
  if (found !== undefined) return found
  throw invalidArgument(
    `${argument} must be ${allowed.map((each) => `'${each}'`).join(', ')}, not ${inspectBriefly(value)}`,
  )
}
