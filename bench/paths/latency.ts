/** From the record's time, taken by the program just before it submits, to the callback: one record each half millisecond. */
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { openEvents } from '../events.ts'
import { GoPeer } from '../peers/go.ts'
import { median, now } from '../statistics.ts'

const RECORDS = 200
const INTERVAL_NS = 500_000

async function prepare(): Promise<Sides> {
  const baseline = loadBaseline()
  const { object, ring, program } = await openEvents()
  const goPeer = GoPeer.start()
  goPeer?.ask('ring', ring.id)

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

  /** The producer has a thread of its own. */
  const produce = (): Promise<void> => baseline.programProduce(program, RECORDS, INTERVAL_NS)

  const measure = async (listen: (latencies: Float64Array) => Promise<void>): Promise<number> => {
    const latencies = new Float64Array(RECORDS)
    await Promise.all([listen(latencies), produce()])
    return median([...latencies])
  }

  return {
    c: () => measure((latencies) => baseline.ringLatency(ring.fd, latencies)),
    go:
      goPeer &&
      (async () => {
        const produced = produce()
        const latency = goPeer.ask('latency', RECORDS)
        await produced
        return latency
      }),
    ours: () => measure(ours),
    close: async () => {
      goPeer?.close()
      await object.close()
    },
  }
}

export const latency: Comparison[] = [
  {
    name: 'latency',
    title: 'wake-up, submit to callback, p50',
    unit: 'µs',
    goals: () => ({ must: { ratio: 2 }, stretch: { ratio: 1.2 }, go: 1 }),
    slices: 10,
    quickSlices: 3,
    quantile: 0.5,
    prepare,
  },
]
