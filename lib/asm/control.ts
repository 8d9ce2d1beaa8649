/** Jumps, calls and ends. */
import { inspectBriefly, integer, nonEmptyString } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { type HelperName, helperNumber } from './helper.ts'
import type { Instruction, Label, Reference } from './instruction.ts'
import { immediate32, INT16, make, oneOf } from './make.ts'
import { CALL, CLASS, JUMP, MAY_GOTO, SOURCE_REGISTER } from './opcode.ts'
import { anyRegister, type HalfRegister, isRegister, type Register, wideNumber } from './register.ts'
import { placeOfCall } from './source-place.ts'
import { type Condition, CONDITIONS } from './words.ts'

/** A label, or a distance in slots from the next instruction. */
export type Target = string | number

/** A place that jumps can name. */
export function label(name: string): Label {
  return Object.freeze({ label: nonEmptyString(name, 'name'), function: false })
}

/** A function begins here: what `callFunction` and `loadFunction` name. It ends where the next one begins. */
export function func(name: string): Label {
  const place = placeOfCall(func)
  return Object.freeze({ label: nonEmptyString(name, 'name'), function: true, ...(place !== undefined && { place }) })
}

function targetOf(target: unknown, bounds: readonly [number, number]): { distance: number; reference?: Reference } {
  if (typeof target === 'string')
    return { distance: 0, reference: { kind: 'label', name: nonEmptyString(target, 'target') } }
  if (typeof target !== 'number') {
    throw invalidArgument(`target must be the name of a label or a number of slots, not ${inspectBriefly(target)}`)
  }
  return { distance: integer(target, 'target', ...bounds) }
}

/** Goes on somewhere else, as far as 16 bits reach. */
export function goto(target: Target): Instruction {
  const { distance, reference } = targetOf(target, INT16)
  return make(goto, { opcode: CLASS.jmp | JUMP.ja, offset: distance }, reference)
}

/** {@link goto} as far as 32 bits reach. Linux 6.6. */
export function gotol(target: Target): Instruction {
  const { distance, reference } = targetOf(target, [-0x8000_0000, 0x7fff_ffff])
  return make(gotol, { opcode: CLASS.jmp32 | JUMP.ja, immediate: distance }, reference)
}

/** Goes on somewhere else where the condition is true. A number has 32 bits, and is extended by its sign. */
export function gotoIf<R extends Register | HalfRegister>(
  left: R,
  condition: Condition,
  right: R | number,
  target: Target,
): Instruction {
  const { number, narrow } = anyRegister(left, 'left')
  const operation = CONDITIONS[oneOf(condition, 'condition', Object.keys(CONDITIONS) as Condition[])]
  const { distance, reference } = targetOf(target, INT16)
  const opcode = operation | (narrow ? CLASS.jmp32 : CLASS.jmp)
  if (!isRegister(right)) {
    const immediate = immediate32(right, 'right')
    return make(gotoIf, { opcode, destination: number, offset: distance, immediate }, reference)
  }
  const source = anyRegister(right, 'right')
  if (source.narrow !== narrow) {
    throw invalidArgument(`right must be as wide as left, ${String(left)}, not ${String(right)}`)
  }
  return make(
    gotoIf,
    { opcode: opcode | SOURCE_REGISTER, destination: number, source: source.number, offset: distance },
    reference,
  )
}

/** Goes on somewhere else once the kernel finds that a loop has been going on for too long: it needs no bound. Linux 6.9. */
export function mayGoto(target: Target): Instruction {
  const { distance, reference } = targetOf(target, INT16)
  return make(mayGoto, { opcode: CLASS.jmp | JUMP.jcond, source: MAY_GOTO, offset: distance }, reference)
}

/** Goes on at the address in a register, out of an `insn_array` map. Linux 6.19. */
export function gotox(destination: Register): Instruction {
  return make(gotox, {
    opcode: CLASS.jmp | JUMP.ja | SOURCE_REGISTER,
    destination: wideNumber(destination, 'destination'),
  })
}

/** Calls a helper of the kernel, by its name or number: arguments in `r1` to `r5`, the result in `r0`. */
export function call(helper: HelperName | number): Instruction {
  const immediate = typeof helper === 'number' ? integer(helper, 'helper', 0, 0x7fff_ffff) : helperNumber(helper)
  return make(call, { opcode: CLASS.jmp | JUMP.call, immediate })
}

/** Calls a function of this program. Linux 4.16. */
export function callFunction(name: string): Instruction {
  const reference = { kind: 'label', name: nonEmptyString(name, 'name') } as const
  return make(callFunction, { opcode: CLASS.jmp | JUMP.call, source: CALL.function }, reference)
}

/** Calls a function of the kernel that programs may call, of the kernel itself, not of a module. Linux 5.13. */
export function callKernel(name: string): Instruction {
  const reference = { kind: 'kernelFunction', name: nonEmptyString(name, 'name') } as const
  return make(callKernel, { opcode: CLASS.jmp | JUMP.call, source: CALL.kernelFunction }, reference)
}

/** Ends the function, or the program: `r0` is its result. */
export function exit(): Instruction {
  return make(exit, { opcode: CLASS.jmp | JUMP.exit })
}
