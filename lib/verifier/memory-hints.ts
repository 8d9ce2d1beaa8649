/** What to do about what a program reads and writes. */
import { type Facts, lostPointer, namedRegister } from './facts.ts'
import { type Hint, calledIn, capital, named, originOf } from './hint.ts'
import type { Origin } from './origin.ts'

export const unchecked: Hint = (facts, words) => {
  const origin = originOf(facts, words)
  const argument = argumentInLine(facts, origin, words)
  if (argument !== undefined) return `${argument} may be NULL. Keep it in a variable, and check that before the call.`
  if (origin?.loaded === true && origin.variable === undefined)
    return 'The pointer may be NULL. Read it into a variable, and check and use that: what is read from its field again is not checked yet.'
  const pointer = named(origin, 'the pointer')
  const check = origin?.variable === undefined ? 'if (!pointer) return 0;' : `if (!${origin.variable}) return 0;`
  return capital(`${pointer}${calledIn(facts, origin)} may be NULL. Check it before it is used: ${check}`)
}

/** Read in the line of the call that takes it: the variable of that line is the call's result. */
function argumentInLine(facts: Facts, origin: Origin | undefined, words: string): string | undefined {
  const { call, stopped } = facts
  if (call === undefined || origin?.loaded !== true || stopped?.source === undefined) return undefined
  const isOneLine = origin.source === stopped.source && new RegExp(`\\b${call}\\s*\\(`).test(stopped.source.text)
  return isOneLine ? `Argument ${namedRegister(words) ?? ''} of ${call}()` : undefined
}

export const nullDereference: Hint = (facts, words) =>
  `${capital(named(originOf(facts, words), 'the pointer'))} is NULL on this way: the check before it lets only NULL through, it was set to 0, or a function of the program returned NULL.`

export const stalePacket: Hint = (facts, words) => {
  const lost = lostPointer(facts, namedRegister(words) ?? -1)
  const by = lost === undefined || lost.call === '' ? 'a function that may move the packet' : `${lost.call}()`
  const line = lost === undefined ? '' : facts.lineOf(lost.index)
  const given = lost?.origin.call
  if (given !== undefined)
    return `${capital(named(lost?.origin, 'the pointer'))} is not valid after ${by}${line}, which may move what it is in. Get it again by ${given}(), and check it again.`
  return `${capital(named(lost?.origin, 'the pointer'))} is not valid after ${by}${line}, which may move the packet. Read data and data_end from the context again, and compare again.`
}

export const afterRelease: Hint = (facts, words) => {
  const lost = lostPointer(facts, namedRegister(words) ?? -1)
  const by =
    lost === undefined ? 'the call that gave it back' : `${lost.call}()${facts.lineOf(lost.index)}, which gave it back`
  return `${capital(named(lost?.origin, 'the memory'))} may not be used after ${by}. Use it before that call, and give it back once.`
}

export const invalidPointer: Hint = (facts, words) => {
  const origin = originOf(facts, words)
  const what = capital(named(origin, 'this value'))
  const callback = origin === undefined ? signatureOf(facts) : undefined
  if (callback !== undefined) return `The arguments of a callback are in the order that the helper has: ${callback}.`
  if (origin?.call === 'bpf_get_current_task')
    return `${what} is a number: bpf_get_current_task_btf() gives a pointer that can be read through. Otherwise read by BPF_CORE_READ().`
  if (origin !== undefined && isReadFromMap(facts, origin))
    return `${what} was read from the value of a map or from a global variable, where a pointer is a number only. Keep pointers in local variables and arguments; memory of the kernel or of the process can be copied by bpf_probe_read_kernel() or bpf_probe_read_user().`
  return `${what} is no pointer that the verifier knows. Read memory of the kernel by bpf_probe_read_kernel() or BPF_CORE_READ(), memory of the process by bpf_probe_read_user().`
}

