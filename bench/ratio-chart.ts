/** docs/performance.svg: how fast each path is in relation to C, on a logarithmic scale, with the goals. */
import type { Round } from './comparison.ts'
import { type Bound, type Goals, isSpeed } from './goals.ts'
import type { NodeReport, Report, Result } from './report.ts'
import { drawing, element, line, logScale, nodeClass, text } from './svg.ts'

const WIDTH = 860
const LEFT = 316
const RIGHT = 24
const TOP = 64
const ROW = 28
const TICKS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]

const speedScale = logScale([0.005, 2], [LEFT, WIDTH - RIGHT])

export function ratioChart(report: Report): string {
  const nodes = report.nodes.filter(({ results }) => results.some(({ best }) => best !== undefined))
  const names = [...new Set(nodes.flatMap(({ results }) => results.map(({ name }) => name)))]
  const height = TOP + names.length * ROW + 40
  return drawing(WIDTH, height, 'Speed in relation to C', [
    ...axis(height - 40),
    ...names.flatMap((name, index) => row(nodes, name, TOP + index * ROW + ROW / 2)),
    ...legend(nodes, height - 14),
  ])
}

function axis(bottom: number): string[] {
  const ticks = TICKS.flatMap((tick) => [
    line(speedScale(tick), TOP - 8, speedScale(tick), bottom, tick === 1 ? 'whole' : 'grid'),
    text(speedScale(tick), TOP - 14, `${tick * 100} %`, { class: 'small', 'text-anchor': 'middle' }),
  ])
  return [
    text(16, 26, 'Speed in relation to C (100 %), logarithmic: further right is better', { class: 'head' }),
    ...ticks,
  ]
}

function row(nodes: readonly NodeReport[], name: string, y: number): string[] {
  const found = nodes.map(({ results }) => results.find((result) => result.name === name))
  const first = found.find((result) => result?.best !== undefined)
  if (first === undefined) return []
  const { best } = first
  return [
    text(LEFT - 12, y + 4, first.title, { 'text-anchor': 'end' }),
    ...found.flatMap((result) => (result?.goals === undefined ? [] : goalMarks(first, result.goals, y))),
    ...(best?.go === undefined ? [] : [diamond(speedOf(best, 'go'), y)]),
    ...(best?.npm === undefined ? [] : [triangle(speedOf(best, 'npm'), y)]),
    ...found.flatMap((result, index) =>
      result?.best === undefined ? [] : [dot(speedOf(result.best, 'ours'), y, index, found.length)],
    ),
  ]
}

/** Of C's. */
function speedOf(round: Round, side: 'go' | 'npm' | 'ours'): number {
  return round.c / round[side]!
}

/** Most versions of Node have the same goals: their marks lie upon each other. */
function goalMarks(first: Result, { must, stretch }: Goals, y: number): string[] {
  return [goalMark(first, must, y, 'must'), goalMark(first, stretch, y, 'stretch')]
}

function goalMark(result: Result, { ratio, time }: Bound, y: number, kind: string): string {
  const speed = time !== undefined ? result.best!.c / time : isSpeed(result) ? ratio! : 1 / ratio!
  return line(speedScale(speed), y - 9, speedScale(speed), y + 9, kind)
}

function dot(speed: number, y: number, index: number, count: number): string {
  const offset = (index - (count - 1) / 2) * 4
  return element('circle', { cx: speedScale(speed), cy: y + offset, r: 3.2, class: nodeClass(index) })
}

function diamond(speed: number, y: number): string {
  const x = speedScale(speed)
  return element('path', { d: `M${x.toFixed(1)} ${y - 6}l5 6l-5 6l-5-6z`, class: 'go' })
}

function triangle(speed: number, y: number): string {
  const x = speedScale(speed)
  return element('path', { d: `M${x.toFixed(1)} ${y - 5}l5 9h-10z`, class: 'npm' })
}

function legend(nodes: readonly NodeReport[], y: number): string[] {
  const parts: string[] = []
  let x = 16
  const add = (mark: (x: number) => string, words: string): void => {
    parts.push(mark(x + 5), text(x + 16, y + 4, words, { class: 'small' }))
    x += 30 + words.length * 6.4
  }
  for (const [index, { version }] of nodes.entries()) {
    add((cx) => element('circle', { cx, cy: y, r: 4, class: nodeClass(index) }), `Node ${version}`)
  }
  add((cx) => element('path', { d: `M${cx} ${y - 6}l5 6l-5 6l-5-6z`, class: 'go' }), 'Go')
  add((cx) => element('path', { d: `M${cx} ${y - 5}l5 9h-10z`, class: 'npm' }), 'npm bpf')
  add((cx) => line(cx, y - 7, cx, y + 7, 'must'), 'must')
  add((cx) => line(cx, y - 7, cx, y + 7, 'stretch'), 'stretch')
  return parts
}
