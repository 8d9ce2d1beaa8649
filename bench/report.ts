/** Everything that a run measured, as it is written for other programs. Times are nanoseconds of one operation. */
import { cpus, release } from 'node:os'
import { libbpfVersion } from 'ebpf'
import type { Comparison, Round } from './comparison.ts'
import type { Endurance } from './endurance.ts'
import { bestOf, type Goals, judge, ratios, type Verdict } from './goals.ts'
import type { LoopDelay } from './loop-delay.ts'
import type { Availability } from './peers/peer.ts'

export interface Report {
  date: string
  libbpf: string
  kernel: string
  cpu: string
  cpus: number
  /** Rounds of each comparison. */
  rounds: number
  /** Fewer and shorter rounds: nothing to publish. */
  quick: boolean
  peers: { go: Availability; npm: Availability }
  nodes: NodeReport[]
}

export interface NodeReport {
  major: number
  version?: string
  /** Why this version of Node is not to be had here. */
  missing?: string
  results: Result[]
  endurance?: Endurance[]
  loopDelay?: LoopDelay[]
  /** Why memory or turns of the event loop were not measured. */
  failure?: string
}

export interface Result {
  name: string
  title: string
  unit: Comparison['unit']
  rounds: Round[]
  /** Why there are fewer rounds than there should be. */
  failure?: string
  best?: Round
  /** Ours in relation to the other side: the best round's ratio, and the median one. */
  toC?: Ratio
  toGo?: Ratio
  goals?: Goals
  verdict?: Verdict
}

export interface Ratio {
  best: number
  median: number
}

export function newReport(peers: Report['peers'], { rounds, quick }: Pick<Report, 'rounds' | 'quick'>): Report {
  return {
    date: new Date().toISOString(),
    libbpf: libbpfVersion,
    kernel: release(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: cpus().length,
    rounds,
    quick,
    peers,
    nodes: [],
  }
}

export function resultOf(comparison: Comparison, node: number, rounds: readonly Round[], failure?: string): Result {
  const { name, title, unit } = comparison
  const result: Result = { name, title, unit, rounds: [...rounds], ...(failure !== undefined && { failure }) }
  if (rounds.length === 0) return result
  result.best = bestOf(comparison, rounds)
  result.toC = ratioOf(ratios(comparison, rounds))!
  const toGo = ratioOf(ratios(comparison, rounds, 'go'))
  if (toGo !== undefined) result.toGo = toGo
  const goals = comparison.goals?.(node)
  if (goals !== undefined) {
    result.goals = goals
    result.verdict = judge(comparison, goals, rounds)
  }
  return result
}

function ratioOf(sorted: readonly number[]): Ratio | undefined {
  if (sorted.length === 0) return undefined
  return { best: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]! }
}
