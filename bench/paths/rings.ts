/** Reading a full ring: see ../events.ts. */
import { setImmediate as turn } from 'node:timers/promises'
import type { RingBuffer } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { type Event, openEvents, RECORDS } from '../events.ts'
import type { Bound } from '../goals.ts'
import { GoPeer } from '../peers/go.ts'
import { now } from '../statistics.ts'
import { type Reader, subscribed } from './reader.ts'

/** What the Go side does with each record: see `takers` of peers/go/rings.go. */
type GoTaker = 'raw' | 'fields' | 'callback' | 'batches' | 'all'

async function prepare(
  go: GoTaker,
  start: (ring: RingBuffer<Event>) => Reader,
  int64: 'bigint' | 'number' = 'bigint',
): Promise<Sides> {
  const baseline = loadBaseline()
  const { object, ring, program } = await openEvents(int64)
  baseline.ringOpen(ring.fd)
  const goPeer = GoPeer.start()
  goPeer?.ask('ring', ring.id)
  const reader = start(ring)
  const fill = (): void => {
    baseline.programFill(program, RECORDS)
  }
  return {
    // All sides are open all the time. The event loop, and with it our stream, stands still while the others read.
    c: () => {
      fill()
      return baseline.ringDrain(RECORDS) / RECORDS
    },
    go:
      goPeer &&
      (() => {
        fill()
        return goPeer.ask('drain', RECORDS, go) / RECORDS
      }),
    ours: async () => {
      fill()
      const begin = now()
      await reader.read(RECORDS)
      const duration = now() - begin
      reader.forget?.()
      // The stream comes to rest.
      await turn()
      return duration / RECORDS
    },
    close: async () => {
      await reader.close()
      baseline.ringClose()
      goPeer?.close()
      await object.close()
    },
  }
}

/** What was read, so that no compiler can drop the reading. */
export let sink: unknown

const onlyBatches = (ring: RingBuffer<Event>): Reader => subscribed(ring, (batch) => (sink = batch.length))

/** Every object outlives its callback, until those of the next batch take their place. */
const batchesKept = (ring: RingBuffer<Event>): Reader =>
  subscribed(ring, (batch) => {
    sink = batch.toArray()
  })

/** Every object of a slice stays: V8's garbage collector copies all of them, twice. */
const allKept = (ring: RingBuffer<Event>): Reader => {
  let kept: Event[][] = []
  return subscribed(
    ring,
    (batch) => kept.push(batch.toArray()),
    () => {
      kept = []
    },
  )
}

const toCallback = (ring: RingBuffer<Event>): Reader =>
  subscribed(ring, (batch) => {
    let failed = 0
    batch.forEach((event) => {
      if (event.result !== 0 && event.pid > 0) failed++
    })
    sink = failed
  })

/** Three fields of each record, without an object. */
const viewed = (ring: RingBuffer<Event>): Reader =>
  subscribed(ring, (batch) => {
    let failed = 0
    let cpus = 0
    batch.forEachView((event) => {
      if (event.result !== 0 && event.pid > 0) failed++
      cpus += event.cpu
    })
    sink = failed + cpus
  })

/** The same number of fields, one of 64 bits. */
const gathered = (ring: RingBuffer<Event>): Reader =>
  subscribed(ring, (batch) => {
    sink = batch.columns(['pid', 'bytes', 'result'])
  })

/** `for await`, one record at a time. */
const oneByOne = (ring: RingBuffer<Event>): Reader => {
  const records = ring.records({ maxLatencyMs: 0 })
  // Asking for the next record is what gives the one before it back to the ring.
  let next = records.next()
  return {
    read: async (count) => {
      for (let index = 0; index < count; index++) {
        sink = (await next).value
        next = records.next()
      }
    },
    close: async () => {
      await records.return?.()
    },
  }
}

const common = { unit: 'M/s', slices: 30, quickSlices: 10 } as const
/** Views and columns. */
const fieldGoals = () => ({ must: { ratio: 0.25 }, stretch: { ratio: 0.35 }, go: 1.1 })
/** Of objects that are kept. */
const keptGoals = (node: number) => ({ must: keptMust(node), stretch: { ratio: 0.12 }, go: 2 })
const keptMust = (node: number): Bound => ({ ratio: node < 22 ? 0.08 : 0.04 })

export const rings: Comparison[] = [
  {
    ...common,
    name: 'ring-batches',
    title: 'ring, batches without decoding',
    goals: () => ({ must: { ratio: 0.45 }, stretch: { ratio: 0.7 }, go: 2 }),
    prepare: () => prepare('raw', onlyBatches),
  },
  {
    ...common,
    name: 'ring-views',
    title: 'ring, views, 3 fields read',
    goals: fieldGoals,
    prepare: () => prepare('fields', viewed),
  },
  {
    ...common,
    name: 'ring-columns',
    title: 'ring, columns of 3 fields',
    goals: fieldGoals,
    prepare: () => prepare('fields', gathered),
  },
  {
    ...common,
    name: 'ring-kept',
    title: 'ring, toArray() of each batch, 10 fields',
    goals: keptGoals,
    prepare: () => prepare('batches', batchesKept),
  },
  {
    ...common,
    name: 'ring-kept-numbers',
    title: "ring, the same, int64: 'number'",
    goals: keptGoals,
    prepare: () => prepare('batches', batchesKept, 'number'),
  },
  {
    ...common,
    name: 'ring-kept-all',
    title: 'ring, the same, all 200k objects kept',
    goals: keptGoals,
    prepare: () => prepare('all', allKept),
  },
  {
    ...common,
    name: 'ring-foreach',
    title: 'ring, forEach, objects to a callback',
    prepare: () => prepare('callback', toCallback),
  },
  {
    ...common,
    name: 'ring-for-await',
    title: 'ring, for await, one record at a time',
    prepare: () => prepare('callback', oneByOne),
  },
]
