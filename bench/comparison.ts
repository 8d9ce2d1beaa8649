/** What is measured, and how its result is judged. */
import { now, quantile } from './statistics.ts'

/** The two sides on the same kernel objects. Each call is one slice, and gives the nanoseconds of one operation. */
export interface Sides {
  c(): number | Promise<number>
  ours(): number | Promise<number>
  close(): void | Promise<void>
}

export interface Comparison {
  /** For `--only`. */
  name: string
  /** In the table. */
  title: string
  /** `M/s` are compared as speeds, in percent of C's; the others as times, in multiples of C's. */
  unit: 'ns' | 'µs' | 'ms' | 'M/s'
  /** Times: the ratio must not be above it. Speeds: not below. */
  goal?: number
  /** Of each side in one round, and how many of them in a quick run. */
  slices: number
  quickSlices: number
  /** The quantile of the slices that counts: 0.1 unless said. */
  quantile?: number
  prepare(): Promise<Sides>
}

/** One round: nanoseconds of one operation. */
export interface Round {
  c: number
  ours: number
}

/** Time that is spent before the first slice counts: V8 compiles what is hot. */
const WARM_UP_NS = 300e6
const WARM_UP_SLICES = 20

/** Lets the sides take turns, and each begin every other turn. */
export async function runRound(comparison: Comparison, quick: boolean): Promise<Round> {
  const sides = await comparison.prepare()
  try {
    const begin = now()
    for (let slice = 0; slice < WARM_UP_SLICES && now() - begin < WARM_UP_NS; slice++) {
      await sides.c()
      await sides.ours()
    }
    const c: number[] = []
    const ours: number[] = []
    const count = quick ? comparison.quickSlices : comparison.slices
    for (let slice = 0; slice < count; slice++) {
      if (slice % 2 === 0) c.push(await sides.c())
      ours.push(await sides.ours())
      if (slice % 2 === 1) c.push(await sides.c())
    }
    const fraction = comparison.quantile ?? 0.1
    return { c: quantile(c, fraction), ours: quantile(ours, fraction) }
  } finally {
    await sides.close()
  }
}

export function isSpeed({ unit }: Comparison): boolean {
  return unit === 'M/s'
}

/** Ours in relation to C: of times (less is better), or of speeds (more is better). */
export function ratioOf(comparison: Comparison, { c, ours }: Round): number {
  return isSpeed(comparison) ? c / ours : ours / c
}

/** From the best ratio to the worst. */
export function bestFirst(comparison: Comparison, rounds: readonly Round[]): Round[] {
  const sign = isSpeed(comparison) ? -1 : 1
  return [...rounds].sort((a, b) => sign * (ratioOf(comparison, a) - ratioOf(comparison, b)))
}

/** `undefined` where there is no goal. */
export function isMet(comparison: Comparison, best: Round): boolean | undefined {
  if (comparison.goal === undefined) return undefined
  const ratio = ratioOf(comparison, best)
  return isSpeed(comparison) ? ratio >= comparison.goal : ratio <= comparison.goal
}
