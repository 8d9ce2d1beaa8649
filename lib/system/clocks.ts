/** Kernel timestamps to dates. */
import { unsigned64 } from '../arguments.ts'
import { binding } from '../binding.ts'

/** Clock numbers of clock_gettime(2), the same on every architecture (linux/time.h). */
const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const CLOCK_BOOTTIME = 7

function toDate(nanoseconds: number | bigint, clock: number): Date {
  const age = binding.clock(clock) - unsigned64(nanoseconds, 'nanoseconds')
  return new Date(Number((binding.clock(CLOCK_REALTIME) - age) / 1_000_000n))
}

/**
 * The date of a `bpf_ktime_get_ns()` timestamp (CLOCK_MONOTONIC, which stops while the machine is suspended), by the
 * clocks' distance now: exact to the millisecond unless the wall clock was set in between.
 */
export function monotonicToDate(nanoseconds: number | bigint): Date {
  return toDate(nanoseconds, CLOCK_MONOTONIC)
}

/** The date of a `bpf_ktime_get_boot_ns()` timestamp (CLOCK_BOOTTIME). */
export function bootTimeToDate(nanoseconds: number | bigint): Date {
  return toDate(nanoseconds, CLOCK_BOOTTIME)
}