const CALLBACKS: Readonly<Record<string, string>> = {
  bpf_loop: 'bpf_loop() calls long callback(__u64 index, void *context)',
  bpf_for_each_map_elem:
    'bpf_for_each_map_elem() calls long callback(struct bpf_map *map, void *key, void *value, void *context)',
  bpf_user_ringbuf_drain: 'bpf_user_ringbuf_drain() calls long callback(struct bpf_dynptr *dynptr, void *context)',
  bpf_find_vma:
    'bpf_find_vma() calls long callback(struct task_struct *task, struct vm_area_struct *vma, void *context)',
}

/** Of the helper whose callback the verifier is in. */
function signatureOf(facts: Facts): string | undefined {
  const entered = facts.path.findLast(({ kind }) => kind === 'call')?.why
  return CALLBACKS[/^the callback of (\w+)\(\)/.exec(entered ?? '')?.[1] ?? '']
}

/** `79: (79) r1 = *(u64 *)(r2 +0) ; R1=scalar() R2=map_value(…)` */
function isReadFromMap(facts: Facts, { index }: Origin): boolean {
  const entry = facts.trace.entries[index]
  const base = entry?.kind === 'instruction' ? /= \*\(\w+ \*\)\(r(\d+) /.exec(entry.text)?.[1] : undefined
  return base !== undefined && new RegExp(`\\bR${base}(?:_\\w+)?=map_value\\(`).test(entry?.state ?? '')
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
  const [what, begin, end] = /^pkt_meta/.test(facts.registers[`r${register}`] ?? '')
    ? ['metadata', 'data_meta', 'data']
    : ['packet', 'data', 'data_end']
  return `The access ends at byte ${need} of the ${what}${checked}. Compare before it: if (${begin} + ${need} > ${end}) return …; or, by the pointer that is read through: if ((void*)(header + 1) > ${end}) return …;`
}

export const mapBounds: Hint = (_facts, words) => {
  const direct = /map value pointer, value_size=(\d+) off=(\d+)/.exec(words)
  if (direct !== null || words.startsWith('direct value offset')) return directValue(direct)
  const access = /value_size=(\d+) off=(-?\d+) size=(\d+)/.exec(words)
  if (access !== null) {
    const [, size, offset, length] = access.map(Number) as [number, number, number, number]
    return `The value has ${size} bytes, and ${bytes(offset, length)} accessed. Use the size of the map's value, or check the index.`
  }
  return 'The index has no bound that the verifier knows. Make it unsigned and check it before it is used: if (index >= sizeof(array) / sizeof(array[0])) return 0; or mask it: index &= size - 1, where size is a power of two. Where it is checked already, the compiler may have left the check out: put barrier_var(index) before it.'
}

/** The address of a value in an instruction; the kernel says the same of too many entries and of too large an offset. */
function directValue(words: RegExpExecArray | null): string {
  const [size, offset] = words === null ? [0, 1] : [Number(words[1]), Number(words[2])]
  return offset < size
    ? 'Only an array with one entry (maxEntries 1) has an address that an instruction can hold. Look the value up by bpf_map_lookup_elem(), or put all of it into one entry.'
    : `The offset is behind the end of the value${size === 0 ? '' : `, which has ${size} bytes`}: an address in it must be smaller.`
}

const bytes = (offset: number, length: number): string =>
  length === 1 ? `byte ${offset} is` : `bytes ${offset} to ${offset + length - 1} are`

export const memoryBounds: Hint = (facts, words) => {
  const size = /mem_size=(\d+)/.exec(words)?.[1]
  const [offset, length] = /off=(-?\d+) size=(\d+)/.exec(words)?.slice(1).map(Number) ?? []
  const origin = originOf(facts, words)
  const what = `${capital(named(origin, 'this memory'))}${calledIn(facts, origin)}`
  if (size === undefined || offset === undefined || length === undefined)
    return `${what} has ${size === undefined ? 'fewer bytes than are accessed' : `${size} bytes`}. Ask for all that is used, or check the offset before it is added.`
  return `${what} has ${size} bytes, and ${bytes(offset, length)} accessed. Ask for all that is used, or check the index, also that of a loop.`
}

export const argumentSize: Hint = (facts) =>
  `The verifier must know bounds of the size that ${facts.call === undefined ? 'the call' : `${facts.call}()`} gets: more than 0 where memory is read, and at most the size of the buffer. Make it unsigned and check it: if (size == 0 || size > sizeof(buffer)) return 0;`

export const shortBuffer: Hint = (facts, words) => {
  const size = /\d+/.exec(facts.registers[`r${Number(/ arg#(\d+)/.exec(words)?.[1]) + 1}`] ?? '')?.[0]
  return `${facts.call === undefined ? 'The call' : `${facts.call}()`} may use ${size} bytes of the buffer that it gets, and the buffer is smaller, or is not written: make it as large as what is asked for.`
}

export const keylessMap: Hint = (facts) =>
  `This map has no keys, as ${facts.call}() wants: queues, stacks and Bloom filters have bpf_map_push_elem(), bpf_map_pop_elem() and bpf_map_peek_elem(), ring buffers bpf_ringbuf_reserve() and bpf_ringbuf_output().`

export const misaligned: Hint = () =>
  'The offset must be a multiple of the size of the access. Align the field, or copy it by __builtin_memcpy() into one that is.'

export const stackOverflow: Hint = () =>
  'Programs have 512 bytes of stack, all functions that call each other together. Put large buffers into a per-CPU array map with one entry, or make functions __always_inline, or fewer.'

export const uninitialisedStack: Hint = () =>
  'Not all bytes that are read here were written, on this way. Initialise the variable where it is declared: struct key key = {}; padding is read too, so clear it by __builtin_memset().'

export const stackBounds: Hint = (facts) =>
  /^bpf_map_/.test(facts.call ?? '')
    ? `${facts.call}() takes as many bytes as a key or a value of the map has, and the variable has fewer: give the address of one of the map's own type.`
    : 'The access goes beyond the variable on the stack, or its offset has no bound. Give the call the size of the buffer (sizeof), and check an index before it is used.'

/** `*(u32 *)(r1 +0) = r2` */
const STORE = /^(?:\(\w+\) )?\*\(\w+ \*\)\(r\d+ [^)]*\) = /

