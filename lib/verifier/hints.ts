/** What to do about each class of refusals, with the names of the source where the log tells them. */
import { type Facts, lostPointer, namedRegister } from './facts.ts'
import type { Origin } from './origin.ts'

/** @param words the verifier's own sentence */
export type Hint = (facts: Facts, words: string) => string

/** @internal */
export const originOf = (facts: Facts, words: string): Origin | undefined => {
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
  const argument = argumentInLine(facts, origin, words)
  if (argument !== undefined) return `${argument} may be NULL. Keep it in a variable, and check that before the call.`
  const pointer = name(origin, 'the pointer')
  const check = origin?.variable === undefined ? 'if (!pointer) return 0;' : `if (!${origin.variable}) return 0;`
  return capital(`${pointer}${from(facts, origin)} may be NULL. Check it before it is used: ${check}`)
}

/** Read in the line of the call that takes it: the variable of that line is the call's result. */
function argumentInLine(facts: Facts, origin: Origin | undefined, words: string): string | undefined {
  const { call, stopped } = facts
  if (call === undefined || origin?.loaded !== true || stopped?.source === undefined) return undefined
  const isOneLine = origin.source === stopped.source && new RegExp(`\\b${call}\\s*\\(`).test(stopped.source.text)
  return isOneLine ? `Argument ${namedRegister(words) ?? ''} of ${call}()` : undefined
}

export const nullDereference: Hint = (facts, words) =>
  `${capital(name(originOf(facts, words), 'the pointer'))} is NULL on this way: the check before it lets only NULL through, it was set to 0, or a function of the program returned NULL.`

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
  // The offset counts from where the packet begins, as far as it is constant: with another part nobody knows it from the pointer.
  if (/\bid=[1-9]/.test(words))
    return 'An offset that is not constant was added, and what is read behind it is not compared. Compare after it was added, by the pointer that is read through: if ((void*)(header + 1) > data_end) return …; bound the offset before: at most 65535.'
  const need = Number(access[1]) + Number(access[2])
  const checked =
    range === null ? '' : Number(range[1]) === 0 ? ', and none is checked' : `, and ${range[1]} are checked`
  const pointer = usedName(facts, originOf(facts, words), 'the pointer')
  const end = facts.registers[`r${register}`]?.startsWith('pkt_meta') === true ? 'data' : 'data_end'
  return `The access ends at byte ${need} behind ${pointer}${checked}. Compare to ${end} before it: if ((void*)pointer + ${need} > ${end}) return …; an offset that is not constant must be bounded, and compared after it was added.`
}

export const mapBounds: Hint = (_facts, words) => {
  const direct = /map value pointer, value_size=(\d+) off=(\d+)/.exec(words)
  if (direct !== null || words.startsWith('direct value offset')) return directValue(direct)
  const access = /value_size=(\d+) off=(-?\d+) size=(\d+)/.exec(words)
  if (access !== null) {
    const [, size, offset, length] = access.map(Number) as [number, number, number, number]
    const bytes = length === 1 ? `byte ${offset} is` : `bytes ${offset} to ${offset + length - 1} are`
    return `The value has ${size} bytes, and ${bytes} accessed. Use the size of the map's value, or check the index.`
  }
  return 'The index has no bound that the verifier knows. Make it unsigned and check it before it is used: if (index >= sizeof(array) / sizeof(array[0])) return 0; or mask it: index &= size - 1, where size is a power of two.'
}

/** The address of a value in an instruction; the kernel says the same of too many entries and of too large an offset. */
function directValue(words: RegExpExecArray | null): string {
  const [size, offset] = words === null ? [0, 1] : [Number(words[1]), Number(words[2])]
  return offset < size
    ? 'Only an array with one entry (maxEntries 1) has an address that an instruction can hold. Look the value up by bpf_map_lookup_elem(), or put all of it into one entry.'
    : `The offset is behind the end of the value${size === 0 ? '' : `, which has ${size} bytes`}: an address in it must be smaller.`
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

/** `*(u32 *)(r1 +0) = r2` */
const STORE = /^(?:\(\w+\) )?\*\(\w+ \*\)\(r\d+ [^)]*\) = /

