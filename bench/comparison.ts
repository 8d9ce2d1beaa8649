/** What is measured, and how one round of it runs. */
import type { Goals } from './goals.ts'
import { now, quantile } from './statistics.ts'

export const sideNames = ['c', 'go', 'npm', 'ours'] as const
export type SideName = (typeof sideNames)[number]

/** One slice: nanoseconds of one operation. */
export type Slice = () => number | Promise<number>

/** The sides on the same kernel objects. A peer that lacks the feature, or is not to be had here, is left out. */
export interface Sides {
  c: Slice
  ours: Slice
  go?: Slice | undefined
  npm?: Slice | undefined
  close(): void | Promise<void>
}

export interface Comparison {
  /** For `--only`. */
  name: string
  /** In the tables. */
  title: string
  /** `M/s` are compared as speeds, in percent of the other's; the others as times, in multiples of the other's. */
  unit: 'ns' | 'µs' | 'ms' | 'M/s'
  /** For a major version of Node. */
  goals?(node: number): Goals
  /** Of each side in one round, and how many of them in a quick run. */
  slices: number
  quickSlices: number
  /** What a full round may take; 3 unless said. */
  seconds?: number
  /** The quantile of the slices that counts: 0.1 unless said. */
  quantile?: number
  prepare(): Promise<Sides>
}

/** One round: nanoseconds of one operation. */
export interface Round extends Partial<Record<SideName, number>> {
  c: number
  ours: number
}

/** Time that is spent before the first slice counts: V8 compiles what is hot. */
const WARM_UP_NS = 300e6
const WARM_UP_SLICES = 20

/** What is over after so many seconds ends, but never with fewer slices than a quick round has. */
const ROUND_SECONDS = 3

/** npm's `bpf` is slower than the others, and not to be had for goals: it takes no more than this part of a round. */
const NPM_SHARE = 0.25

/** Lets the sides take turns, in every order equally often. */
export async function runRound(comparison: Comparison, quick: boolean): Promise<Round> {
  const sides = await comparison.prepare()
  try {
    const present = sideNames.filter((name) => sides[name] !== undefined)
    const slice = async (name: SideName): Promise<number> => await sides[name]!()
    const warmUp = now()
    for (let turn = 0; turn < WARM_UP_SLICES && now() - warmUp < WARM_UP_NS; turn++) {
      for (const name of present) await slice(name)
    }
    const begin = now()
    const end = begin + (comparison.seconds ?? ROUND_SECONDS) * 1e9
    const orders = permutations(present)
    const samples = new Map(present.map((name) => [name, [] as number[]]))
    const count = quick ? comparison.quickSlices : comparison.slices
    let npmTime = 0
    for (let turn = 0; turn < count; turn++) {
      if (turn >= comparison.quickSlices && now() > end) break
      for (const name of orders[turn % orders.length]!) {
        const sliceBegin = now()
        if (name === 'npm' && npmTime > (sliceBegin - begin) * NPM_SHARE) continue
        samples.get(name)!.push(await slice(name))
        if (name === 'npm') npmTime += now() - sliceBegin
      }
    }
    const fraction = comparison.quantile ?? 0.1
    return Object.fromEntries(
      [...samples].map(([name, values]) => [name, quantile(values, fraction)]),
    ) as unknown as Round
  } finally {
    await sides.close()
  }
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((first, index) => permutations(items.toSpliced(index, 1)).map((rest) => [first, ...rest]))
}
