/** Reading a full ring: 200 000 records of 64 bytes and ten fields in a ring of 16 MiB. */
import { setImmediate as turn } from 'node:timers/promises'
import { type Batch, type BpfObject, loadObject, RingBuffer } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { now } from '../statistics.ts'

const RECORDS = 200_000

export const eventsObject = new URL('../programs/events.bpf.o', import.meta.url)

/** `struct event` of bench/programs/events.bpf.c. */
export interface Event {
  time: bigint
  duration: bigint
  bytes: bigint
  pid: number
  tid: number
  uid: number
  cpu: number
  flags: number
  result: number
  comm: string
}

/** Takes the records of a stream, slice after slice. */
interface Reader {
  /** Resolves when `count` records were read since the last call. */
  read(count: number): Promise<void>
  /** Forgets what it kept: not timed. */
  forget?(): void
  close(): void | Promise<void>
}

async function prepare(
  start: (ring: RingBuffer<Event>) => Reader,
  int64: 'bigint' | 'number' = 'bigint',
): Promise<Sides> {
  const baseline = loadBaseline()
  const object: BpfObject = await loadObject(eventsObject, { int64 })
  const ring = object.map('events', RingBuffer) as RingBuffer<Event>
  const program = object.programs.fill!.fd
  baseline.ringOpen(ring.fd)
  const reader = start(ring)
  return {
    // Both sides are open all the time. The event loop, and with it our stream, stands still while C fills and reads.
    c: () => {
      baseline.programFill(program, RECORDS)
      return baseline.ringDrain(RECORDS) / RECORDS
    },
    ours: async () => {
      baseline.programFill(program, RECORDS)
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
      await object.close()
    },
  }
}

/** A subscription; `take` gets each batch. */
function subscribed(ring: RingBuffer<Event>, take: (batch: Batch<Event>) => void, forget?: () => void): Reader {
  let missing = 0
  let done = (): void => {}
  // Timed drains would only come in between.
  const subscription = ring.subscribe(
    (batch) => {
      take(batch)
      missing -= batch.length
      if (missing === 0) done()
    },
    { maxLatencyMs: 0 },
  )
  return {
    read: (count) => {
      missing = count
      return new Promise((resolve, reject) => {
        done = resolve
        subscription.finished.catch(reject)
      })
    },
    ...(forget && { forget }),
    close: () => subscription.close(),
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

export const rings: Comparison[] = [
  {
    ...common,
    name: 'ring-batches',
    title: 'ring, batches without decoding',
    goal: 0.35,
    prepare: () => prepare(onlyBatches),
  },
  {
    ...common,
    name: 'ring-kept',
    title: 'ring, toArray() of each batch, 10 fields',
    goal: 0.06,
    prepare: () => prepare(batchesKept),
  },
  {
    ...common,
    name: 'ring-kept-numbers',
    title: "ring, the same, int64: 'number'",
    prepare: () => prepare(batchesKept, 'number'),
  },
  {
    ...common,
    name: 'ring-kept-all',
    title: 'ring, the same, all 200k objects kept',
    prepare: () => prepare(allKept),
  },
  {
    ...common,
    name: 'ring-foreach',
    title: 'ring, forEach, objects to a callback',
    prepare: () => prepare(toCallback),
  },
  {
    ...common,
    name: 'ring-views',
    title: 'ring, views, 3 fields read',
    goal: 0.25,
    prepare: () => prepare(viewed),
  },
  {
    ...common,
    name: 'ring-columns',
    title: 'ring, columns of 3 fields',
    goal: 0.25,
    prepare: () => prepare(gathered),
  },
  {
    ...common,
    name: 'ring-for-await',
    title: 'ring, for await, one record at a time',
    prepare: () => prepare(oneByOne),
  },
]
