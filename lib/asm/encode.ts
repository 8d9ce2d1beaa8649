/** Instructions as bytes, and back: `struct bpf_insn` of linux/bpf.h, as it lies in memory. */
import { endianness } from 'node:os'
import { types } from 'node:util'
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { formOf } from './form.ts'
import type { InstructionFields } from './instruction.ts'
import { isWide, SLOT_BYTES } from './opcode.ts'

/** Of bytes. */
export interface ByteOrderOptions {
  /** This machine's by default. */
  endianness?: 'little' | 'big'
}

/** How many slots of 8 bytes an instruction takes. */
export function slotsOf({ opcode }: Pick<InstructionFields, 'opcode'>): 1 | 2 {
  return isWide(opcode) ? 2 : 1
}

/** Fields as bytes: nothing may be left to be resolved. */
export function encodeFields(instructions: readonly InstructionFields[], options: ByteOrderOptions = {}): Uint8Array {
  const little = isLittle(options)
  const slots = instructions.reduce((sum, instruction) => sum + slotsOf(instruction), 0)
  const bytes = new Uint8Array(slots * SLOT_BYTES)
  const view = new DataView(bytes.buffer)
  let place = 0
  for (const { opcode, destination, source, offset, immediate, upper = 0 } of instructions) {
    view.setUint8(place, opcode)
    view.setUint8(place + 1, little ? (source << 4) | destination : (destination << 4) | source)
    view.setInt16(place + 2, offset, little)
    view.setInt32(place + 4, immediate, little)
    place += SLOT_BYTES
    if (isWide(opcode)) {
      view.setInt32(place + 4, upper, little)
      place += SLOT_BYTES
    }
  }
  return bytes
}

/**
 * The instructions in bytes, such as a section of an object file.
 *
 * @throws TypeError when there is no such instruction, with its number
 */
export function decode(bytes: Uint8Array, options: ByteOrderOptions = {}): InstructionFields[] {
  if (!types.isUint8Array(bytes)) throw invalidArgument(`bytes must be a Uint8Array, not ${inspectBriefly(bytes)}`)
  const little = isLittle(options)
  if (bytes.length % SLOT_BYTES !== 0) {
    throw invalidArgument(`bytes must be whole instructions of ${SLOT_BYTES} bytes, not ${bytes.length} bytes`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const instructions: InstructionFields[] = []
  for (let place = 0; place < bytes.length; place += SLOT_BYTES) {
    const fields = fieldsAt(view, place, little)
    const number = place / SLOT_BYTES
    if (!isWide(fields.opcode)) {
      instructions.push(valid(fields, number))
      continue
    }
    place += SLOT_BYTES
    const rest = place < bytes.length ? fieldsAt(view, place, little) : undefined
    if (rest === undefined || rest.opcode !== 0 || rest.destination !== 0 || rest.source !== 0 || rest.offset !== 0) {
      throw invalidArgument(`instruction ${number} is a load of 64 bits without its second half`)
    }
    instructions.push(valid({ ...fields, upper: rest.immediate }, number))
  }
  return instructions
}

function fieldsAt(view: DataView, place: number, little: boolean): InstructionFields {
  const registers = view.getUint8(place + 1)
  const [high, low] = [registers >> 4, registers & 0xf]
  return {
    opcode: view.getUint8(place),
    destination: little ? low : high,
    source: little ? high : low,
    offset: view.getInt16(place + 2, little),
    immediate: view.getInt32(place + 4, little),
  }
}

const REGISTERS = 11

function valid(fields: InstructionFields, number: number): InstructionFields {
  const { opcode, destination, source } = fields
  const form = formOf(fields)
  const code = `0x${opcode.toString(16).padStart(2, '0')}`
  if (form === undefined) throw invalidArgument(`instruction ${number}, with opcode ${code}, is none that there is`)
  const { uses } = form
  for (const [name, value] of Object.entries(fields) as [keyof InstructionFields, number][]) {
    if (value !== 0 && !uses.includes(name)) {
      throw invalidArgument(`instruction ${number}, ${form.text}, has ${value} in its ${name}, which it does not use`)
    }
  }
  if (destination >= REGISTERS || source >= REGISTERS) {
    throw invalidArgument(`instruction ${number}, ${form.text}, names a register that there is not`)
  }
  return fields
}

function isLittle(options: ByteOrderOptions): boolean {
  const order = options.endianness ?? (endianness() === 'LE' ? 'little' : 'big')
  if (order === 'little' || order === 'big') return order === 'little'
  throw invalidArgument(`endianness must be 'little' or 'big', not ${inspectBriefly(order)}`)
}
