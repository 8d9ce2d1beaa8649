/** Instructions as text. */
import { types } from 'node:util'
import { type ByteOrderOptions, decode, slotsOf } from './encode.ts'
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { formOf } from './form.ts'
import type { InstructionFields } from './instruction.ts'

/**
 * The text that the kernel's verifier and bpftool write for an instruction, such as `r0 = *(u32 *)(r1 +4)`. What only programs
 * that are not yet loaded have, references to maps and functions, is written as bpftool does: `map[fd:5]`, `subprog[+7]`.
 *
 * @throws TypeError for fields that are no instruction
 */
export function instructionText(fields: InstructionFields): string {
  if (typeof fields?.opcode !== 'number') {
    throw invalidArgument(`an instruction must have an opcode, not ${inspectBriefly(fields)}: encode() puts labels in`)
  }
  const form = formOf(fields)
  if (form === undefined)
    throw invalidArgument(`no instruction has opcode 0x${fields.opcode.toString(16)} and such fields`)
  return form.text
}

/** Bytes of instructions as text: a line for each, with its number in slots, as bpftool numbers them. {@link assemble} reads it. */
export function disassemble(code: Uint8Array | readonly InstructionFields[], options: ByteOrderOptions = {}): string {
  const instructions = types.isUint8Array(code) ? decode(code, options) : (code as readonly InstructionFields[])
  let slot = 0
  const lines = instructions.map((instruction) => {
    const line = `${slot}: ${instructionText(instruction)}\n`
    slot += slotsOf(instruction)
    return line
  })
  return lines.join('')
}
