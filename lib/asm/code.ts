/** A whole program: labels become distances, and what only the kernel knows is noted with its slot. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { BpfMap } from '../maps/map.ts'
import { type ByteOrderOptions, encodeFields, slotsOf } from './encode.ts'
import { formOf } from './form.ts'
import type { Instruction, InstructionFields, Item, Label, Reference } from './instruction.ts'
import { CALL, CLASS, isWide, JUMP, PSEUDO, SOURCE_REGISTER } from './opcode.ts'
import type { SourcePlace } from './source-place.ts'

/** A function of the program, the main one first. */
export interface CodeFunction {
  name: string
  slot: number
  place: SourcePlace | undefined
}

/** Instructions in their slots. */
export interface Code {
  instructions: readonly { fields: InstructionFields; slot: number; place: SourcePlace | undefined }[]
  functions: readonly CodeFunction[]
  maps: readonly { slot: number; map: BpfMap }[]
  kernelFunctions: readonly { index: number; name: string }[]
}

interface Placed {
  instruction: Instruction
  slot: number
}

/**
 * Puts a program together.
 *
 * @param name of its main function
 * @throws TypeError for a label that is there twice or not at all, and for what is no instruction
 * @throws RangeError for a jump that is too far
 */
export function codeOf(items: readonly Item[], name: string): Code {
  if (!Array.isArray(items)) throw invalidArgument(`instructions must be an array, not ${inspectBriefly(items)}`)
  const placed: Placed[] = []
  const labels = new Map<string, { slot: number; item: Label }>()
  let slot = 0
  for (const [index, item] of items.entries()) {
    if (isLabel(item)) {
      if (labels.has(item.label)) throw invalidArgument(`label '${item.label}' is there twice`)
      const place = checkedPlace(item.place, index)
      labels.set(item.label, { slot, item: { ...item, ...(place !== undefined && { place }) } })
    } else {
      const instruction = checked(item, index)
      placed.push({ instruction, slot })
      slot += slotsOf(instruction)
    }
  }
  const end = [...labels.values()].find((label) => label.slot === slot)
  if (end !== undefined) throw invalidArgument(`label '${end.item.label}' is behind the last instruction`)
  const slotOf = ({ name }: Extract<Reference, { kind: 'label' }>): number => {
    const label = labels.get(name)
    if (label !== undefined) return label.slot
    const known = labels.size === 0 ? 'there are none' : `there are ${[...labels.keys()].join(', ')}`
    throw invalidArgument(`no label is named '${name}' (${known})`)
  }
  const instructions = placed.map(({ instruction, slot }) => {
    const { reference, place, ...fields } = instruction
    const resolved =
      reference?.kind === 'label' ? { ...fields, ...distance(instruction, slot, slotOf(reference)) } : fields
    return { fields: resolved, slot, place }
  })
  return {
    instructions,
    functions: functionsOf(name, instructions, [...labels.values()]),
    maps: placed.flatMap(({ instruction: { reference }, slot }) =>
      reference?.kind === 'map' ? [{ slot, map: reference.map }] : [],
    ),
    kernelFunctions: placed.flatMap(({ instruction: { reference } }, index) =>
      reference?.kind === 'kernelFunction' ? [{ index, name: reference.name }] : [],
    ),
  }
}

function isLabel(item: Item): item is Label {
  return typeof item === 'object' && (item as unknown) !== null && typeof (item as Label).label === 'string'
}

const BOUNDS: Readonly<Record<keyof InstructionFields, readonly [number, number]>> = {
  opcode: [0, 0xff],
  destination: [0, 10],
  source: [0, 10],
  offset: [-0x8000, 0x7fff],
  immediate: [-0x8000_0000, 0x7fff_ffff],
  upper: [-0x8000_0000, 0x7fff_ffff],
}

/** A copy: what a user made by hand may have getters, which give something else the next time. */
function checked(item: unknown, index: number): Instruction {
  if (typeof item !== 'object' || item === null) {
    throw invalidArgument(`instructions[${index}] must be an instruction or a label, not ${inspectBriefly(item)}`)
  }
  const instruction = { ...(item as Instruction) }
  for (const [field, [least, most]] of Object.entries(BOUNDS) as [keyof InstructionFields, [number, number]][]) {
    const value = instruction[field]
    if (field === 'upper' && value === undefined) continue
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw invalidArgument(
        `instructions[${index}].${field} must be an integer from ${least} to ${most}, not ${inspectBriefly(value)}`,
      )
    }
  }
  const { opcode, reference } = instruction
  if (formOf(instruction) === undefined || (instruction.upper !== undefined) !== isWide(opcode)) {
    throw invalidArgument(`instructions[${index}], with opcode 0x${opcode.toString(16)}, is no instruction`)
  }
  const place = checkedPlace(instruction.place, index)
  const { place: _, reference: __, ...fields } = instruction
  return {
    ...fields,
    ...(reference !== undefined && { reference: checkedReference(reference, instruction, index) }),
    ...(place !== undefined && { place }),
  }
}