export const contextAccess: Hint = (facts, words) =>
  /modified|variable/.test(words)
    ? 'The context is accessed by its own pointer and at a constant offset only: read ctx->field, and do no arithmetic on ctx.'
    : STORE.test(facts.stopped?.text ?? '')
      ? "The program's type does not let this field of its context be written, or only in another size. Look for a helper that changes it, such as bpf_skb_change_tail() for the length of a packet."
      : "The program's type has no such field in its context, or gives it in another size. Look at the context's struct in linux/bpf.h, and use whole fields; the section must be that of the context."

export const socketField: Hint = (_facts, words) =>
  / sock_common /.test(words)
    ? 'Of this socket only the fields that all kinds of sockets have can be read (bound_dev_if, family, addresses and ports, state). Get the others by bpf_sk_fullsock() or bpf_tcp_sock(), whose result may be NULL.'
    : 'This socket has no such field, or gives it in another size. Look at struct bpf_sock, bpf_tcp_sock or bpf_xdp_sock in linux/bpf.h.'

export const kernelStruct: Hint = (_facts, words) => {
  const struct = /beyond struct (\w+)|is (?:\w+_)?ptr_(\w+)/.exec(words)?.slice(1).find(Boolean)
  const name = struct === undefined ? "the kernel's struct" : `struct ${struct}`
  return `Of ${name} only its own fields can be read, at constant offsets. Look whether the pointer is of this type, and copy an array before it is indexed: bpf_probe_read_kernel(buffer, sizeof(buffer), pointer->array).`
}

export const otherMemory: Hint = (_facts, words) =>
  /user memory/.test(words)
    ? 'This is memory of the process, not of the kernel: copy it by bpf_probe_read_user() or bpf_core_read_user().'
    : "This is each CPU's own memory: get its address by bpf_per_cpu_ptr() or bpf_this_cpu_ptr()."

export const mixedPointers: Hint = () =>
  'Different ways lead here with pointers of different kinds, such as the context and memory, and one instruction cannot read both. Read in each branch by itself: the compiler has merged them; barrier_var() or asm volatile("") between keeps them apart.'

export const readOnlyPacket: Hint = () =>
  'Programs of this type see packets, and do not change them: use XDP or tc (SEC("xdp"), SEC("tc")).'

export const readOnly: Hint = (_facts, words) =>
  words === 'only read is supported'
    ? "The kernel's own structs can only be read. What they hold is changed by helpers and functions of the kernel alone; keep what is yours in a map, such as a storage of the task or socket."
    : 'This memory can only be read: constants (.rodata), a map with BPF_F_RDONLY_PROG or a frozen one, memory of the kernel. Make the variable not const, or keep what is written in a map of its own.'

export const wrongMapType: Hint = (facts, words) => {
  if (words.startsWith('no direct value'))
    return 'Only arrays with one entry, arenas and such have values with an address that an instruction can hold: use bpf_map_lookup_elem().'
  if (words.startsWith('Sleepable'))
    return 'Sleepable programs cannot use maps of this type, on this kernel: use an array, a hash map, a ring buffer or a local storage.'
  if (words.startsWith('cannot update sockmap'))
    return 'Programs of this type cannot change sockmaps: do it in user space, or in a sockops program by bpf_sock_map_update().'
  return `${facts.call === undefined ? 'The helper' : `${facts.call}()`} does not take maps of this type: change the map's type, or use the helper that is for it.`
}

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
  const words = facts.trace.words.find((line) => /^(?:Unreleased|Leaking) reference/.test(line)) ?? ''
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
  / progs cannot use /.test(words)
    ? `${words.startsWith('socket') ? 'Socket filters' : 'Tracing programs'} cannot use bpf_spin_lock(): use atomic operations (__sync_fetch_and_add) or a per-CPU map.`
    : 'Between lock and unlock only memory may be read and written: call helpers before or after, take one lock at a time, and unlock on every way out.'

export const specialField: Hint = () =>
  'Locks, timers and other such fields belong to their helpers. Assign the other fields one by one, not the whole struct.'

