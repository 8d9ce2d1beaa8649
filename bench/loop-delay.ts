/**
 * `node loop-delay.js`: how long full rings of 16 MiB keep the event loop from anything else, while every record in them is
 * decoded to an object of ten fields. Prints JSON.
 */
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadBaseline } from './baseline.ts'
import { keepCompany } from './company.ts'
import { type Events, openEvents, RECORDS } from './events.ts'
import { isProgram } from './places.ts'

/** Milliseconds. */
export interface LoopDelay {
  /** So many rings were full at once. */
  rings: number
  drains: number
  /** Drains that do not count: meanwhile the kernel gave the CPU of the JavaScript thread to somebody else. */
  disturbed: number
  /** From one tick of a timer of a millisecond to the next, by perf_hooks; an idle loop has about 1. */
  delay: Distribution
  /** What one turn of the loop takes of the CPU: the same on a machine that is busy. */
  turn: Distribution
}

export interface Distribution {
  samples: number
  p50: number
  p99: number
  max: number
  /** How many were below each number, and not below the one before it. */
  histogram: { below: number; count: number }[]
}

const EDGES = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50, Number.MAX_SAFE_INTEGER]

/** So that the histogram has some hundred turns to show. */
const DRAINS = 40
const WARM_UP_DRAINS = 5
/** On a machine that is busy all the time what there is has to do. */
const MAX_DRAINS = 3 * DRAINS

/** Of one drain. */
interface Samples {
  delays: number[]
  turns: number[]
}

async function measure(rings: number): Promise<LoopDelay> {
  const opened: Events[] = []
  try {
    for (let index = 0; index < rings; index++) opened.push(await openEvents())
    for (let drain = 0; drain < WARM_UP_DRAINS; drain++) await drainOnce(opened)
    const undisturbed: Samples[] = []
    const disturbed: Samples[] = []
    while (undisturbed.length < DRAINS && undisturbed.length + disturbed.length < MAX_DRAINS) {
      const before = preemptions()
      const found = await drainOnce(opened)
      const list = preemptions() === before ? undisturbed : disturbed
      list.push(found)
    }
    const counted = undisturbed.length === 0 ? disturbed : undisturbed
    return {
      rings,
      drains: counted.length,
      disturbed: disturbed.length,
      delay: distribution(counted.flatMap(({ delays }) => delays)),
      turn: distribution([...undisturbed, ...disturbed].flatMap(({ turns }) => turns)),
    }
  } finally {
    for (const { object } of opened) await object.close()
  }
}

/** Full rings are drained. They are filled first, which blocks the loop, too, and is not watched. */
async function drainOnce(opened: readonly Events[]): Promise<Samples> {
  for (const { program } of opened) loadBaseline().programFill(program, RECORDS)
  const monitor = monitorEventLoopDelay({ resolution: 1 })
  monitor.enable()
  // The first tick is what the delay of the second one counts from.
  await sleep(3)
  const turns = watchTurns()
  await Promise.all(opened.map(drain))
  // The turn that follows the last batch.
  await sleep(3)
  monitor.disable()
  return { delays: samplesOf(monitor), turns: turns.stop() }
}

/** Every turn of the event loop has one immediate. */
function watchTurns(): { stop(): number[] } {
  const turns: number[] = []
  let last = loadBaseline().threadCpuTime()
  let immediate = setImmediate(next)
  function next(): void {
    const time = loadBaseline().threadCpuTime()
    turns.push((time - last) / 1e6)
    last = time
    immediate = setImmediate(next)
  }
  return {
    stop: () => {
      clearImmediate(immediate)
      // The rest are turns without a record.
      return turns.filter((time) => time > 0.1)
    },
  }
}

/** How often the kernel took the CPU away from this process's first thread, which is the one of JavaScript. */
function preemptions(): number {
  return Number(/^nonvoluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

function drain({ ring }: Events): Promise<void> {
  let seen = 0
  return new Promise((resolve, reject) => {
    const subscription = ring.subscribe((batch) => {
      seen += batch.toArray().length
      if (seen >= RECORDS) subscription.close()
    })
    subscription.finished.then(resolve, reject)
  })
}

/** Every sample of a histogram: each is its own percentile. */
function samplesOf(monitor: ReturnType<typeof monitorEventLoopDelay>): number[] {
  const { count } = monitor
  return Array.from({ length: count }, (_, index) => monitor.percentile(((index + 0.5) / count) * 100) / 1e6)
}

function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (fraction: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0
  const histogram = EDGES.map((below, index) => {
    const least = EDGES[index - 1] ?? 0
    return { below, count: sorted.filter((value) => value >= least && value < below).length }
  })
  return { samples: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1), histogram }
}

if (isProgram(import.meta.url)) {
  await keepCompany()
  process.stdout.write(JSON.stringify([await measure(1), await measure(3)]))
}
