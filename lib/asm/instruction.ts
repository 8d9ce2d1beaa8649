/** One instruction as data: its fields, and what becomes a number only when a program is put together. */
import type { BpfMap } from '../maps/map.ts'
import type { SourcePlace } from './source-place.ts'

/** The fields of an instruction (`struct bpf_insn` of linux/bpf.h). */
export interface InstructionFields {
  readonly opcode: number
  /** Number of the destination register. */
  readonly destination: number
  /** Number of the source register, or what the immediate is. */
  readonly source: number
  /** 16 bits, signed. */
  readonly offset: number
  /** 32 bits, signed. */
  readonly immediate: number
  /** The upper 32 bits of a 64-bit load's value, signed; other instructions have none. */
  readonly upper?: number
}

/** What stands for a number that is known only in a whole program, or in the running kernel. */
export type Reference =
  /** A place in the program: the instruction's distance from it. */
  | { readonly kind: 'label'; readonly name: string }
  /** A map, or a place in the values of one of an array, bytes from its start. */
  | { readonly kind: 'map'; readonly map: BpfMap; readonly offset?: number }
  /** A function of the kernel that programs may call. */
  | { readonly kind: 'kernelFunction'; readonly name: string }

/** An instruction, as the functions of this module make it. */
export interface Instruction extends InstructionFields {
  readonly reference?: Reference
  /** Where it was made. */
  readonly place?: SourcePlace
}

/** A place in a program that jumps and calls name. */
export interface Label {
  readonly label: string
  /** Whether a function begins here: it ends where the next one begins. */
  readonly function: boolean
  readonly place?: SourcePlace
}

/** What a program is a list of. */
export type Item = Instruction | Label
