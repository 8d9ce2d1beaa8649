/**
 * `npm run bench`: C over libbpf, Go's cilium/ebpf, npm's bpf and this package, on the same maps and rings. See
 * docs/performance.md.
 *
 *   --quick        fewer and shorter rounds
 *   --rounds N     rounds of each comparison: 5, or 2 of a quick run
 *   --only NAME    only these comparisons; may be given several times
 *   --node LIST    "all", or major versions such as 20,24, out of npm's packages; the Node that runs this by default
 *   --endurance    memory and delays of the event loop, in place of the comparisons
 *   --events N     so many millions of events for the memory: 100, or 3 of a quick run
 *   --json         print the results as JSON in place of the tables
 *   --update-docs  everything, and write the tables and charts into docs/
 *   --check        exit code 1 when a goal that must be met is missed
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildBaseline } from './baseline.ts'
import type { Comparison } from './comparison.ts'
import { comparisons } from './comparisons.ts'
import { updateDocuments } from './document.ts'
import { isWithin } from './endurance-text.ts'
import { measureNode, type Plan } from './measure.ts'
import { findNodes, majorsOf } from './nodes.ts'
import { buildGoPeer } from './peers/go-build.ts'
import { installNpmPeer } from './peers/npm-bpf.ts'
import { sources } from './places.ts'
import { newReport, type Report } from './report.ts'
import { textOf } from './table.ts'

interface Options extends Plan {
  /** Major versions of Node. */
  nodes: readonly number[]
  json: boolean
  check: boolean
  updateDocs: boolean
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      node: { type: 'string' },
      endurance: { type: 'boolean', default: false },
      events: { type: 'string' },
      json: { type: 'boolean', default: false },
      'update-docs': { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
    },
  })
  const { quick, only, node, endurance, json, check } = values
  const unknown = only.find((name) => comparisons.every((comparison) => comparison.name !== name))
  if (unknown !== undefined) {
    throw new TypeError(`There is no "${unknown}". Known: ${comparisons.map(({ name }) => name).join(', ')}.`)
  }
  const updateDocs = values['update-docs']
  const everything = updateDocs && only.length === 0 && !endurance
  return {
    quick,
    rounds: count('--rounds', values.rounds, quick ? 2 : 5),
    events: count('--events', values.events, quick ? 3 : 100) * 1e6,
    chosen: endurance && only.length === 0 ? [] : chosenOf(only),
    endurance: endurance || everything,
    nodes: majorsOf(node),
    json,
    check,
    updateDocs,
  }
}

function chosenOf(names: readonly string[]): readonly Comparison[] {
  return names.length === 0 ? comparisons : comparisons.filter(({ name }) => names.includes(name))
}

function count(option: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${option} wants a number from 1 on, not "${text}".`)
  return value
}

async function measure(options: Options): Promise<Report> {
  const nodes = findNodes(options.nodes)
  buildBaseline()
  const report = newReport({ go: await buildGoPeer(), npm: installNpmPeer() }, options)
  for (const node of nodes) {
    if ('missing' in node) report.nodes.push({ ...node, results: [] })
    else report.nodes.push(await measureNode(node, options))
  }
  return report
}

/** Whether everything that must be is as it must be, and nothing failed. */
function isGood({ nodes }: Report): boolean {
  return nodes.every(({ results, endurance, loopDelay, failure: endedBy }) => {
    const compared = results.every(({ verdict, failure }) => verdict?.must !== false && failure === undefined)
    const steady = (endurance ?? []).every(({ met }) => met)
    return endedBy === undefined && compared && steady && (loopDelay ?? []).every(({ turn }) => isWithin(turn))
  })
}

function keep(report: Report): void {
  const folder = join(sources, 'results')
  mkdirSync(folder, { recursive: true })
  const nodes = report.nodes.map(({ major }) => major).join('-')
  const file = join(folder, `${report.date.replaceAll(':', '-')}-node${nodes}.json`)
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`)
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
const report = await measure(options)
keep(report)
if (options.updateDocs) updateDocuments(report)
process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : `${textOf(report)}\n`)
if (options.check && !isGood(report)) process.exitCode = 1
