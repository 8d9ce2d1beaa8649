/** How an opcode is made: `class | mode or operation | size or source` (RFC 9669, linux/bpf.h). */

/** The three lowest bits. */
export const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, jmp32: 6, alu64: 7 } as const

/** Of arithmetic, in the four highest bits. */
export const ARITHMETIC = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
  end: 0xd0,
} as const

/** Of jumps, in the four highest bits. */
export const JUMP = {
  ja: 0x00,
  jeq: 0x10,
  jgt: 0x20,
  jge: 0x30,
  jset: 0x40,
  jne: 0x50,
  jsgt: 0x60,
  jsge: 0x70,
  call: 0x80,
  exit: 0x90,
  jlt: 0xa0,
  jle: 0xb0,
  jslt: 0xc0,
  jsle: 0xd0,
  jcond: 0xe0,
} as const

/** How memory is addressed, in the three highest bits. */
export const MODE = { imm: 0x00, abs: 0x20, ind: 0x40, mem: 0x60, memsx: 0x80, atomic: 0xc0 } as const

/** Bytes that are loaded or stored. */
export const SIZE = { u32: 0x00, u16: 0x08, u8: 0x10, u64: 0x18 } as const

/** The second operand is a register, not the immediate. */
export const SOURCE_REGISTER = 0x08

/** In the immediate of an atomic operation: what was there before is the result. */
export const FETCH = 0x01

/** Immediates of atomic operations that are no arithmetic. */
export const ATOMIC = { xchg: 0xe1, cmpxchg: 0xf1, loadAcquire: 0x100, storeRelease: 0x110 } as const

/** What the source register's field of a 64-bit load says of its immediate (BPF_PSEUDO_* of linux/bpf.h). */
export const PSEUDO = { mapFd: 1, mapValue: 2, btfId: 3, function: 4, mapIndex: 5, mapIndexValue: 6 } as const

/** What the source register's field of a call says. */
export const CALL = { helper: 0, function: 1, kernelFunction: 2 } as const

/** `BPF_MAY_GOTO` of linux/bpf.h. */
export const MAY_GOTO = 0

/** In the offset of a move: it is not a number but an address in this CPU's memory (kernel/bpf/disasm.c). */
export const PER_CPU_ADDRESS = -1
/** In the offset of a move: the address of an arena becomes one of another address space (`BPF_ADDR_SPACE_CAST`). */
export const ADDRESS_SPACE_CAST = 1

/** Bytes of an instruction; a 64-bit load is two. */
export const SLOT_BYTES = 8

/** Of an arithmetic or jump class: 32 bits wide. */
export function isNarrow(opcode: number): boolean {
  const which = opcode & 7
  return which === CLASS.alu || which === CLASS.jmp32
}

/** Whether it is the first half of a load of 64 bits. */
export function isWide(opcode: number): boolean {
  return opcode === (CLASS.ld | MODE.imm | SIZE.u64)
}
