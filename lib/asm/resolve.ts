/** A list of instructions and labels as a program: what labels stand for becomes distances, and what is wrong has a place. */
import { inspectBriefly, integer } from '../arguments.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import { type ByteOrderOptions, encodeFields, slotsOf } from './encode.ts'
import { formOf } from './form.ts'
import type { Instruction, InstructionFields, Item, Label } from './instruction.ts'
import { CLASS, JUMP, isWide } from './opcode.ts'
import type { SourcePlace } from './source-place.ts'

/** The largest program that any kernel takes (BPF_COMPLEXITY_LIMIT_INSNS of linux/bpf_verifier.h). */
const MAX_SLOTS = 1_000_000
const LAST_REGISTER = 10
const FAR = 0x8000

/** Where a function of a program begins. */
export interface FunctionStart {
  readonly name: string
  /** In slots of 8 bytes. */
  readonly slot: number
}

/** A program whose labels are distances. */
export interface Resolved {
  readonly instructions: readonly Instruction[]
  /** The slot that each of them begins in. */
  readonly slots: readonly number[]
  /** Those after the first, in the order of the code. */
  readonly functions: readonly FunctionStart[]
}

/**
 * The bytes of a program.
 *
 * @throws TypeError for what is no instruction, a label that is not there or is there twice, and for maps and functions of the
 *   kernel, which only `loadProgram` resolves
 * @throws RangeError for a jump that is too far for its instruction, or more than a million slots
 */
export function encode(program: readonly Item[], options: ByteOrderOptions = {}): Uint8Array {
  const { instructions, slots } = resolve(program)
  for (const [index, instruction] of instructions.entries()) {
    const kind = instruction.reference?.kind
    if (kind !== undefined && kind !== 'label') {
      throw invalidArgument(
        `${named(instruction, slots[index] as number)} refers to what only loadProgram() finds: a ${kind}`,
      )
    }
  }
  return encodeFields(instructions, options)
}

/** @internal Checks, and reads each property once: they may be getters. */
export function resolve(program: readonly Item[]): Resolved {
  if (!Array.isArray(program)) {
    throw invalidArgument(`instructions must be a list of instructions and labels, not ${inspectBriefly(program)}`)
  }
  const instructions: Instruction[] = []
  const slots: number[] = []
  const labels = new Map<string, number>()
  const declared: FunctionStart[] = []
  let slot = 0
  for (const item of program as unknown[]) {
    const label = labelOf(item)
    if (label !== undefined) {
      if (labels.has(label.name)) throw invalidArgument(`label '${label.name}' is there twice`)
      labels.set(label.name, slot)
      if (label.isFunction) declared.push({ name: label.name, slot })
      continue
    }
    const instruction = checked(item, slot)
    instructions.push(instruction)
    slots.push(slot)
    slot += slotsOf(instruction)
    if (slot > MAX_SLOTS) throw outOfRange(`instructions must fill at most ${MAX_SLOTS} slots of 8 bytes`)
  }
  if (slot === 0) throw invalidArgument('instructions must have at least one')
  const called: FunctionStart[] = []
  const resolved = instructions.map((instruction, index) => {
    const { reference } = instruction
    if (reference?.kind !== 'label') return instruction
    const place = slots[index] as number
    const target = targetOf(labels, reference.name, named(instruction, place), slot)
    if (isFunctionReference(instruction)) called.push({ name: reference.name, slot: target })
    return withDistance(instruction, target - place - 1, place)
  })
  return { instructions: resolved, slots, functions: functionsOf([...declared, ...called]) }
}

/** One for each place, in order; the program itself is no function of it. */
function functionsOf(starts: readonly FunctionStart[]): readonly FunctionStart[] {
  const bySlot = new Map(starts.map((start) => [start.slot, start]))
  bySlot.delete(0)
  return [...bySlot.values()].sort((one, other) => one.slot - other.slot)
}

function labelOf(item: unknown): { name: string; isFunction: boolean } | undefined {
  if (typeof item !== 'object' || item === null || !('label' in item)) return undefined
  const { label, function: isFunction } = item as Label
  if (typeof label === 'string' && label !== '') return { name: label, isFunction }
  throw invalidArgument(`the name of a label must be a string with something in it, not ${inspectBriefly(label)}`)
}

function targetOf(labels: ReadonlyMap<string, number>, name: string, what: string, end: number): number {
  const target = labels.get(name)
  if (target === undefined) {
    const known = labels.size === 0 ? 'there are none' : `known: ${[...labels.keys()].join(', ')}`
    throw invalidArgument(`${what} names label '${name}', which is not there (${known})`)
  }
  if (target === end) throw invalidArgument(`${what} names label '${name}', which no instruction follows`)
  return target
}

function checked(item: unknown, slot: number): Instruction {
  const what = `instruction ${slot}`
  if (typeof item !== 'object' || item === null) {
    throw invalidArgument(`${what} must be an instruction or a label, not ${inspectBriefly(item)}`)
  }
  const { opcode, destination, source, offset, immediate, upper, reference, place } = item as Instruction
  const fields: InstructionFields = {
    opcode: integer(opcode, `opcode of ${what}`, 0, 0xff),
    destination: integer(destination, `destination of ${what}`, 0, LAST_REGISTER),
    source: integer(source, `source of ${what}`, 0, LAST_REGISTER),
    offset: integer(offset, `offset of ${what}`, -FAR, FAR - 1),
    immediate: integer(immediate, `immediate of ${what}`, -0x8000_0000, 0x7fff_ffff),
    ...(upper !== undefined && { upper: integer(upper, `upper of ${what}`, -0x8000_0000, 0x7fff_ffff) }),
  }
  if (formOf(fields) === undefined) throw invalidArgument(`${what} is none that there is: ${JSON.stringify(fields)}`)
  return {
    ...fields,
    ...(reference !== undefined && { reference: checkedReference(reference, what) }),
    ...(place !== undefined && { place: checkedPlace(place, what) }),
  }
}

function checkedReference(reference: NonNullable<Instruction['reference']>, what: string): typeof reference {
  const copy = { ...reference }
  const named = (copy.kind === 'label' || copy.kind === 'kernelFunction') && typeof copy.name === 'string'
  if (named || copy.kind === 'map') return copy
  throw invalidArgument(`reference of ${what} must be to a label, a map or a function of the kernel`)
}

function checkedPlace(place: SourcePlace, what: string): SourcePlace {
  const { file, line, column } = place
  if (typeof file !== 'string') throw invalidArgument(`place of ${what} must have a file`)
  const most = Number.MAX_SAFE_INTEGER
  return { file, line: integer(line, 'line', 0, most), column: integer(column, 'column', 0, most) }
}

const CALL_OPCODE = CLASS.jmp | JUMP.call
const LONG_JUMP = CLASS.jmp32 | JUMP.ja

function isFunctionReference({ opcode }: Instruction): boolean {
  return opcode === CALL_OPCODE || isWide(opcode)
}

function withDistance(instruction: Instruction, distance: number, slot: number): Instruction {
  const { opcode } = instruction
  if (isFunctionReference(instruction) || opcode === LONG_JUMP) return { ...instruction, immediate: distance }
  if (distance >= -FAR && distance < FAR) return { ...instruction, offset: distance }
  const what = named(instruction, slot)
  throw outOfRange(
    `${what} is ${distance} slots away from its label, and 16 bits say at most ${FAR - 1}: jump by gotol()`,
  )
}

function named(instruction: Instruction, slot: number): string {
  const { place } = instruction
  const made = place === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`
  return `instruction ${slot}, ${formOf(instruction)?.text}${made},`
}