/** `context->newstate`, in the source */
const FIELD = /->\s*\w/

export const contextAccess: Hint = (facts, words) => {
  const target = facts.trace.words
    .map((line) => /^func '([^']*)' doesn't have \d+-th argument/.exec(line)?.[1])
    .find(Boolean)
  const offset = /off=(\d+)/.exec(words)?.[1]
  // By the offset: of what is behind the last argument, newer kernels count no further (`btf_ctx_arg_idx` of kernel/bpf/btf.c).
  if (target !== undefined && offset !== undefined)
    return `${target} has no argument ${Math.trunc(Number(offset) / 8) + 1}: npx ebpf functions, or npx ebpf tracepoints, says which it has on this kernel.`
  const isStore = STORE.test(facts.stopped?.text ?? '')
  if (/modified/.test(words) && facts.call === undefined && FIELD.test(facts.stopped?.source?.text ?? '')) {
    const once = isStore
      ? 'Write the field in one place, from a variable that the others assign.'
      : 'Read the field into a variable once, at the start of the function, and use the variable.'
    return `The compiler makes the address of a field first where a struct of vmlinux.h has it used in several places, and the verifier takes only ctx itself with a constant offset. ${once}`
  }
  if (/modified|variable/.test(words)) {
    return 'The context is accessed by its own pointer and at a constant offset only: read ctx->field, and do no arithmetic on ctx.'
  }
  return isStore
    ? "The program's type does not let this field of its context be written, or only in another size. Look for a helper that changes it, such as bpf_skb_change_tail() for the length of a packet."
    : "The program's type has no such field in its context, or gives it in another size. Look at the context's struct in linux/bpf.h, and use whole fields; the section must be that of the context."
}

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

export const readOnly: Hint = (facts, words) => {
  if (words.includes('read from map forbidden'))
    return 'Programs may only write to this map (BPF_F_WRONLY_PROG): leave the flag out where they read it too.'
  const field = /^no write support to (\w+)/.exec(words)
  if (field !== null)
    return `Programs of this type may write to a few fields of struct ${field[1]}, and this is none of them: leave it to the kernel, or look for a helper that changes it.`
  if (words === 'write into map forbidden')
    return 'Programs cannot change this map: it has BPF_F_RDONLY_PROG, is frozen, or is of a type that only user space fills, such as a devmap.'
  return readOnlyMemory(facts, words)
}

