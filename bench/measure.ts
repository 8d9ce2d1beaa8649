/** Runs everything that was asked for on one version of Node, each round in a process of its own. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Comparison, Round } from './comparison.ts'
import type { Endurance, EnduranceKind } from './endurance.ts'
import type { LoopDelay } from './loop-delay.ts'
import type { NodeVersion } from './nodes.ts'
import { wordsOf } from './peers/peer.ts'
import { built } from './places.ts'
import { type NodeReport, resultOf } from './report.ts'

/** What to measure. */
export interface Plan {
  quick: boolean
  rounds: number
  chosen: readonly Comparison[]
  endurance: boolean
  /** For the memory. */
  events: number
}

/** A side that hangs must not hold up the rest: a round takes seconds, and on a machine that is very busy a minute. */
const ROUND_MS = 180_000
/** An event takes some hundred nanoseconds. */
const MS_FOR_EVENT = 10e-3

/** V8 enlarges its young generation in a long run, by up to 100 MiB: it starts with its full size where memory is measured, and what grows is ours. */
const FIXED_YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16']

export async function measureNode(node: NodeVersion, plan: Plan): Promise<NodeReport> {
  const { major, version } = node
  const report: NodeReport = { major, version, results: await compare(node, plan) }
  if (plan.endurance) {
    try {
      await endure(node, plan, report)
    } catch (error) {
      report.failure = wordsOf(error)
      say(node, `  failed: ${report.failure}`)
    }
  }
  return report
}

async function endure(node: NodeVersion, { events }: Plan, report: NodeReport): Promise<void> {
  say(node, 'turns of the event loop')
  report.loopDelay = (await inProcess(node, ['loop-delay.js'], ROUND_MS)) as LoopDelay[]
  const runs: Endurance[] = []
  for (const kind of ['callback', 'arrays'] satisfies EnduranceKind[]) {
    say(node, `memory over ${events / 1e6}M events, ${kind}`)
    const limit = ROUND_MS + events * MS_FOR_EVENT
    runs.push(
      (await inProcess(node, ['endurance.js', String(events), kind], limit, FIXED_YOUNG_GENERATION)) as Endurance,
    )
  }
  report.endurance = runs
}

/** Rounds of all comparisons, one after the other, so that a busy minute of the machine hits one round of each. */
async function compare(node: NodeVersion, { quick, rounds, chosen }: Plan): Promise<NodeReport['results']> {
  const runs = chosen.map((comparison) => ({
    comparison,
    rounds: [] as Round[],
    failure: undefined as string | undefined,
  }))
  for (let round = 1; round <= rounds; round++) {
    for (const run of runs) {
      say(node, `round ${round} of ${rounds}: ${run.comparison.title}`)
      try {
        run.rounds.push((await roundOf(node, run.comparison, quick)) as Round)
      } catch (error) {
        run.failure = wordsOf(error)
        say(node, `  failed: ${run.failure}`)
      }
    }
  }
  return runs.map((run) => resultOf(run.comparison, node.major, run.rounds, run.failure))
}

function roundOf(node: NodeVersion, { name }: Comparison, quick: boolean): Promise<unknown> {
  return inProcess(node, ['round.js', name, quick ? 'quick' : 'full'], ROUND_MS)
}

/** A fresh process: what the others have left in V8's heap and in its type feedback is not measured. */
async function inProcess(
  { program }: NodeVersion,
  [script, ...words]: string[],
  timeout: number,
  flags: readonly string[] = [],
): Promise<unknown> {
  const args = [...process.execArgv, ...flags, join(built, script!), ...words]
  const { stdout, stderr } = await promisify(execFile)(program, args, { timeout, killSignal: 'SIGKILL' })
  process.stderr.write(stderr)
  return JSON.parse(stdout)
}

function say({ version }: NodeVersion, text: string): void {
  process.stderr.write(`Node ${version}: ${text}\n`)
}
