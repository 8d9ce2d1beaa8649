/** How the buffers of a perf event array are opened. */
import { inspectBriefly, integer, optionsObject } from '../arguments.ts'
import type { NativePerfBufferOptions } from '../binding.ts'
import { invalidArgument } from '../errors.ts'
import type { StreamOptions } from './stream.ts'

/** What a {@link PerfBuffer} takes memory for, and how its records are put in order. */
export interface PerfBufferOptions {
  /** Pages of each CPU's buffer, a power of two; 64 by default. */
  pages?: number
  /**
   * `cpu`, the default: records as they are found, CPU after CPU; only those of one CPU are in order. `time`: by the times at
   * which they were written (`CLOCK_MONOTONIC`, which `bpf_ktime_get_ns` reads), for 8 bytes more in each.
   */
  order?: 'cpu' | 'time'
}

/** {@link StreamOptions}, and how the buffers of a {@link PerfBuffer} are opened for the stream. */
export interface PerfStreamOptions extends StreamOptions, PerfBufferOptions {
  /**
   * Wakes this process with every so many records of a CPU; 1 by default. What is there without a wake-up is handed over
   * after `maxLatencyMs`.
   */
  wakeupEvents?: number
  /** Wakes this process when so many bytes wait in a CPU's buffer, in place of `wakeupEvents`. */
  watermark?: number
}

const DEFAULT_PAGES = 64
const MOST_PAGES = 2 ** 19
const U32_MAX = 0xffff_ffff

/** @throws TypeError or RangeError */
export function perfStreamOptions(options: PerfStreamOptions): NativePerfBufferOptions {
  const { wakeupEvents, watermark, pages, order } = optionsObject(options)
  if (wakeupEvents !== undefined && watermark !== undefined) {
    throw invalidArgument('wakeupEvents and watermark exclude each other: the kernel counts records or bytes')
  }
  return {
    ...memoryOptions(pages, order),
    wakeupBytes: watermark === undefined ? 0 : integer(watermark, 'watermark', 1, U32_MAX),
    wakeupEvents: watermark === undefined ? integer(wakeupEvents ?? 1, 'wakeupEvents', 1, U32_MAX) : 0,
    overwritable: false,
  }
}

/** @throws TypeError or RangeError */
export function overwritableOptions(options: PerfBufferOptions): NativePerfBufferOptions {
  const { pages, order } = options
  return { ...memoryOptions(pages, order), wakeupBytes: 0, wakeupEvents: 0, overwritable: true }
}

function memoryOptions(pages: unknown, order: unknown): Pick<NativePerfBufferOptions, 'pages' | 'byTime'> {
  const count = integer((pages ?? DEFAULT_PAGES) as number, 'pages', 1, MOST_PAGES)
  if ((count & (count - 1)) !== 0) throw invalidArgument(`pages must be a power of two, not ${count}`)
  if (order !== undefined && order !== 'cpu' && order !== 'time') {
    throw invalidArgument(`order must be 'cpu' or 'time', not ${inspectBriefly(order)}`)
  }
  return { pages: count, byTime: order === 'time' }
}
