/** From the record's time, taken by the program just before it submits, to the callback: one record each half millisecond. */
import { type BpfObject, loadObject, RingBuffer } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { median, now } from '../statistics.ts'
import { type Event, eventsObject } from './rings.ts'

const RECORDS = 200
const INTERVAL_NS = 500_000

async function prepare(): Promise<Sides> {
  const baseline = loadBaseline()
  const object: BpfObject = await loadObject(eventsObject)
  const ring = object.map('events', RingBuffer) as RingBuffer<Event>
  const program = object.programs.fill!.fd

  const ours = (latencies: Float64Array): Promise<void> =>
    new Promise((resolve, reject) => {
      let seen = 0
      const subscription = ring.subscribe((batch) => {
        const time = now()
        batch.forEach((event) => {
          latencies[seen++] = time - Number(event.time)
        })
        if (seen >= RECORDS) subscription.close()
      })
      subscription.finished.then(resolve, reject)
    })

  const measure = async (listen: (latencies: Float64Array) => Promise<void>): Promise<number> => {
    const latencies = new Float64Array(RECORDS)
    await Promise.all([listen(latencies), baseline.programProduce(program, RECORDS, INTERVAL_NS)])
    return median([...latencies])
  }

  return {
    c: () => measure((latencies) => baseline.ringLatency(ring.fd, latencies)),
    ours: () => measure(ours),
    close: () => object.close(),
  }
}

export const latency: Comparison[] = [
  {
    name: 'latency',
    title: 'wake-up, submit to callback, p50',
    unit: 'µs',
    slices: 8,
    quickSlices: 3,
    quantile: 0.5,
    prepare,
  },
]
