/** What to do about how a program goes on and ends, and of what it is made. */
import { namedRegister } from './facts.ts'
import type { Hint } from './hint.ts'

export const infiniteLoop: Hint = () =>
  'The loop comes back to where it was with nothing changed, so it never ends. Count up a variable that the condition tests.'

export const unboundedLoop: Hint = () =>
  'The verifier walks each round of a loop, and sees no end. Bound it by a constant: for (int i = 0; i < 64; i++) { if (done) break; … }, or use bpf_loop() (Linux 5.17) or bpf_for() (6.4).'

export const tooComplex: Hint = () =>
  'The verifier walks every way through the program, at most 1,000,000 instructions. Bound loops by a smaller constant or use bpf_loop() (Linux 5.17), move parts into global functions, which are verified once, or split the program by tail calls.'

export const callDepth: Hint = () =>
  'At most eight functions may be on the stack. Make some of them __always_inline; what calls itself must become a loop with a bound.'

export const recursion: Hint = () =>
  'No function may call itself, nor one that calls it. Write it as a loop with a bound.'

export const returnValue: Hint = (_facts, words) => {
  if (words.startsWith('cannot return stack pointer'))
    return 'A function cannot return the address of its own variable, which ends with it: let the caller give the address of one of its own.'
  const who = /^At (?:async )?callback/.test(words) ? 'This callback may return' : "The program's type allows"
  const range = /should have been in (.*)$/.exec(words)?.[1]
  return range === undefined
    ? 'The program must return a number that its type allows, on every way out.'
    : `${who} ${rangeInWords(range)} only: return nothing else on any way out.`
}

/** `[0, 1]` since Linux 6.8; before it value and mask of what is not known, `(0x0; 0x1)`. */
function rangeInWords(range: string): string {
  const interval = /^\[(-?\d+), (-?\d+)\]/.exec(range)
  if (interval !== null) return interval[1] === interval[2] ? `${interval[1]}` : `${interval[1]} to ${interval[2]}`
  const known = /^\((0x[0-9a-f]+); (0x[0-9a-f]+)\)/.exec(range)
  if (known === null) return range
  const first = BigInt(known[1] as string)
  const last = first + BigInt(known[2] as string)
  return first === last ? `${first}` : `${first} to ${last}`
}

export const uninitialisedRegister: Hint = (facts, words) => {
  const register = namedRegister(words)
  if (words.startsWith('frame pointer'))
    return 'r10 is where the stack ends, and can only be read: copy it into another register, and change that.'
  if (words.includes('__bpf_trap'))
    return 'The compiler has put a trap where a variable has no value on this way: initialise it where it is declared.'
  if (register === 0) return 'The program ends without a value: return a number on every way out.'
  const calls = facts.trace.entries.some((entry) => entry.kind === 'instruction' && entry.text.startsWith('(85)'))
  const lost = calls && register !== undefined && register <= 5 ? ' A call leaves nothing in R1 to R5.' : ''
  return `Nothing was written to R${register ?? ''} on this way. Initialise the variable where it is declared.${lost}`
}

export const iteratorOrder: Hint = () =>
  'An iterator is made by bpf_iter_*_new(), asked by bpf_iter_*_next(), and destroyed by bpf_iter_*_destroy() once, in this order. bpf_for() and bpf_for_each() do all of it.'

export const notConstant: Hint = (facts) =>
  facts.call === 'bpf_ringbuf_reserve'
    ? 'bpf_ringbuf_reserve() takes a constant size: reserve the most that a record can have. For records of any size there are bpf_ringbuf_reserve_dynptr() (Linux 5.19) and bpf_ringbuf_output(), which copies.'
    : `${facts.call === undefined ? 'The call' : `${facts.call}()`} takes a constant here, known when the program is loaded: use a number, or a const volatile global that is set before loading.`

export const otherMap: Hint = () =>
  'The map that goes with a timer is the one that its value is in: give both from the same map.'

export const atomicAccess: Hint = () =>
  'Atomic operations work on the stack, values of maps and arenas only. Use a plain read and write here, or keep the number in a map.'

export const pointerArithmetic: Hint = () =>
  'Numbers that have a bound may be added to this pointer, or subtracted; pointers are not added, masked or multiplied. Do the arithmetic on an offset first, check it, and add it then.'

export const pointerLeak: Hint = () =>
  'A pointer of the kernel may not leave the program: store the number that it points to.'

export const unreachable: Hint = () => 'Nothing leads to this code: remove it, or the return or jump before it.'

export const noExit: Hint = () =>
  'Every function ends in a return. Look for one whose last statement is a loop without end, a call that does not return, or assembly.'

export const jumpOutOfRange: Hint = () => 'A jump must stay in its function: correct the offset in the assembly.'

export const invalidInstruction: Hint = (_facts, words) => {
  if (/by zero/.test(words)) return 'The divisor is the constant 0: divide by another number.'
  if (/shift/.test(words)) return 'Shift by 0 to 63, or 31 for 32-bit values.'
  return 'This kernel does not know the instruction. Compile for an older instruction set (-mcpu=v3, or v2).'
}

export const packetLoad: Hint = (_facts, words) =>
  /R6/.test(words)
    ? 'The context must be in r6: loads of this kind take the packet from there.'
    : /LD_ABS/.test(words)
      ? 'A function that reads a packet so must return int, and have BTF: its caller ends with it where the packet is too short.'
      : 'load_byte(), load_half() and load_word() are for socket filters and tc. In XDP compare to data_end, or copy by bpf_xdp_load_bytes().'

export const arenaInstruction: Hint = () =>
  'The program has no arena: it must name one, by loadMap() or in C, and casts go between its address spaces 0 and 1 only.'

export const neverSleeps: Hint = (_facts, words) =>
  words.startsWith('Syscall')
    ? 'Programs of type syscall must be sleepable: their section is syscall, or they have the flag BPF_F_SLEEPABLE.'
    : 'Programs of this type never sleep: take the .s out of the section. uprobe.s, fentry.s, fexit.s, fmod_ret.s, lsm.s, iter.s, struct_ops.s and syscall may.'

export const replaced: Hint = () =>
  'A program of type freplace has the arguments and the result of the function that it stands for, which is a global one of a program with BTF and is not one of the kernel.'

export const tailCallMap: Hint = () =>
  'bpf_tail_call() takes a map of type BPF_MAP_TYPE_PROG_ARRAY: change the type of the map, or name another.'

export const tailCall: Hint = (_facts, words) =>
  /stack of previous frames/.test(words)
    ? 'Where a function of the program makes a tail call, those that lead to it may have 256 bytes of stack together: move buffers into a map, or make the tail call in the program itself.'
    : "Tail calls are made in functions that return int, of the program's own type and signature, and not while something is held."

export const globalFunction: Hint = () =>
  'A global function is verified alone: its arguments are the context, numbers, or pointers to structs of known size (Linux 5.12), which it must compare to NULL. Make it static to have it verified where it is called.'

export const invalidBtf: Hint = (_facts, words) =>
  /number of funcs/.test(words)
    ? 'Kernels before Linux 5.13 count no functions whose address is taken: they have no callbacks. Otherwise compile it anew by clang -g: the BTF is not of this code.'
    : 'The BTF is not of this code: compile it anew by clang -g, and let nothing change the object afterwards.'

export const attachTarget: Hint = () =>
  'This function of the kernel does not take such a program: fmod_ret needs one that allows errors to be injected or a hook of LSM, sleepable programs one that may sleep.'

export const structOps: Hint = () => 'The kernel takes no program for this member of the struct: leave it out.'
