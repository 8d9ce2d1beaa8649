/** Memory and delays of the event loop, for a terminal. */
import type { Endurance, EnduranceKind } from './endurance.ts'
import type { Distribution, LoopDelay } from './loop-delay.ts'
import type { NodeReport } from './report.ts'

/** A turn that takes longer is more than a full ring may cause. */
export const MAX_TURN_MS = 10

const BAR = 40

export function describeEndurance({ endurance, loopDelay, failure }: NodeReport): string[] {
  const failed = failure === undefined ? [] : [`Memory and event loop: failed: ${failure}`]
  return [...(endurance ?? []).map(memoryText), ...(loopDelay ?? []).map(delayText), ...failed]
}

export const enduranceTitles: Record<EnduranceKind, string> = {
  callback: 'forEach',
  arrays: 'toArray() of each batch',
}

function memoryText({ kind, events, seconds, first, last, allowed, met }: Endurance): string {
  const grown = last - first
  return [
    `Memory, ${enduranceTitles[kind]}: ${first.toFixed(1)} MiB after 1M events, ${last.toFixed(1)} MiB after ${events / 1e6}M (${seconds.toFixed(0)} s):`,
    `${grown < 0 ? '' : '+'}${grown.toFixed(1)} MiB, at most +${allowed} MiB: ${met ? 'yes' : 'NO'}`,
  ].join(' ')
}

function delayText({ rings, drains, disturbed, delay, turn }: LoopDelay): string {
  const what = rings === 1 ? 'a full ring' : `${rings} full rings`
  return [
    `Event loop: ${what} of 16 MiB, ${drains} times${others(drains, disturbed)}.`,
    ...distributionText('delays of a timer', delay),
    ...distributionText(`CPU time of a turn, at most ${MAX_TURN_MS} ms: ${isWithin(turn) ? 'yes' : 'NO'}`, turn),
  ].join('\n')
}

function distributionText(title: string, { samples, p50, p99, max, histogram }: Distribution): string[] {
  const most = Math.max(...histogram.map(({ count }) => count))
  const bars = histogram
    .filter(({ count }) => count > 0)
    .map(({ below, count }) => {
      const label = below === Number.MAX_SAFE_INTEGER ? 'more' : `< ${below} ms`
      return `  ${label.padStart(8)}  ${String(count).padStart(5)}  ${'█'.repeat(Math.ceil((count / most) * BAR))}`
    })
  const times = `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`
  return [`${title}: ${times}, ${samples} samples`, ...bars]
}

function others(drains: number, disturbed: number): string {
  if (disturbed === 0) return ''
  return disturbed === drains ? ', all disturbed by other processes' : ` (${disturbed} more were disturbed)`
}

/** Whether a full ring never kept the loop for longer. The CPU time is what counts, which no other process can prolong. */
export function isWithin({ max }: Distribution): boolean {
  return max <= MAX_TURN_MS
}
