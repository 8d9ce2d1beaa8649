/** The kernel's words for operations: what its text, ours, and the functions that make instructions have in common. */
import { ARITHMETIC, JUMP, SIZE } from './opcode.ts'

/** How two operands are compared: `s` by the sign, `&` asks for a bit that both have. */
export type Condition = '==' | '!=' | '>' | '>=' | '<' | '<=' | 's>' | 's>=' | 's<' | 's<=' | '&'

/** By what the kernel writes. */
export const CONDITIONS: Readonly<Record<Condition, number>> = {
  '==': JUMP.jeq,
  '!=': JUMP.jne,
  '>': JUMP.jgt,
  '>=': JUMP.jge,
  '<': JUMP.jlt,
  '<=': JUMP.jle,
  's>': JUMP.jsgt,
  's>=': JUMP.jsge,
  's<': JUMP.jslt,
  's<=': JUMP.jsle,
  '&': JUMP.jset,
}

/** Arithmetic with two operands, by what the kernel writes. */
export const ASSIGNMENTS: Readonly<Record<string, number>> = {
  '+=': ARITHMETIC.add,
  '-=': ARITHMETIC.sub,
  '*=': ARITHMETIC.mul,
  '/=': ARITHMETIC.div,
  '|=': ARITHMETIC.or,
  '&=': ARITHMETIC.and,
  '<<=': ARITHMETIC.lsh,
  '>>=': ARITHMETIC.rsh,
  '%=': ARITHMETIC.mod,
  '^=': ARITHMETIC.xor,
  '=': ARITHMETIC.mov,
  's>>=': ARITHMETIC.arsh,
}

/** Atomic arithmetic, by the name that the kernel gives it. */
export const ATOMICS: Readonly<Record<string, number>> = {
  add: ARITHMETIC.add,
  and: ARITHMETIC.and,
  or: ARITHMETIC.or,
  xor: ARITHMETIC.xor,
}

const inverse = (words: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(words).map(([word, code]) => [code, word]))

export const CONDITION_WORD: ReadonlyMap<number, string> = inverse(CONDITIONS)
export const ASSIGNMENT_WORD: ReadonlyMap<number, string> = inverse(ASSIGNMENTS)
export const ATOMIC_WORD: ReadonlyMap<number, string> = inverse(ATOMICS)
/** Such as `u32`. */
export const WIDTH_WORD: ReadonlyMap<number, string> = inverse(SIZE)
