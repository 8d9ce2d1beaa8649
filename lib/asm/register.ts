/** Registers: of 64 bits, and their lower halves. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'

/** A register of 64 bits. */
export class Register {
  /** @internal */
  declare private readonly wide: true
  readonly number: number

  /** @internal */
  constructor(number: number) {
    this.number = number
  }

  toString(): string {
    return `r${this.number}`
  }
}

/** The lower 32 bits of a register: writing them makes the upper ones zero. */
export class HalfRegister {
  /** @internal */
  declare private readonly narrow: true
  readonly number: number

  /** @internal */
  constructor(number: number) {
    this.number = number
  }

  toString(): string {
    return `w${this.number}`
  }
}

/** The result of calls, and of the program. */
export const r0: Register = new Register(0)
/** The context at the program's start; the first argument of calls, which leave nothing in `r1` to `r5`. */
export const r1: Register = new Register(1)
export const r2: Register = new Register(2)
export const r3: Register = new Register(3)
export const r4: Register = new Register(4)
export const r5: Register = new Register(5)
/** `r6` to `r9` outlive calls. */
export const r6: Register = new Register(6)
export const r7: Register = new Register(7)
export const r8: Register = new Register(8)
export const r9: Register = new Register(9)
/** The end of the stack, 512 bytes long; it cannot be written. */
export const r10: Register = new Register(10)

export const w0: HalfRegister = new HalfRegister(0)
export const w1: HalfRegister = new HalfRegister(1)
export const w2: HalfRegister = new HalfRegister(2)
export const w3: HalfRegister = new HalfRegister(3)
export const w4: HalfRegister = new HalfRegister(4)
export const w5: HalfRegister = new HalfRegister(5)
export const w6: HalfRegister = new HalfRegister(6)
export const w7: HalfRegister = new HalfRegister(7)
export const w8: HalfRegister = new HalfRegister(8)
export const w9: HalfRegister = new HalfRegister(9)

/** @internal Its number, of 64 bits. */
export function wideNumber(value: unknown, argument: string): number {
  if (value instanceof Register) return value.number
  throw invalidArgument(`${argument} must be a register of 64 bits, r0 to r10, not ${nameOf(value)}`)
}

/** @internal Its number, and whether it has 32 bits. */
export function anyRegister(value: unknown, argument: string): { number: number; narrow: boolean } {
  if (value instanceof Register) return { number: value.number, narrow: false }
  if (value instanceof HalfRegister) return { number: value.number, narrow: true }
  throw invalidArgument(`${argument} must be a register, r0 to r10 or w0 to w9, not ${nameOf(value)}`)
}

/** @internal */
export function isRegister(value: unknown): value is Register | HalfRegister {
  return value instanceof Register || value instanceof HalfRegister
}

function nameOf(value: unknown): string {
  return isRegister(value) ? value.toString() : inspectBriefly(value)
}
