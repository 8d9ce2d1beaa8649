/** Arithmetic, moves and byte order: `r` registers count with 64 bits, `w` registers with 32. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import type { Instruction } from './instruction.ts'
import { immediate32, make } from './make.ts'
import { ADDRESS_SPACE_CAST, ARITHMETIC, CLASS, SOURCE_REGISTER } from './opcode.ts'
import { anyRegister, type HalfRegister, isRegister, type Register, wideNumber } from './register.ts'

/** What is added, subtracted and so on: a register as wide as the other one, or a number of 32 bits, extended by its sign. */
export type Operand<R extends Register | HalfRegister> = R | number

type Operation = 'add' | 'sub' | 'mul' | 'div' | 'or' | 'and' | 'lsh' | 'rsh' | 'mod' | 'xor' | 'mov' | 'arsh'
type Callee = (...args: never[]) => unknown

/** In the offset: by the sign. Linux 6.6. */
const SIGNED = 1

function arithmetic(callee: Callee, operation: Operation, target: unknown, operand: unknown, offset = 0): Instruction {
  const destination = anyRegister(target, 'destination')
  const opcode = ARITHMETIC[operation] | (destination.narrow ? CLASS.alu : CLASS.alu64)
  if (!isRegister(operand)) {
    const immediate = immediate32(operand, 'operand')
    return make(callee, { opcode, destination: destination.number, offset, immediate })
  }
  const source = anyRegister(operand, 'operand')
  if (source.narrow !== destination.narrow) {
    throw invalidArgument(`operand must be as wide as the destination ${String(target)}, not ${String(operand)}`)
  }
  return make(callee, {
    opcode: opcode | SOURCE_REGISTER,
    destination: destination.number,
    source: source.number,
    offset,
  })
}

/** `destination = operand`. A number is extended by its sign to the register's width. */
export function mov<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(mov, 'mov', destination, operand)
}

/** `destination = (s8)source`: the lower `bits`, extended by their sign. Linux 6.6. */
export function movsx<R extends Register | HalfRegister>(destination: R, source: R, bits: 8 | 16 | 32): Instruction {
  const { number, narrow } = anyRegister(destination, 'destination')
  const from = anyRegister(source, 'source')
  if (from.narrow !== narrow) {
    throw invalidArgument(`source must be as wide as the destination ${String(destination)}, not ${String(source)}`)
  }
  const allowed = narrow ? [8, 16] : [8, 16, 32]
  if (!allowed.includes(bits)) {
    throw invalidArgument(`bits must be ${allowed.join(' or ')}, not ${inspectBriefly(bits)}`)
  }
  const opcode = (narrow ? CLASS.alu : CLASS.alu64) | ARITHMETIC.mov | SOURCE_REGISTER
  return make(movsx, { opcode, destination: number, source: from.number, offset: bits })
}

export function add<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(add, 'add', destination, operand)
}

export function sub<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(sub, 'sub', destination, operand)
}

export function mul<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(mul, 'mul', destination, operand)
}

/** Without signs. By zero it is 0. */
export function div<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(div, 'div', destination, operand)
}

/** With signs. Linux 6.6. */
export function sdiv<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(sdiv, 'div', destination, operand, SIGNED)
}

/** What is left of a division without signs. By zero nothing changes. */
export function mod<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(mod, 'mod', destination, operand)
}

/** What is left of a division with signs. Linux 6.6. */
export function smod<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(smod, 'mod', destination, operand, SIGNED)
}

export function or<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(or, 'or', destination, operand)
}

export function and<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(and, 'and', destination, operand)
}

export function xor<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(xor, 'xor', destination, operand)
}

/** To the left, by less bits than the register has. */
export function lsh<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(lsh, 'lsh', destination, operand)
}

/** To the right, zeros come in. */
export function rsh<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(rsh, 'rsh', destination, operand)
}

/** To the right, the sign comes in. */
export function arsh<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction {
  return arithmetic(arsh, 'arsh', destination, operand)
}

/** `destination = -destination`. */
export function neg(destination: Register | HalfRegister): Instruction {
  const { number, narrow } = anyRegister(destination, 'destination')
  return make(neg, { opcode: ARITHMETIC.neg | (narrow ? CLASS.alu : CLASS.alu64), destination: number })
}

/** The lower `bits`, of this machine's byte order, in that of little-endian ones; the bits above become zero. */
export function toLittleEndian(destination: Register, bits: 16 | 32 | 64): Instruction {
  return byteOrder(toLittleEndian, CLASS.alu, destination, bits)
}

/** The lower `bits`, of this machine's byte order, in that of networks; the bits above become zero. */
export function toBigEndian(destination: Register, bits: 16 | 32 | 64): Instruction {
  return byteOrder(toBigEndian, CLASS.alu | SOURCE_REGISTER, destination, bits)
}

/** The lower `bits` in the other byte order; the bits above become zero. Linux 6.6. */
export function bswap(destination: Register, bits: 16 | 32 | 64): Instruction {
  return byteOrder(bswap, CLASS.alu64, destination, bits)
}

function byteOrder(callee: Callee, opcode: number, destination: unknown, bits: unknown): Instruction {
  if (bits !== 16 && bits !== 32 && bits !== 64) {
    throw invalidArgument(`bits must be 16, 32 or 64, not ${inspectBriefly(bits)}`)
  }
  const number = wideNumber(destination, 'destination')
  return make(callee, { opcode: opcode | ARITHMETIC.end, destination: number, immediate: bits })
}

/** `destination = addr_space_cast(source, to, from)`, for pointers into arenas: 0 is the kernel's, 1 the program's. Linux 6.9. */
export function addressSpaceCast(destination: Register, source: Register, to: 0 | 1, from: 0 | 1): Instruction {
  if ((to !== 0 && to !== 1) || from !== 1 - to) {
    throw invalidArgument(
      `to and from must be 0 and 1, or 1 and 0, not ${inspectBriefly(to)} and ${inspectBriefly(from)}`,
    )
  }
  return make(addressSpaceCast, {
    opcode: CLASS.alu64 | ARITHMETIC.mov | SOURCE_REGISTER,
    destination: wideNumber(destination, 'destination'),
    source: wideNumber(source, 'source'),
    offset: ADDRESS_SPACE_CAST,
    immediate: (to << 16) | from,
  })
}
