/** What to do about what a program may not use, or must give back. */
import type { Hint } from './hint.ts'

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

const RELEASED_BY: readonly (readonly [acquires: RegExp, release: string])[] = [
  [/^bpf_cpumask_(?:create|acquire)$/, 'bpf_cpumask_release'],
  [/^bpf_(?:skb|xdp)_ct_(?:lookup|alloc)$|^bpf_ct_insert_entry$/, 'bpf_ct_release'],
  [/^bpf_get_task_exe_file$/, 'bpf_put_file'],
  [/^bpf_lookup_(?:user|system)_key$/, 'bpf_key_put'],
  [/^bpf_crypto_ctx_(?:create|acquire)$/, 'bpf_crypto_ctx_release'],
]

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
  if (call === 'bpf_map_lookup_elem') return 'It is a socket of the map: call bpf_sk_release()'
  if (call === 'bpf_kptr_xchg')
    return 'It is what was in the map before: check it for NULL, and release it by the function of its type'
  const released = RELEASED_BY.find(([acquires]) => acquires.test(call ?? ''))
  return released === undefined ? 'Release it' : `Call ${released[1]}()`
}

export const lockHeld: Hint = (_facts, words) =>
  / progs cannot use /.test(words)
    ? `${words.startsWith('socket') ? 'Socket filters' : 'Tracing programs'} cannot use bpf_spin_lock(): use atomic operations (__sync_fetch_and_add) or a per-CPU map.`
    : (regionEnd(words) ??
      'Between lock and unlock only memory may be read and written: call helpers before or after, take one lock at a time, and unlock on every way out.')

/** What a region that is entered by one call and left by another is left by; most of them let helpers be called. */
const LEFT_BY: Readonly<Record<string, string>> = {
  bpf_spin_lock: 'bpf_spin_unlock()',
  bpf_res_spin_lock: 'bpf_res_spin_unlock()',
  bpf_rcu_read_lock: 'bpf_rcu_read_unlock()',
  bpf_preempt_disable: 'bpf_preempt_enable()',
  bpf_local_irq_save: 'bpf_local_irq_restore()',
}

function regionEnd(words: string): string | undefined {
  const held = /^BPF_EXIT instruction .* cannot be used inside (bpf_\w+)-ed region/.exec(words)?.[1]
  const missing = /^(?:\d+ )?(bpf_\w+)(?: is|\(s\) are) missing/.exec(words)?.[1]
  const end = missing === undefined ? LEFT_BY[held ?? ''] : `${missing}()`
  if (end !== undefined) return `${end} is missing on this way: call it on every way out, early returns too.`
  if (words.startsWith('global function'))
    return 'While this is held no global function may be called: make it static, or call it before.'
  if (/out of order/.test(words)) return 'What was taken last is given back first: swap the two calls.'
  if (/^unmatched|without taking a lock/.test(words))
    return 'Nothing is held on this way: lock before, and unlock once. The same is true of preemption, and of interrupts.'
  if (/of different lock/.test(words))
    return 'Another lock is held than the one that is given here: unlock by the pointer that was locked.'
  return undefined
}

export const specialField: Hint = () =>
  'Locks, timers and other such fields belong to their helpers. Assign the other fields one by one, not the whole struct.'

export const kernelPointerField: Hint = () =>
  'A pointer of the kernel in the value of a map (__kptr) is read by itself, and changed by bpf_kptr_xchg() only.'

export const fieldAddress: Hint = (_facts, words) =>
  /kptr/.test(words)
    ? "The value has no such pointer at this place: declare it in the struct (struct task_struct __kptr *task), name that type by __type(value, struct …), and give the field's own address. clang 14 leaves the mark out: use 15 or newer."
    : "The address must be that of the field itself (&value->lock), at its own offset, in a value whose type the map's BTF tells: __type(value, struct …)."

export const fieldNotAllowed: Hint = (_facts, words) =>
  `Programs of this type cannot use maps whose values have a ${/bpf_\w+/.exec(words)?.[0] ?? 'timer'}: use tc, XDP or cgroup programs for it.`

export const closedMap: Hint = (_facts, words) =>
  `Descriptor ${/fd (-?\d+)/.exec(words)?.[1] ?? ''} is no map of this process that is open: name the map itself, by loadMap() or loadMapValue().`

export const dynptr: Hint = () =>
  'A dynptr is a variable on the stack that bpf_dynptr_from_*() or bpf_ringbuf_reserve_dynptr() makes first; it is not written to otherwise, and not used after it was given back.'

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
