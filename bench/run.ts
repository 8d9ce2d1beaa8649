/**
 * `npm run bench`: C over libbpf against this package, on the same maps and rings. See docs/performance.md.
 *
 *   --quick       fewer and shorter rounds
 *   --only NAME   only these comparisons; may be given several times
 *   --json        print the results as JSON in place of the table
 *   --check       exit code 1 when a goal is missed
 */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { libbpfVersion } from 'ebpf'
import { buildBaseline } from './baseline.ts'
import { bestFirst, type Comparison, isMet, type Round, ratioOf } from './comparison.ts'
import { comparisons } from './comparisons.ts'
import { type Result, tableOf } from './table.ts'

const ROUNDS = 5
const QUICK_ROUNDS = 2

const here = dirname(fileURLToPath(import.meta.url))
const resultsFolder = join(here, '../../bench/results')

interface Options {
  quick: boolean
  json: boolean
  check: boolean
  chosen: readonly Comparison[]
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const { only, ...flags } = values
  const unknown = only.find((name) => comparisons.every((comparison) => comparison.name !== name))
  if (unknown !== undefined) {
    throw new TypeError(`There is no "${unknown}". Known: ${comparisons.map(({ name }) => name).join(', ')}.`)
  }
  return { ...flags, chosen: only.length === 0 ? comparisons : comparisons.filter(({ name }) => only.includes(name)) }
}

/** Rounds of all comparisons, one after the other, so that a busy minute of the machine hits one round of each. */
async function measure({ quick, chosen }: Options): Promise<Result[]> {
  const results = chosen.map((comparison): Result => ({ comparison, rounds: [] }))
  const rounds = quick ? QUICK_ROUNDS : ROUNDS
  for (let round = 1; round <= rounds; round++) {
    for (const { comparison, rounds: done } of results) {
      process.stderr.write(`round ${round} of ${rounds}: ${comparison.title}\n`)
      done.push(await roundInProcess(comparison, quick))
    }
  }
  return results
}

/** A fresh process: what the others have left in V8's heap and in its type feedback is not measured. */
async function roundInProcess({ name }: Comparison, quick: boolean): Promise<Round> {
  const args = [...process.execArgv, join(here, 'round.js'), name, quick ? 'quick' : 'full']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
  process.stderr.write(stderr)
  return JSON.parse(stdout) as Round
}

/** Everything that was measured, for other programs. Times are nanoseconds of one operation. */
function report(results: readonly Result[]): string {
  const machine = { cpu: cpus()[0]?.model.trim(), cpus: cpus().length, kernel: release() }
  const rows = results.map(({ comparison, rounds }) => {
    const { name, title, unit, goal } = comparison
    const best = bestFirst(comparison, rounds)[0]!
    return { name, title, unit, ...best, ratio: ratioOf(comparison, best), goal, met: isMet(comparison, best), rounds }
  })
  const about = { date: new Date().toISOString(), node: process.version, libbpf: libbpfVersion, ...machine }
  return `${JSON.stringify({ ...about, results: rows }, undefined, 2)}\n`
}

function optionsOrExit(): Options {
  try {
    return readOptions()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
}

const options = optionsOrExit()
buildBaseline()
const results = await measure(options)
const json = report(results)
mkdirSync(resultsFolder, { recursive: true })
writeFileSync(
  join(resultsFolder, `${new Date().toISOString().replaceAll(':', '-')}-node${process.versions.node}.json`),
  json,
)
process.stdout.write(options.json ? json : `${tableOf(results)}\n`)
const missed = results.filter(
  ({ comparison, rounds }) => isMet(comparison, bestFirst(comparison, rounds)[0]!) === false,
)
if (options.check && missed.length > 0) process.exitCode = 1