export const kernelPointerField: Hint = () =>
  'A pointer of the kernel in the value of a map (__kptr) is read by itself, and changed by bpf_kptr_xchg() only.'

export const fieldAddress: Hint = () =>
  "The address must be that of the field itself (&value->lock), at its own offset, in a value whose type the map's BTF tells: __type(value, struct …)."

export const fieldNotAllowed: Hint = (_facts, words) =>
  `Programs of this type cannot use maps whose values have a ${/bpf_\w+/.exec(words)?.[0] ?? 'timer'}: use tc, XDP or cgroup programs for it.`

export const closedMap: Hint = (_facts, words) =>
  `Descriptor ${/fd (-?\d+)/.exec(words)?.[1] ?? ''} is no map of this process that is open: name the map itself, by loadMap() or loadMapValue().`

export const returnValue: Hint = (_facts, words) => {
  if (words.startsWith('cannot return stack pointer'))
    return 'A function cannot return the address of its own variable, which ends with it: let the caller give the address of one of its own.'
  const who = /^At (?:async )?callback return/.test(words) ? 'This callback may return' : "The program's type allows"
  const range = /should have been in (.*)$/.exec(words)?.[1]
  return range === undefined
    ? 'The program must return a number that its type allows, on every way out.'
    : `${who} ${rangeInWords(range)} only: return one of these on every way out.`
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
  if (words.includes('__bpf_trap'))
    return 'The compiler has put a trap where a variable has no value on this way: initialise it where it is declared.'
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

export const missingGpl: Hint = (facts) =>
  `${facts.call === undefined ? 'What the program uses' : `${facts.call}()`} is for programs under a licence that is compatible with the GPL: char LICENSE[] SEC("license") = "GPL"; or "Dual MIT/GPL" and the like.`

export const helperNotAllowed: Hint = (facts, words) => {
  const helper = /(bpf_\w+)#\d+/.exec(words)?.[1] ?? facts.call
  if (words === 'helper call is not allowed in probe')
    return `${helper === undefined ? 'This helper' : `${helper}()`} may be called in some of the functions that programs of this type attach to, and not in this one: attach to another, such as a hook of LSM.`
  return `Programs of this type cannot call ${helper === undefined ? 'this helper' : `${helper}()`}, on this kernel. Use another helper, or the type of program (SEC) that has it; ebpf.io and bpf-helpers(7) list them.`
}

export const mightSleep: Hint = (facts) =>
  `${facts.call === undefined ? 'This call' : `${facts.call}()`} may sleep: only sleepable programs (sections that end in .s, such as fentry.s or uprobe.s) may call it, and not while a lock is held.`

export const unknownHelper: Hint = (_facts, words) =>
  `This kernel has no helper number ${/#(\d+)/.exec(words)?.[1] ?? ''}: it is newer. Ask by bpf_core_enum_value_exists(enum bpf_func_id, …) before it is called.`

export const kfuncNotAllowed: Hint = (_facts, words) => {
  if (/JIT|CONFIG_|non-JITed/.test(words))
    return 'Only a kernel with a JIT compiler that is switched on (sysctl net.core.bpf_jit_enable=1) and with CONFIG_DEBUG_INFO_BTF lets programs call its functions.'
  if (words.startsWith('metadata kfuncs'))
    return 'These functions read what one network interface tells: the program must be bound to it when it is loaded.'
  return `Programs of this type may not call ${/function (\w+)/.exec(words)?.[1] ?? 'this function'}() of the kernel: use it in a type of program that may.`
}

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

export const tailCall: Hint = (_facts, words) => {
  if (words.startsWith('expected prog array'))
    return 'bpf_tail_call() takes a map of type BPF_MAP_TYPE_PROG_ARRAY: change the type of the map, or name another.'
  return /stack of previous frames/.test(words)
    ? 'Where a function of the program makes a tail call, those that lead to it may have 256 bytes of stack together: move buffers into a map, or make the tail call in the program itself.'
    : "Tail calls are made in functions that return int, of the program's own type and signature, and not while something is held."
}

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
