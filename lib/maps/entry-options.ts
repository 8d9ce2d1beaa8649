/** Options of the calls on entries, and the kernel's flags for them. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'

/** BPF_NOEXIST, BPF_EXIST and BPF_F_LOCK of linux/bpf.h. */
const UPDATE_FLAGS = { absent: 1, present: 2 } as const
export const LOCK = 4

/** `{ raw: true }` gives bytes, own copies, in place of decoded values. */
export interface RawOptions {
  raw: true
}

/** Of hashes and arrays whose values have a `struct bpf_spin_lock`. */
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
