/** Numbers as people read them. */
import type { SideName } from './comparison.ts'
import { type Bound, isSpeed } from './goals.ts'
import type { Result } from './report.ts'

/** Nanoseconds of one operation, in the comparison's unit. */
export function amount(unit: Result['unit'], nanoseconds: number | undefined): string {
  if (nanoseconds === undefined) return '–'
  switch (unit) {
    case 'ns':
      return nanoseconds < 100 ? nanoseconds.toFixed(1) : nanoseconds.toFixed(0)
    case 'µs':
      return (nanoseconds / 1e3).toFixed(1)
    case 'ms':
      return (nanoseconds / 1e6).toFixed(2)
    case 'M/s':
      return (1e3 / nanoseconds).toPrecision(3)
  }
}

/** Of times in multiples, of speeds in percent. */
export function ratio({ unit }: Pick<Result, 'unit'>, value: number | undefined): string {
  if (value === undefined) return '–'
  return isSpeed({ unit }) ? `${percent(value)} %` : `${value.toFixed(2)} ×`
}

/** Against Go both are multiples: Go's time, or Go's speed. */
export function multiple(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(2)} ×`
}

/** What a single call costs above C, in nanoseconds. */
export function above({ unit, best }: Result): string {
  return unit !== 'ns' || best === undefined ? '' : (best.ours - best.c).toFixed(best.c < 100 ? 1 : 0)
}

export function bound(result: Result, { ratio: most, above: adder, time }: Bound): string {
  const sign = isSpeed(result) ? '≥' : '≤'
  const parts = [
    ...(most === undefined ? [] : [`${sign} ${isSpeed(result) ? `${percent(most)} %` : `${most.toFixed(2)} ×`}`]),
    ...(adder === undefined ? [] : [`≤ C + ${adder} ns`]),
    ...(time === undefined ? [] : [result.unit === 'ms' ? `≤ ${time / 1e6} ms` : `≤ ${time} ns`]),
  ]
  return parts.join(', ')
}

export function goBound(result: Result): string {
  if (result.goals === undefined) return ''
  return `${isSpeed(result) ? '≥' : '≤'} ${result.goals.go.toFixed(2)} ×`
}

function percent(value: number): string {
  return value >= 0.995 ? (value * 100).toFixed(0) : String(Number((value * 100).toPrecision(2)))
}

export const sideTitles: Record<SideName, string> = { c: 'C', go: 'Go', npm: 'npm bpf', ours: 'ours' }
