/** What is wanted of a comparison, and whether a result has it. */
import type { Comparison, Round, SideName } from './comparison.ts'

/** All that is given has to hold. */
export interface Bound {
  /** Of C: times at most, speeds at least. */
  ratio?: number
  /** Nanoseconds above C, at most. */
  above?: number
  /** Nanoseconds, at most, whatever C takes. */
  time?: number
}

export interface Goals {
  must: Bound
  stretch: Bound
  /** Ours in relation to Go: times at most, speeds at least. */
  go: number
}

export interface Verdict {
  must: boolean
  stretch: boolean
  /** `undefined` without a Go side. */
  go: boolean | undefined
}

export function isSpeed({ unit }: Pick<Comparison, 'unit'>): boolean {
  return unit === 'M/s'
}

/** Ours in relation to another side: of times (less is better), or of speeds (more is better). */
export function ratioTo(comparison: Comparison, round: Round, side: SideName = 'c'): number | undefined {
  const other = round[side]
  if (other === undefined) return undefined
  return isSpeed(comparison) ? other / round.ours : round.ours / other
}

/** The ratios to a side, from the best to the worst. */
export function ratios(comparison: Comparison, rounds: readonly Round[], side: SideName = 'c'): number[] {
  const all = rounds.map((round) => ratioTo(comparison, round, side)).filter((ratio) => ratio !== undefined)
  return all.sort((a, b) => (isSpeed(comparison) ? b - a : a - b))
}

/** The round with the best ratio to C. */
export function bestOf(comparison: Comparison, rounds: readonly Round[]): Round {
  const sign = isSpeed(comparison) ? -1 : 1
  return [...rounds].sort((a, b) => sign * (ratioTo(comparison, a)! - ratioTo(comparison, b)!))[0]!
}

/** A goal is met when one round meets it: noise seldom makes ours the faster one. */
export function judge(comparison: Comparison, goals: Goals, rounds: readonly Round[]): Verdict {
  const meets = (bound: Bound): boolean => rounds.some((round) => isWithin(comparison, bound, round))
  const [toGo] = ratios(comparison, rounds, 'go')
  const go = toGo === undefined ? undefined : isAtLeastAsGood(comparison, toGo, goals.go)
  return { must: meets(goals.must), stretch: meets(goals.stretch), go }
}

function isWithin(comparison: Comparison, { ratio, above, time }: Bound, round: Round): boolean {
  if (ratio !== undefined && !isAtLeastAsGood(comparison, ratioTo(comparison, round)!, ratio)) return false
  if (above !== undefined && round.ours - round.c > above) return false
  return time === undefined || round.ours <= time
}

function isAtLeastAsGood(comparison: Comparison, ratio: number, goal: number): boolean {
  return isSpeed(comparison) ? ratio >= goal : ratio <= goal
}
