/** Kernel timestamps to dates. */
import { unsigned64 } from '../arguments.ts'
import { binding } from '../binding.ts'

/** Clock numbers of clock_gettime(2), the same on every architecture (linux/time.h). */
const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const CLOCK_BOOTTIME = 7

/** The time between two readings within which a third one counts as simultaneous. */
const CLOSE_NS = 50_000n
const ATTEMPTS = 5

function toDate(nanoseconds: number | bigint, clock: number): Date {
  return new Date(Number((unsigned64(nanoseconds, 'nanoseconds') + distance(clock)) / 1_000_000n))
}

/** How far the wall clock is ahead of another one. Read again when this thread was interrupted between the readings. */
function distance(clock: number): bigint {
  let best = { gap: -1n, distance: 0n }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = binding.clock(clock)
    const now = binding.clock(CLOCK_REALTIME)
    const gap = binding.clock(clock) - before
    if (best.gap < 0n || gap < best.gap) best = { gap, distance: now - before }
    if (gap < CLOSE_NS) break
  }
  return best.distance
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
