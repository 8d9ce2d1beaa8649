/** What to do about each class of refusals, with the names of the source where the log tells them. */
import { type Facts, lostPointer, namedRegister } from './facts.ts'
import type { Origin } from './origin.ts'

/** @param words the verifier's own sentence */
export type Hint = (facts: Facts, words: string) => string

const originOf = (facts: Facts, words: string): Origin | undefined => {
  const register = namedRegister(words)
  return register === undefined ? undefined : facts.origin(register)
}

/** `'count'`, or words for what has no name. */
const name = (origin: Origin | undefined, otherwise: string): string =>
  origin?.variable === undefined ? otherwise : `'${origin.variable}'`

/** What was computed from a variable is only called by its name where the line that uses it does so. */
const usedName = (facts: Facts, origin: Origin | undefined, otherwise: string): string => {
  const used = new RegExp(`\\b${origin?.variable}\\b(?!\\s*=[^=])`).test(facts.stopped?.source?.text ?? '')
  return used ? name(origin, otherwise) : otherwise
}

const from = (facts: Facts, origin: Origin | undefined): string =>
  origin?.call === undefined ? '' : `, from ${origin.call}()${facts.lineOf(origin.index)},`

export const unchecked: Hint = (facts, words) => {
  const origin = originOf(facts, words)
  const pointer = name(origin, 'the pointer')
  const check = origin?.variable === undefined ? 'if (!pointer) return 0;' : `if (!${origin.variable}) return 0;`
  return capital(`${pointer}${from(facts, origin)} may be NULL. Check it before it is used: ${check}`)
}

export const nullDereference: Hint = (facts, words) =>
  `${capital(name(originOf(facts, words), 'the pointer'))} is NULL on this way: the check before it lets only NULL through, or it was set to 0.`

export const stalePacket: Hint = (facts, words) => {
  const lost = lostPointer(facts, namedRegister(words) ?? -1)
  const by = lost === undefined || lost.call === '' ? 'a function that may move the packet' : `${lost.call}()`
  const line = lost === undefined ? '' : facts.lineOf(lost.index)
  return `${capital(name(lost?.origin, 'the pointer'))} is not valid after ${by}${line}, which may move the packet. Read data and data_end from the context again, and compare again.`
}

export const afterRelease: Hint = (facts, words) => {
  const lost = lostPointer(facts, namedRegister(words) ?? -1)
  const by =
    lost === undefined ? 'the call that gave it back' : `${lost.call}()${facts.lineOf(lost.index)}, which gave it back`
  return `${capital(name(lost?.origin, 'the memory'))} may not be used after ${by}. Use it before that call, and give it back once.`
}

export const invalidPointer: Hint = (facts, words) => {
  const what = capital(name(originOf(facts, words), 'this value'))
  return `${what} is no pointer that the verifier knows. Read memory of the kernel by bpf_probe_read_kernel() or BPF_CORE_READ(), memory of the process by bpf_probe_read_user().`
}

export const untrustedPointer: Hint = () =>
  'The kernel does not keep this pointer valid. Get it from a function that acquires it, from an argument of the program, or read it between bpf_rcu_read_lock() and bpf_rcu_read_unlock(); a field read from it must be trusted too.'

/** MAX_PACKET_OFF of kernel/bpf/verifier.c. */
const LONGEST_PACKET = 0xffff

export const packetBounds: Hint = (facts, words) => {
  const access = /off=(-?\d+) size=(\d+)/.exec(words)
  const range = /\br=(\d+)/.exec(words)
  if (access === null)
    return 'Compare the end of what is read to data_end first: if (pointer + size > data_end) return …;'
  const register = namedRegister(words)
  const most = /\bumax(?:_value)?=(0x[\da-f]+|\d+)/.exec(facts.registers[`r${register}`] ?? '')?.[1]
  if (Number(most) > LONGEST_PACKET)
    return `The offset that was added may be up to ${Number(most)}, and a comparison to data_end counts only up to ${LONGEST_PACKET}, the most bytes that a packet has. Bound the offset before it is added: offset &= 0x3fff;`
  const need = Number(access[1]) + Number(access[2])
  const checked =
    range === null ? '' : Number(range[1]) === 0 ? ', and none is checked' : `, and ${range[1]} are checked`
  const pointer = usedName(facts, originOf(facts, words), 'the pointer')
  return `The access ends at byte ${need} behind ${pointer}${checked}. Compare to data_end before it: if ((void*)pointer + ${need} > data_end) return …; an offset that is not constant must be bounded, and compared after it was added.`
}