const readOnlyMemory: Hint = (facts, words) =>
  originOf(facts, words)?.call === 'bpf_dynptr_slice'
    ? 'bpf_dynptr_slice() gives memory that can only be read: use bpf_dynptr_slice_rdwr(), and put the buffer back by bpf_dynptr_write() where it gave that.'
    : words === 'only read is supported'
      ? "The kernel's own structs can only be read. What they hold is changed by helpers and functions of the kernel alone; keep what is yours in a map, such as a storage of the task or socket."
      : 'This memory can only be read: constants (.rodata), a map with BPF_F_RDONLY_PROG or a frozen one, memory of the kernel. Make the variable not const, or keep what is written in a map of its own.'

/** What a helper takes, by the name of its map types; what is called often with others. */
const MAPS_OF: readonly (readonly [helper: RegExp, types: string])[] = [
  [/^bpf_ringbuf_/, 'BPF_MAP_TYPE_RINGBUF'],
  [/^bpf_user_ringbuf_drain$/, 'BPF_MAP_TYPE_USER_RINGBUF'],
  [/^bpf_(?:perf_event_(?:output|read\w*)|skb_output|xdp_output)$/, 'BPF_MAP_TYPE_PERF_EVENT_ARRAY'],
  [/^bpf_get_stackid$/, 'BPF_MAP_TYPE_STACK_TRACE'],
  [/^bpf_redirect_map$/, 'BPF_MAP_TYPE_DEVMAP, DEVMAP_HASH, CPUMAP or XSKMAP'],
  [/^bpf_task_storage_/, 'BPF_MAP_TYPE_TASK_STORAGE'],
  [/^bpf_sk_storage_/, 'BPF_MAP_TYPE_SK_STORAGE'],
  [/^bpf_inode_storage_/, 'BPF_MAP_TYPE_INODE_STORAGE'],
  [/^bpf_cgrp_storage_/, 'BPF_MAP_TYPE_CGRP_STORAGE'],
  [/^bpf_get_local_storage$/, 'BPF_MAP_TYPE_CGROUP_STORAGE or PERCPU_CGROUP_STORAGE'],
  [/^bpf_(?:skb_under_cgroup|current_task_under_cgroup)$/, 'BPF_MAP_TYPE_CGROUP_ARRAY'],
  [/^bpf_(?:sk|msg)_redirect_map$|^bpf_sock_map_update$/, 'BPF_MAP_TYPE_SOCKMAP'],
  [/^bpf_(?:sk|msg)_redirect_hash$|^bpf_sock_hash_update$/, 'BPF_MAP_TYPE_SOCKHASH'],
  [/^bpf_sk_select_reuseport$/, 'BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, SOCKMAP or SOCKHASH'],
  [/^bpf_map_(?:push|pop|peek)_elem$/, 'BPF_MAP_TYPE_QUEUE, STACK or BLOOM_FILTER'],
  [/^bpf_for_each_map_elem$/, 'array or hash, per CPU and LRU too'],
]

export const wrongMapType: Hint = (facts, words) => {
  if (words.startsWith('no direct value'))
    return 'Only arrays with one entry, arenas and such have values with an address that an instruction can hold: use bpf_map_lookup_elem().'
  if (words.startsWith('Sleepable'))
    return 'Sleepable programs cannot use maps of this type, on this kernel: use an array, a hash map, a ring buffer or a local storage.'
  if (words.startsWith('cannot update sockmap'))
    return 'Programs of this type cannot change sockmaps: do it in user space, or in a sockops program by bpf_sock_map_update().'
  const types = MAPS_OF.find(([helper]) => helper.test(facts.call ?? ''))?.[1]
  if (types !== undefined)
    return `${facts.call}() takes maps of type ${types} only: change the map's type, or use the helper that is for it.`
  return `${facts.call === undefined ? 'The helper' : `${facts.call}()`} does not take maps of this type: change the map's type, or use the helper that is for it.`
}
