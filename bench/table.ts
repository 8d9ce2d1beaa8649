/** Results as lines of aligned columns. */
import { bestFirst, type Comparison, isMet, isSpeed, type Round, ratioOf } from './comparison.ts'

export interface Result {
  comparison: Comparison
  rounds: Round[]
}

const HEAD = ['path', 'C', 'ours', 'unit', 'ratio', 'median', 'goal', 'met?']
/** Numbers are easier to compare when their last digits are below each other. */
const TO_THE_RIGHT = new Set([1, 2, 4, 5, 6])

export function tableOf(results: readonly Result[]): string {
  const rows = [HEAD, ...results.map(row)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)))
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => (TO_THE_RIGHT.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}

/** C, ours and ratio are of the best round; the median is that of all rounds' ratios. */
function row({ comparison, rounds }: Result): string[] {
  const sorted = bestFirst(comparison, rounds)
  const best = sorted[0]!
  const middle = sorted[Math.floor(sorted.length / 2)]!
  const met = isMet(comparison, best)
  return [
    comparison.title,
    amount(comparison, best.c),
    amount(comparison, best.ours),
    comparison.unit,
    ratio(comparison, ratioOf(comparison, best)),
    ratio(comparison, ratioOf(comparison, middle)),
    goal(comparison),
    met === undefined ? '' : met ? 'yes' : 'NO',
  ]
}

/** Nanoseconds of one operation, in the comparison's unit. */
function amount({ unit }: Comparison, nanoseconds: number): string {
  switch (unit) {
    case 'ns':
      return nanoseconds.toFixed(0)
    case 'µs':
      return (nanoseconds / 1e3).toFixed(1)
    case 'ms':
      return (nanoseconds / 1e6).toFixed(2)
    case 'M/s':
      return (1e3 / nanoseconds).toPrecision(3)
  }
}

function ratio(comparison: Comparison, value: number): string {
  return isSpeed(comparison) ? `${(value * 100).toPrecision(3)} %` : `${value.toFixed(2)} ×`
}

function goal(comparison: Comparison): string {
  if (comparison.goal === undefined) return '–'
  return isSpeed(comparison) ? `≥ ${comparison.goal * 100} %` : `≤ ${comparison.goal.toFixed(2)} ×`
}
