/**
 * `node endurance.js EVENTS KIND`: the process's memory while it decodes and drops so many records of a ring. Prints JSON.
 */
import type { Batch } from 'ebpf'
import { loadBaseline } from './baseline.ts'
import { keepCompany } from './company.ts'
import { type Event, openEvents, RECORDS } from './events.ts'
import { subscribed } from './paths/reader.ts'
import { isProgram } from './places.ts'

/**
 * Objects are dropped by a callback one after the other, or kept in an array for as long as their batch is handled, which
 * makes V8 enlarge the part of its heap where objects begin.
 */
export type EnduranceKind = 'callback' | 'arrays'

/** What must not grow. */
export interface Endurance {
  kind: EnduranceKind
  events: number
  seconds: number
  samples: MemorySample[]
  /** MiB of the resident set, after the first sample and after the last. */
  first: number
  last: number
  /** `last` is at most so much above `first`. */
  allowed: number
  met: boolean
}

export interface MemorySample {
  events: number
  /** MiB. */
  resident: number
  heap: number
}

/** Records between two samples. */
const STEP = 1_000_000
const ALLOWED_MIB = 8
const MIB = 2 ** 20

/** What was read, so that no compiler can drop the reading. */
export let sink: unknown

const takers: Record<EnduranceKind, (batch: Batch<Event>) => void> = {
  callback: (batch) =>
    batch.forEach((event) => {
      if (event.result !== 0) sink = event
    }),
  arrays: (batch) => {
    sink = batch.toArray()
  },
}

async function endure(events: number, kind: EnduranceKind): Promise<Endurance> {
  const take = takers[kind]
  const { object, ring, program } = await openEvents()
  const samples: MemorySample[] = []
  const reader = subscribed(ring, take)
  const begin = performance.now()
  for (let seen = 0; seen < events; ) {
    loadBaseline().programFill(program, RECORDS)
    await reader.read(RECORDS)
    seen += RECORDS
    if (seen % STEP === 0) {
      const heap = process.memoryUsage().heapUsed / MIB
      samples.push({ events: seen, resident: process.memoryUsage.rss() / MIB, heap })
    }
  }
  const seconds = (performance.now() - begin) / 1e3
  await reader.close()
  await object.close()
  const [first, last] = [samples[0]!.resident, samples.at(-1)!.resident]
  return { kind, events, seconds, samples, first, last, allowed: ALLOWED_MIB, met: last <= first + ALLOWED_MIB }
}

if (isProgram(import.meta.url)) {
  await keepCompany()
  process.stdout.write(JSON.stringify(await endure(Number(process.argv[2]), process.argv[3] as EnduranceKind)))
}
