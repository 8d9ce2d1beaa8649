/** Writes what a run measured into docs/performance.md, between its markers, and the charts beside it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bound, multiple, ratio, sideTitles } from './amounts.ts'
import { enduranceChart } from './endurance-chart.ts'
import { enduranceTitles, isWithin } from './endurance-text.ts'
import { isSpeed } from './goals.ts'
import { root } from './places.ts'
import type { Distribution } from './loop-delay.ts'
import { ratioChart } from './ratio-chart.ts'
import type { NodeReport, Report, Result } from './report.ts'

const document = join(root, 'docs/performance.md')

/** Marks of the tables. */
const MISSED = ' ✗'
const STRETCHED = ' ★'

export function updateDocuments(report: Report): void {
  let page = readFileSync(document, 'utf8')
  const measured = report.nodes.filter(({ results }) => results.length > 0)
  if (measured.length > 0) {
    page = between(page, 'machine', machine(report))
    page = between(page, 'ratios', ratioTable(measured))
    page = between(page, 'go', goTable(measured))
    page = between(page, 'above', aboveTable(measured))
    writeFileSync(join(root, 'docs/performance.svg'), ratioChart(report))
  }
  if (report.nodes.some(({ endurance }) => endurance !== undefined)) {
    page = between(page, 'endurance', enduranceTable(report.nodes))
    writeFileSync(join(root, 'docs/performance-endurance.svg'), enduranceChart(report))
  }
  writeFileSync(document, page)
}

function between(page: string, name: string, contents: string): string {
  const begin = `<!-- bench:${name} -->`
  const end = `<!-- /bench:${name} -->`
  const [first, last] = [page.indexOf(begin), page.indexOf(end)]
  if (first < 0 || last < first) throw new Error(`docs/performance.md has no ${begin} … ${end}`)
  return `${page.slice(0, first + begin.length)}\n\n${contents}\n\n${page.slice(last)}`
}

function machine({ date, kernel, cpu, cpus, libbpf, rounds, quick, peers, nodes }: Report): string {
  const missing = [
    ...[peers.go, peers.npm].filter((peer) => peer.missing !== undefined),
    ...nodes.map(({ major, missing: why }) => ({ name: `Node ${major}`, missing: why })),
  ].filter(({ missing: why }) => why !== undefined)
  const sides = [`libbpf ${libbpf}`, peers.go.name, peers.npm.name]
  return [
    `${date.slice(0, 10)}, Linux ${kernel}, ${cpus} × ${cpu}; ${sides.join('; ')}; the best of ${rounds} rounds${quick ? ', **a quick run**' : ''}.`,
    // Why, the run itself has said: what it says may name mirrors, which are nobody's business here.
    ...missing.map(({ name }) => `${name} was not to be had there.`),
  ].join('\n')
}

/** All sides in relation to C. */
function ratioTable(nodes: readonly NodeReport[]): string {
  const head = [
    'path',
    sideTitles.go,
    sideTitles.npm,
    ...nodes.map(({ version }) => `Node ${version}`),
    'must',
    'stretch',
  ]
  const rows = rowsOf(nodes, (first, results) => [
    first.title,
    ratio(first, peerRatio(first, 'go')),
    ratio(first, peerRatio(first, 'npm')),
    ...results.map(verdictToC),
    boundsOf(results, 'must'),
    boundsOf(results, 'stretch'),
  ])
  return markdown(head, rows)
}

function goTable(nodes: readonly NodeReport[]): string {
  const head = ['path', ...nodes.map(({ version }) => `Node ${version}`), 'goal']
  const rows = rowsOf(nodes, (first, results) =>
    first.toGo === undefined
      ? []
      : [
          first.title,
          ...results.map((result) => `${multiple(result?.toGo?.best)}${result?.verdict?.go === false ? MISSED : ''}`),
          first.goals === undefined ? '' : `${isSpeed(first) ? '≥' : '≤'} ${multiple(first.goals.go)}`,
        ],
  ).filter((cells) => cells.length > 0)
  return rows.length === 0 ? 'Go was not to be had.' : markdown(head, rows)
}

/** What single calls cost above C, in nanoseconds: the round with the best ratio. */
function aboveTable(nodes: readonly NodeReport[]): string {
  const head = ['nanoseconds above C', ...nodes.map(({ version }) => `Node ${version}`)]
  const rows = rowsOf(nodes, (first, results) =>
    first.unit !== 'ns' || first.best!.c < 100
      ? []
      : [first.title, ...results.map((result) => (result?.best ? (result.best.ours - result.best.c).toFixed(0) : '–'))],
  ).filter((cells) => cells.length > 0)
  return rows.length === 0 ? 'No single calls were measured.' : markdown(head, rows)
}

function enduranceTable(nodes: readonly NodeReport[]): string {
  const head = [
    'Node',
    ...Object.values(enduranceTitles).map((title) => `MiB, \`${title}\``),
    'one full ring: turn',
    'delay',
    'three: turn',
    'delay',
  ]
  const rows = nodes.flatMap(({ version, endurance, loopDelay }) => {
    if (endurance === undefined || loopDelay === undefined) return []
    const memory = endurance.map(({ first, last, events, met }) => {
      return `${first.toFixed(0)} → ${last.toFixed(0)} after ${events / 1e6}M${met ? '' : MISSED}`
    })
    const times = loopDelay.flatMap(({ turn, delay }) => [
      `${timesOf(turn)}${isWithin(turn) ? '' : MISSED}`,
      timesOf(delay),
    ])
    return [[version ?? '', ...memory, ...times]]
  })
  return markdown(head, rows)
}

function timesOf({ p50, p99, max }: Distribution): string {
  return [p50, p99, max].map((time) => time.toFixed(1)).join(', ')
}

/** One row for each path that was measured; `results` are those of the versions of Node. */
function rowsOf(
  nodes: readonly NodeReport[],
  cells: (first: Result, results: readonly (Result | undefined)[]) => string[],
): string[][] {
  const names = [...new Set(nodes.flatMap(({ results }) => results.map(({ name }) => name)))]
  return names.flatMap((name) => {
    const results = nodes.map((node) => node.results.find((result) => result.name === name))
    const first = results.find((result) => result?.best !== undefined)
    return first === undefined ? [] : [cells(first, results)]
  })
}

/** Those of the oldest Node first, where they differ. */
function boundsOf(results: readonly (Result | undefined)[], kind: 'must' | 'stretch'): string {
  const bounds = results.map((result) => (result?.goals === undefined ? '' : bound(result, result.goals[kind])))
  return [...new Set(bounds)].filter((words) => words !== '').join(', then ')
}

function peerRatio({ unit, best }: Result, side: 'go' | 'npm'): number | undefined {
  const peer = best?.[side]
  if (peer === undefined) return undefined
  return isSpeed({ unit }) ? best!.c / peer : peer / best!.c
}

/** The best round, the median one in brackets, and what became of the goals. */
function verdictToC(result: Result | undefined): string {
  if (result?.toC === undefined) return result?.failure === undefined ? '–' : 'failed'
  const { toC, verdict } = result
  const median = isSpeed(result) ? ratio(result, toC.median).replace(' %', '') : toC.median.toFixed(2)
  const mark = verdict === undefined ? '' : verdict.stretch ? STRETCHED : verdict.must ? '' : MISSED
  return `${ratio(result, toC.best)} (${median})${mark}`
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
