/** docs/performance-endurance.svg: the memory of a long run, and the turns of the event loop under full rings. */
import { MAX_TURN_MS } from './endurance-text.ts'
import type { Distribution } from './loop-delay.ts'
import type { NodeReport, Report } from './report.ts'
import { drawing, element, line, linearScale, nodeClass, text } from './svg.ts'

const WIDTH = 860
const LEFT = 56
const RIGHT = 24
const MEMORY_TOP = 44
const MEMORY_HEIGHT = 200
const TURN_TOP = 330
const TURN_HEIGHT = 120
const HEIGHT = TURN_TOP + TURN_HEIGHT + 70

export function enduranceChart({ nodes }: Report): string {
  return drawing(WIDTH, HEIGHT, 'Memory over a long run, and turns of the event loop', [
    ...memoryPanel(nodes),
    ...turnPanel(nodes),
    ...legend(nodes),
  ])
}

function memoryPanel(nodes: readonly NodeReport[]): string[] {
  const runs = nodes.flatMap(({ endurance }, index) => (endurance ?? []).map((run) => ({ ...run, index })))
  const samples = runs.flatMap((run) => run.samples)
  if (samples.length === 0) return []
  const most = Math.ceil(Math.max(...samples.map(({ resident }) => resident)) / 50) * 50
  const last = Math.max(...samples.map(({ events }) => events))
  const x = linearScale([0, last], [LEFT, WIDTH - RIGHT])
  const y = linearScale([0, most], [MEMORY_TOP + MEMORY_HEIGHT, MEMORY_TOP])
  const grid = steps(most, 4).flatMap((value) => [
    line(LEFT, y(value), WIDTH - RIGHT, y(value), 'grid'),
    text(LEFT - 8, y(value) + 4, String(value), { class: 'small', 'text-anchor': 'end' }),
  ])
  const labels = steps(last / 1e6, 4).map((value) =>
    text(x(value * 1e6), MEMORY_TOP + MEMORY_HEIGHT + 18, `${value}M`, { class: 'small', 'text-anchor': 'middle' }),
  )
  const curves = runs.map((run) => {
    const points = run.samples.map(({ events, resident }) => `${x(events).toFixed(1)} ${y(resident).toFixed(1)}`)
    const dashes = run.kind === 'arrays' ? ' dashed' : ''
    return element('path', {
      d: `M${points.join('L')}`,
      class: `curve ${nodeClass(run.index)}${dashes}`,
      style: 'fill:none',
    })
  })
  const title = 'Resident memory in MiB over events: forEach, and dashed toArray() of each batch'
  return [text(16, 26, title, { class: 'head' }), ...grid, ...labels, ...curves]
}

/** Below 1, 2, … in equal steps. */
function steps(most: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, index) => Number(((most * index) / count).toPrecision(3)))
}

function turnPanel(nodes: readonly NodeReport[]): string[] {
  const groups = [1, 3].flatMap((rings, group) => turnGroup(nodes, rings, group))
  if (groups.length === 0) return []
  const title = `CPU time of a turn of the event loop while full rings are drained, share of turns; goal: at most ${MAX_TURN_MS} ms`
  return [text(16, TURN_TOP - 34, title, { class: 'head' }), ...groups]
}

/** Bars for one or three rings, side by side. */
function turnGroup(nodes: readonly NodeReport[], rings: number, group: number): string[] {
  const found = nodes.map(({ loopDelay }) => loopDelay?.find((delay) => delay.rings === rings)?.turn)
  const first = found.find((turn) => turn !== undefined)
  if (first === undefined) return []
  const width = (WIDTH - LEFT - RIGHT) / 2 - 16
  const left = LEFT + group * (width + 32)
  const slot = width / first.histogram.length
  const bar = (slot - 6) / found.length
  const bottom = TURN_TOP + TURN_HEIGHT
  const bars = found.flatMap((turn, index) =>
    (turn?.histogram ?? []).map(({ count }, position) => {
      const height = (count / turn!.samples) * TURN_HEIGHT
      // What is rare has to be seen.
      const seen = count === 0 ? 0 : Math.max(1.5, height)
      const x = left + position * slot + 3 + index * bar
      return element('rect', { x, y: bottom - seen, width: bar, height: seen, class: nodeClass(index), stroke: 'none' })
    }),
  )
  return [
    text(left, TURN_TOP - 10, rings === 1 ? 'one ring of 16 MiB' : `${rings} rings of 16 MiB`, { class: 'small' }),
    ...bars,
    line(left, bottom, left + width, bottom, 'whole'),
    ...edges(first, left, slot, bottom),
  ]
}

function edges({ histogram }: Distribution, left: number, slot: number, bottom: number): string[] {
  return histogram.slice(0, -1).map(({ below }, position) => {
    const words = `${below}${position === histogram.length - 2 ? ' ms' : ''}`
    return text(left + (position + 1) * slot, bottom + 16, words, { class: 'small', 'text-anchor': 'middle' })
  })
}

function legend(nodes: readonly NodeReport[]): string[] {
  return nodes.flatMap(({ version }, index) => [
    element('circle', { cx: 24 + index * 130, cy: HEIGHT - 18, r: 4, class: nodeClass(index) }),
    text(34 + index * 130, HEIGHT - 14, `Node ${version ?? ''}`, { class: 'small' }),
  ])
}
