/** Histograms by powers of two, as programs count them: one slot for each `floor(log2(value))`. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import { extreme } from './aggregate.ts'
import { KeyedMap } from './keyed-map.ts'
import { PerCpuArrayMap, PerCpuHashMap } from './per-cpu.ts'

/** Values from `low` to `high`, both included, and how many there were. */
export interface HistogramBucket {
  low: bigint
  high: bigint
  count: bigint
}

export interface HistogramOptions {
  /** What the values are, for the text: `usecs`, `bytes`. Default: `value`. */
  unit?: string
  /** The slot of the values 0 and 1: 0 by default, as in libbpf-tools; 1 as bcc's `bpf_log2l()` counts. */
  first?: 0 | 1
}

/**
 * Where the counts are: of slot 0, 1 and so on, such as a view or an array of a value; or a map from slots to counts,
 * whose CPUs are summed up.
 */
export type HistogramSource = Iterable<number | bigint> | KeyedMap<unknown, unknown>

/** As many as values of 64 bits can fill. */
const MAX_SLOTS = 64

const STARS = 40

/** Made by {@link log2Histogram}. `String(histogram)` is the text that bcc and libbpf-tools print. */
export class Log2Histogram {
  /** From the values 0 and 1 to the last that was counted; none when nothing was. */
  readonly buckets: readonly HistogramBucket[]
  /** How many values were counted. */
  readonly total: bigint
  readonly unit: string

  /** @internal */
  constructor(counts: readonly bigint[], unit: string) {
    const used = counts.findLastIndex((count) => count > 0n) + 1
    this.buckets = counts.slice(0, used).map((count, slot) => ({
      low: slot === 0 ? 0n : 1n << BigInt(slot),
      high: (1n << BigInt(slot + 1)) - 1n,
      count,
    }))
    this.total = counts.reduce((sum, count) => sum + count, 0n)
    this.unit = unit
  }

  /** Empty when nothing was counted. */
  toString(): string {
    const { buckets, unit } = this
    // Wide columns only for values that need them: ten digits are enough below 2^33.
    const wide = buckets.length > 33
    const [digits, stars] = wide ? [20, STARS / 2] : [10, STARS]
    if (buckets.length === 0) return ''
    const counts = buckets.map(({ count }) => count)
    const most = extreme(counts, 'max')
    const lines = buckets.map(({ low, high, count }) => {
      const range = `${String(low).padStart(digits)} -> ${String(high).padEnd(digits)}`
      const bar = '*'.repeat(Number((count * BigInt(stars)) / most)).padEnd(stars)
      return `${range} : ${String(count).padEnd(8)} |${bar}|`
    })
    const title = `${' '.repeat(wide ? 15 : 5)}${unit.padEnd(wide ? 29 : 19)} : count    distribution`
    return [title, ...lines].join('\n')
  }
}

/**
 * A histogram of counts by powers of two: slot `n` counts the values from 2^n to 2^(n+1) - 1, slot 0 the values 0 and 1.
 *
 * @throws TypeError when a slot or a count is no integer, RangeError for more than 64 slots
 */
export function log2Histogram(source: HistogramSource, options: HistogramOptions = {}): Log2Histogram {
  const { unit = 'value', first = 0 } = options
  if (typeof unit !== 'string') throw invalidArgument(`unit must be a string, not ${inspectBriefly(unit)}`)
  if (first !== 0 && first !== 1) throw invalidArgument(`first must be 0 or 1, not ${inspectBriefly(first)}`)
  const counts: bigint[] = []
  for (const [slot, count] of slots(source)) {
    // With `first: 1` nothing is ever counted in slot 0.
    const index = Math.max(0, slotNumber(slot, first) - first)
    while (counts.length <= index) counts.push(0n)
    counts[index]! += countOf(count)
  }
  return new Log2Histogram(counts, unit)
}

function* slots(source: HistogramSource): Generator<readonly [slot: unknown, count: unknown]> {
  if (source instanceof PerCpuHashMap || source instanceof PerCpuArrayMap) {
    yield* source.sums()
  } else if (source instanceof KeyedMap) {
    yield* source.entries()
  } else {
    if (typeof (source as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== 'function') {
      throw invalidArgument(`a histogram is made of counts or of a map of them, not of ${inspectBriefly(source)}`)
    }
    let slot = 0
    for (const count of source) yield [slot++, count]
  }
}

function slotNumber(slot: unknown, first: number): number {
  const number = typeof slot === 'bigint' ? Number(slot) : slot
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw invalidArgument(`a slot of a histogram must be an integer, not ${inspectBriefly(slot)}`)
  }
  if (number < 0 || number >= MAX_SLOTS + first) {
    throw outOfRange(`a histogram by powers of two has ${MAX_SLOTS + first} slots at most; there is slot ${number}`)
  }
  return number
}

function countOf(count: unknown): bigint {
  if (typeof count === 'bigint' ? count >= 0n : Number.isSafeInteger(count) && (count as number) >= 0) {
    return BigInt(count as number | bigint)
  }
  throw invalidArgument(
    `a count of a histogram must be an integer from 0 on, not ${inspectBriefly(count)}; of a map of structs, give the array of slots of one value`,
  )
}
