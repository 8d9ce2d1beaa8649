/** What a run measured, for a terminal. */
import { above, amount, bound, goBound, multiple, ratio } from './amounts.ts'
import type { NodeReport, Report, Result } from './report.ts'
import { describeEndurance } from './endurance-text.ts'

const HEAD = [
  'path',
  'C',
  'Go',
  'npm bpf',
  'ours',
  'unit',
  'above C',
  'of C',
  'median',
  'must',
  '',
  'stretch',
  '',
  'of Go',
  'goal',
  '',
]
/** Words; numbers are easier to compare when their last digits are below each other. */
const TO_THE_LEFT = new Set([0, 5, 10, 12, 15])

export function textOf(report: Report): string {
  const { peers } = report
  const notes = [peers.go, peers.npm].flatMap(({ name, missing }) =>
    missing === undefined ? [] : [`${name}: not to be had here: ${missing}`],
  )
  return [...report.nodes.map(nodeText), ...notes].join('\n\n')
}

function nodeText(node: NodeReport): string {
  if (node.missing !== undefined) return `Node ${node.major}: not to be had here: ${node.missing}`
  const parts = [`Node ${node.version}`]
  if (node.results.length > 0) parts.push(aligned([HEAD, ...node.results.map(row)]))
  parts.push(...describeEndurance(node))
  return parts.join('\n\n')
}

function row(result: Result): string[] {
  const { title, unit, best, toC, toGo, goals, verdict } = result
  if (best === undefined) return [title, `failed: ${result.failure}`, ...HEAD.slice(2).map(() => '')]
  return [
    title,
    amount(unit, best.c),
    amount(unit, best.go),
    amount(unit, best.npm),
    amount(unit, best.ours),
    unit,
    above(result),
    ratio(result, toC?.best),
    ratio(result, toC?.median),
    goals === undefined ? '' : bound(result, goals.must),
    met(verdict?.must),
    goals === undefined ? '' : bound(result, goals.stretch),
    met(verdict?.stretch),
    multiple(toGo?.best),
    goBound(result),
    met(verdict?.go),
  ]
}

function met(value: boolean | undefined): string {
  return value === undefined ? '' : value ? 'yes' : 'NO'
}

function aligned(rows: readonly string[][]): string {
  // What says why a side failed is no column of numbers.
  const whole = rows.filter((cells) => cells.some((cell, index) => index > 1 && cell !== ''))
  const widths = HEAD.map((_, column) => Math.max(...whole.map((cells) => cells[column]!.length)))
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => (TO_THE_LEFT.has(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}