export const mapBounds: Hint = (_facts, words) => {
  const access = /value_size=(\d+) off=(-?\d+) size=(\d+)/.exec(words)
  if (access !== null) {
    const [, size, offset, length] = access.map(Number) as [number, number, number, number]
    return `The value has ${size} bytes, and bytes ${offset} to ${offset + length - 1} are accessed. Use the size of the map's value, or check the index.`
  }
  return 'The index has no bound that the verifier knows. Make it unsigned and check it before it is used: if (index >= sizeof(array) / sizeof(array[0])) return 0; or mask it: index &= size - 1, where size is a power of two.'
}

export const memoryBounds: Hint = (facts, words) => {
  const size = /mem_size=(\d+)/.exec(words)?.[1]
  const origin = originOf(facts, words)
  const what = capital(name(origin, 'this memory'))
  return `${what}${from(facts, origin)} has ${size === undefined ? 'fewer bytes than are accessed' : `${size} bytes`}. Ask for all that is used, or check the offset before it is added.`
}

export const argumentSize: Hint = (facts) =>
  `The verifier must know bounds of the size that ${facts.call === undefined ? 'the call' : `${facts.call}()`} gets: more than 0 where memory is read, and at most the size of the buffer. Make it unsigned and check it: if (size == 0 || size > sizeof(buffer)) return 0;`

export const misaligned: Hint = () =>
  'The offset must be a multiple of the size of the access. Align the field, or copy it by __builtin_memcpy() into one that is.'

export const stackOverflow: Hint = () =>
  'Programs have 512 bytes of stack, all functions that call each other together. Put large buffers into a per-CPU array map with one entry, or make functions __always_inline, or fewer.'

export const uninitialisedStack: Hint = () =>
  'Not all bytes that are read here were written, on this way. Initialise the variable where it is declared: struct key key = {}; padding is read too, so clear it by __builtin_memset().'

export const stackBounds: Hint = () =>
  'The access goes beyond the variable on the stack, or its offset has no bound. Give the call the size of the buffer (sizeof), and check an index before it is used.'

export const contextAccess: Hint = (_facts, words) =>
  /modified|variable/.test(words)
    ? 'The context is accessed by its own pointer and at a constant offset only: read ctx->field, and do no arithmetic on ctx.'
    : "The program's type has no such field in its context, gives it in another size, or does not let it be written. Look at the context's struct in linux/bpf.h, and use whole fields; the section must be that of the context."

export const readOnly: Hint = () =>
  'This memory can only be read: constants (.rodata), a map with BPF_F_RDONLY_PROG or a frozen one, memory of the kernel. Make the variable not const, or keep what is written in a map of its own.'

export const wrongMapType: Hint = (facts) =>
  `${facts.call === undefined ? 'The helper' : `${facts.call}()`} does not take maps of this type: change the map's type, or use the helper that is for it.`

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

export const invalidRelease: Hint = (facts) =>
  `${facts.call === undefined ? 'The call' : `${facts.call}()`} gives back what was acquired, as it was: the same pointer, not one that was changed, and not one that came from elsewhere.`

export const leakedReference: Hint = (facts) => {
  const words = facts.trace.words.find((line) => line.startsWith('Unreleased reference')) ?? ''
  const number = /alloc_insn=(\d+)/.exec(words)?.[1]
  const entry = facts.trace.entries.find((each) => each.kind === 'instruction' && String(each.number) === number)
  const text = entry?.kind === 'instruction' ? entry.text : ''
  const line = entry?.kind === 'instruction' && entry.source?.line !== undefined ? ` in line ${entry.source.line}` : ''
  const call = /call (\w+)#/.exec(text)?.[1]
  const what = call === undefined ? 'What was acquired' : `What ${call}()${line} gave`
  return `${what} is not given back on this way. ${releaseOf(call)} on every way out, early returns too.`
}