/** A reference becomes a field of the instruction: of another instruction that field is something else. */
function checkedReference(given: unknown, fields: InstructionFields, index: number): Reference {
  const where = `instructions[${index}].reference`
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument(`${where} must be a label, a map or a function of the kernel, not ${inspectBriefly(given)}`)
  }
  const reference = { ...(given as Reference) }
  if (!takes(reference.kind, fields)) {
    throw invalidArgument(`${where}, of kind ${inspectBriefly(reference.kind)}, is not for '${formOf(fields)?.text}'`)
  }
  if (reference.kind === 'map') {
    if (reference.map instanceof BpfMap) return reference
    throw invalidArgument(`${where}.map must be a map, not ${inspectBriefly(reference.map)}`)
  }
  if (typeof reference.name === 'string') return reference
  throw invalidArgument(`${where}.name must be a string, not ${inspectBriefly(reference.name)}`)
}

function takes(kind: unknown, fields: InstructionFields): boolean {
  const { opcode, source } = fields
  const isCall = opcode === (CLASS.jmp | JUMP.call)
  switch (kind) {
    case 'map':
      return isWide(opcode) && (source === PSEUDO.mapFd || source === PSEUDO.mapValue)
    case 'kernelFunction':
      return isCall && source === CALL.kernelFunction
    case 'label':
      return namesFunction(fields) || jumps(opcode)
    default:
      return false
  }
}

/** By a distance: calls, ends and jumps to what is in a register have none. */
function jumps(opcode: number): boolean {
  const kind = opcode & 7
  const others: readonly number[] = [
    CLASS.jmp | JUMP.call,
    CLASS.jmp | JUMP.exit,
    CLASS.jmp | JUMP.ja | SOURCE_REGISTER,
  ]
  return (kind === CLASS.jmp || kind === CLASS.jmp32) && !others.includes(opcode)
}

function checkedPlace(given: unknown, index: number): SourcePlace | undefined {
  if (given === undefined || given === null) return undefined
  const { file, line, column, text } = Object(given) as SourcePlace
  const isNumber = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0
  if (
    typeof file === 'string' &&
    isNumber(line) &&
    isNumber(column) &&
    (text === undefined || typeof text === 'string')
  ) {
    return { file, line, column, ...(text !== undefined && { text }) }
  }
  throw invalidArgument(
    `instructions[${index}].place must have a file, a line and a column, not ${inspectBriefly(given)}`,
  )
}

/** A call of a function of the program, or a load of its address: both have its distance in their immediate. */
function namesFunction({ opcode, source }: InstructionFields): boolean {
  if (isWide(opcode)) return source === PSEUDO.function
  return opcode === (CLASS.jmp | JUMP.call) && source === CALL.function
}

/** From the next slot; the second half of a 64-bit load does not count. */
function distance(instruction: Instruction, slot: number, target: number): Partial<InstructionFields> {
  const slots = target - slot - 1
  if (namesFunction(instruction) || instruction.opcode === (CLASS.jmp32 | JUMP.ja)) return { immediate: slots }
  if (slots >= -0x8000 && slots <= 0x7fff) return { offset: slots }
  const { reference } = instruction as { reference: { name: string } }
  const message = `label '${reference.name}' is ${slots} slots away from the jump at slot ${slot}, more than 16 bits say: gotol() reaches further`
  throw Object.assign(new RangeError(message), { code: 'ERR_EBPF_OUT_OF_RANGE' })
}

/**
 * Those that are called, or whose address is loaded, by a label or by a distance: the kernel counts no others, and refuses a program
 * whose functions are not those that it counts (check_btf_func of kernel/bpf/verifier.c).
 */
function functionsOf(
  name: string,
  instructions: Code['instructions'],
  labels: readonly { slot: number; item: Label }[],
): CodeFunction[] {
  const slots = new Set(instructions.map(({ slot }) => slot))
  const called = instructions
    .filter(({ fields }) => namesFunction(fields))
    .map(({ fields, slot }) => slot + 1 + fields.immediate)
    .filter((slot) => slots.has(slot))
  return [...new Set([0, ...called])]
    .sort((one, other) => one - other)
    .map((slot) => {
      const here = labels.filter((label) => label.slot === slot)
      const label = (here.find(({ item }) => item.function) ?? (called.includes(slot) ? here[0] : undefined))?.item
      return { name: label?.label ?? (slot === 0 ? name : `function_${slot}`), slot, place: label?.place }
    })
}

/**
 * The bytes of a program whose references are all labels: what a section of an object file would hold.
 *
 * @throws TypeError where a map or a function of the kernel is named, which only `loadProgram` finds
 */
export function encode(items: readonly Item[], options: ByteOrderOptions = {}): Uint8Array {
  const { instructions, maps, kernelFunctions } = codeOf(items, 'main')
  const [map] = maps
  if (map !== undefined)
    throw invalidArgument(`map '${map.map.name}' has a number only while it is loaded: see loadProgram`)
  const [kernelFunction] = kernelFunctions
  if (kernelFunction !== undefined) {
    throw invalidArgument(
      `function '${kernelFunction.name}' of the kernel has a number only in a kernel: see loadProgram`,
    )
  }
  return encodeFields(
    instructions.map(({ fields }) => fields),
    options,
  )
}
