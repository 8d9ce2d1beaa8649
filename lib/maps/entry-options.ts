/** Options of the calls on entries, and the kernel's flags for them. */
import { release } from 'node:os'
import { inspectBriefly } from '../arguments.ts'
import { type EbpfErrorCode, invalidArgument } from '../errors.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'

/** BPF_NOEXIST, BPF_EXIST, BPF_F_LOCK and BPF_F_CPU of linux/bpf.h. */
const UPDATE_FLAGS = { absent: 1, present: 2 } as const
const LOCK = 4
const ONE_CPU = 8

/** The first Linux that knows BPF_F_CPU. */
const WRITES_ONE_CPU = '7.0'

/** `{ raw: true }` gives bytes, own copies, in place of decoded values. */
export interface RawOptions {
  raw: true
}

/** Of hashes, arrays and storages whose values have a `struct bpf_spin_lock`. */
export interface LockOptions {
  /**
   * Copies the value while its lock is held (`BPF_F_LOCK`, Linux 5.1): no value is seen or written by halves where programs hold
   * the lock too. The error of a map without a lock is ERR_EBPF_INVALID_ARGUMENT.
   */
  lock?: boolean
}

/** When an entry is written. */
export interface SetCondition {
  /** Only when there is no such entry, or only when there is one. */
  if?: 'absent' | 'present'
}

/** Options of {@link KeyedMap.set} and {@link KeyedMap.setMany}. */
export interface SetOptions extends SetCondition, LockOptions {}

export function readFlags(options: LockOptions | undefined): number {
  const lock: unknown = options?.lock
  if (lock === undefined || lock === false) return 0
  if (lock === true) return LOCK
  throw invalidArgument(`options.lock must be a boolean, not ${inspectBriefly(lock)}`)
}

/** The kernel's flags of an update, and among them those of its condition. */
export interface UpdateFlags {
  flags: number
  condition: number
}

export function updateFlags(options: SetOptions | undefined): UpdateFlags {
  const condition = conditionFlags(options?.if)
  return { flags: condition | readFlags(options), condition }
}

export function conditionFlags(condition: unknown): number {
  if (condition === undefined) return 0
  if (condition === 'absent' || condition === 'present') return UPDATE_FLAGS[condition]
  throw invalidArgument(`options.if must be 'absent' or 'present', not ${inspectBriefly(condition)}`)
}

/**
 * The number of the CPU is in the upper half.
 *
 * @throws TypeError for a condition: beside BPF_F_CPU the kernel takes none (`check_flags` in kernel/bpf/hashtab.c compares all flags
 * with it), and says nothing
 */
export function cpuFlags(cpu: number, options: SetOptions | undefined): number {
  const { flags, condition } = updateFlags(options)
  if (condition === 0) return cpu * 2 ** 32 + ONE_CPU + flags
  throw invalidArgument(
    "options.if does not apply to the value of one CPU: the kernel has no condition for it; { cpu: 'all' } has",
  )
}

/** What a map refused with EINVAL, of which the kernel says no more (`bpf_map_check_op_flags` in include/linux/bpf.h). */
export interface FlagRefusal {
  code: EbpfErrorCode
  message: string
  hint: string
}

/** @param what the map's full name */
export function flagRefusal(flags: number, what: string): FlagRefusal | undefined {
  if ((flags & LOCK) !== 0) {
    return {
      code: 'ERR_EBPF_INVALID_ARGUMENT',
      message: `the values of ${what} have no lock, so { lock: true } does not apply`,
      hint: 'Only hashes, arrays and storages can have one: a struct bpf_spin_lock as a member of the value, in C, with BTF (clang -g).',
    }
  }
  if ((flags & ONE_CPU) === 0 || !kernelOlderThan(WRITES_ONE_CPU)) return undefined
  return {
    code: 'ERR_EBPF_KERNEL',
    message: `set() for one CPU needs Linux ${WRITES_ONE_CPU}: this is ${release()} (${what})`,
    hint: "Write the values of all CPUs: an array of them, or one value with { cpu: 'all' }.",
  }
}