function releaseOf(call: string | undefined): string {
  if (call?.startsWith('bpf_ringbuf_reserve_dynptr'))
    return 'Call bpf_ringbuf_submit_dynptr() or bpf_ringbuf_discard_dynptr()'
  if (call?.startsWith('bpf_ringbuf_reserve')) return 'Call bpf_ringbuf_submit() or bpf_ringbuf_discard()'
  if (call !== undefined && /^bpf_skc?_lookup/.test(call)) return 'Call bpf_sk_release()'
  if (call !== undefined && /^bpf_task_/.test(call)) return 'Call bpf_task_release()'
  if (call !== undefined && /^bpf_cgroup_/.test(call)) return 'Call bpf_cgroup_release()'
  const iterator = call === undefined ? null : /^bpf_iter_(\w+)_new$/.exec(call)
  if (iterator !== null) return `Call bpf_iter_${iterator[1]}_destroy()`
  if (call?.startsWith('bpf_obj_new') === true) return 'Call bpf_obj_drop(), or put it into a list or tree,'
  return 'Release it'
}

export const lockHeld: Hint = (_facts, words) =>
  words.startsWith('tracing progs')
    ? 'Tracing programs cannot use bpf_spin_lock(): use atomic operations (__sync_fetch_and_add) or a per-CPU map.'
    : 'Between lock and unlock only memory may be read and written: call helpers before or after, take one lock at a time, and unlock on every way out.'

export const specialField: Hint = () =>
  'Locks, timers and other such fields belong to their helpers. Assign the other fields one by one, not the whole struct.'

export const returnValue: Hint = (_facts, words) => {
  const range = /should have been in (.*)$/.exec(words)?.[1]
  return range === undefined
    ? 'The program must return a number that its type allows, on every way out.'
    : `The program's type allows ${rangeInWords(range)} only: return one of these on every way out.`
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
  if (register === 0) return 'The program ends without a value: return a number on every way out.'
  const calls = facts.trace.entries.some((entry) => entry.kind === 'instruction' && entry.text.startsWith('(85)'))
  const lost = calls && register !== undefined && register <= 5 ? ' A call leaves nothing in R1 to R5.' : ''
  return `Nothing was written to R${register ?? ''} on this way. Initialise the variable where it is declared.${lost}`
}

export const dynptr: Hint = () =>
  'A dynptr is a variable on the stack that bpf_dynptr_from_*() or bpf_ringbuf_reserve_dynptr() makes first; it is not written to otherwise, and not used after it was given back.'

export const iteratorOrder: Hint = () =>
  'An iterator is made by bpf_iter_*_new(), asked by bpf_iter_*_next(), and destroyed by bpf_iter_*_destroy() once, in this order. bpf_for() and bpf_for_each() do all of it.'

export const notConstant: Hint = (facts) =>
  `${facts.call === undefined ? 'The call' : `${facts.call}()`} takes a constant here, known when the program is loaded: use a number, or a const volatile global that is set before loading.`

export const argumentType: Hint = (facts, words) => {
  const match = /R(\d+) type=(\S+) expected=(.*)$/.exec(words)
  const call = facts.call === undefined ? 'the call' : `${facts.call}()`
  if (match === null) return `Look at the arguments that ${call} takes, in bpf/bpf_helper_defs.h.`
  const given = match[2] === 'inv' || match[2] === 'scalar' ? 'a number' : match[2]
  return `Argument ${match[1]} of ${call} is ${given}, and must be one of: ${match[3]}. Give the address of a variable where a pointer is wanted (&key), and a string or map as what it is declared.`
}

export const otherMap: Hint = () =>
  'The map that goes with a timer is the one that its value is in: give both from the same map.'

export const atomicAccess: Hint = () =>
  'Atomic operations work on the stack, values of maps and arenas only. Use a plain read and write here, or keep the number in a map.'

export const pointerArithmetic: Hint = () =>
  'Numbers that have a bound may be added to this pointer, or subtracted; pointers are not added, masked or multiplied. Do the arithmetic on an offset first, check it, and add it then.'

export const pointerLeak: Hint = () =>
  'A pointer of the kernel may not leave the program: store the number that it points to.'

export const missingGpl: Hint = (facts) =>
  `${facts.call === undefined ? 'What the program uses' : `${facts.call}()`} is for programs under a licence that is compatible with the GPL: char LICENSE[] SEC("license") = "GPL"; or "Dual MIT/GPL" and the like.`

export const helperNotAllowed: Hint = (facts, words) => {
  const helper = /(bpf_\w+)#\d+/.exec(words)?.[1] ?? facts.call
  return `Programs of this type cannot call ${helper === undefined ? 'this helper' : `${helper}()`}, on this kernel. Use another helper, or the type of program (SEC) that has it; ebpf.io and bpf-helpers(7) list them.`
}

export const mightSleep: Hint = (facts) =>
  `${facts.call === undefined ? 'This call' : `${facts.call}()`} may sleep: only sleepable programs (sections that end in .s, such as fentry.s or uprobe.s) may call it, and not while a lock is held.`

export const unknownHelper: Hint = (_facts, words) =>
  `This kernel has no helper number ${/#(\d+)/.exec(words)?.[1] ?? ''}: it is newer. Ask by bpf_core_enum_value_exists(enum bpf_func_id, …) before it is called.`

export const kfuncNotAllowed: Hint = (_facts, words) =>
  `Programs of this type may not call ${/function (\w+)/.exec(words)?.[1] ?? 'this function'}() of the kernel: use it in a type of program that may.`

export const unknownKfunc: Hint = (_facts, words) =>
  `This kernel has no function ${/'([^']*)'/.exec(words)?.[1] ?? ''}() that programs may call. Ask before it is called: if (bpf_ksym_exists(…)).`

export const uncreatedMap: Hint = () =>
  'The map was left out by autocreate = false, and the program uses it: have it created, or have code that uses it behind a constant that is false.'

export const coreRelocation: Hint = (_facts, words) => {
  const what = /relocation <\w+> \[\d+\] (.*?)(?: \(\d|$)/.exec(words)?.[1]
  const ask = /\benum\b/.test(words)
    ? 'bpf_core_enum_value_exists()'
    : /type_/.test(words)
      ? 'bpf_core_type_exists()'
      : 'bpf_core_field_exists()'
  return `This kernel does not have ${what ?? 'what is read here'}, or has it otherwise. Ask by ${ask} before it is used, or look for the name that this kernel has (npx ebpf vmlinux).`
}

export const unreachable: Hint = () => 'Nothing leads to this code: remove it, or the return or jump before it.'

export const noExit: Hint = () =>
  'Every function ends in a return. Look for one whose last statement is a loop without end, a call that does not return, or assembly.'

export const jumpOutOfRange: Hint = () => 'A jump must stay in its function: correct the offset in the assembly.'

export const invalidInstruction: Hint = (_facts, words) => {
  if (/by zero/.test(words)) return 'The divisor is the constant 0: divide by another number.'
  if (/shift/.test(words)) return 'Shift by 0 to 63, or 31 for 32-bit values.'
  return 'This kernel does not know the instruction. Compile for an older instruction set (-mcpu=v3, or v2).'
}

export const tailCall: Hint = () =>
  "Tail calls are made in functions that return int, of the program's own type and signature, and not while something is held."

export const globalFunction: Hint = () =>
  'A global function is verified alone: its arguments are the context, numbers, or pointers to structs of known size (Linux 5.12), which it must compare to NULL. Make it static to have it verified where it is called.'

export const invalidBtf: Hint = (_facts, words) =>
  /number of funcs/.test(words)
    ? 'Kernels before Linux 5.13 count no functions whose address is taken: they have no callbacks. Otherwise compile it anew by clang -g: the BTF is not of this code.'
    : 'The BTF is not of this code: compile it anew by clang -g, and let nothing change the object afterwards.'

export const attachTarget: Hint = () =>
  'This function of the kernel does not take such a program: fmod_ret needs one that allows errors to be injected or a hook of LSM, sleepable programs one that may sleep.'

export const structOps: Hint = () => 'The kernel takes no program for this member of the struct: leave it out.'

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
