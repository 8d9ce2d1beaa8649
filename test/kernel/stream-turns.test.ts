/** Several full rings share what one stream may take of the event loop. */
import { expect, test } from 'vitest'
import type { Subscription } from '../../lib/events/stream.ts'
import { EVENT_SPACE, NO_WAKEUP, type RingObject, emit, loadRing } from '../support/ring.ts'
import { until } from '../support/wait.ts'

const RINGS = 4
const RING_BYTES = 1 << 20

/** Occupies the thread: longer than half of a turn, so that two batches fill one. */
function work(): void {
  const end = performance.now() + 3
  while (performance.now() < end);
}

/** Four rings that are full, without a wake-up. */
async function withFullRings(body: (objects: RingObject[], count: number) => Promise<void>): Promise<void> {
  const count = Math.floor(RING_BYTES / EVENT_SPACE)
  const objects: RingObject[] = []
  try {
    for (let index = 0; index < RINGS; index++) {
      const object = await loadRing(RING_BYTES)
      objects.push(object)
      object.globals.flags = NO_WAKEUP
      await emit(object.programs.submit, count)
    }
    await body(objects, count)
  } finally {
    for (const object of objects) await object.close()
  }
}

/** The most batches that are handed over between two rounds of the event loop, until `done`. */
async function mostInOneRound(batches: readonly number[], done: () => boolean): Promise<number> {
  let most = 0
  let before = batches.length
  while (!done()) {
    await new Promise(setImmediate)
    most = Math.max(most, batches.length - before)
    before = batches.length
  }
  return most
}

type Listen = (object: RingObject, handle: (records: number) => void) => Subscription | Promise<void>

const consumers: [string, Listen][] = [
  ['handlers', ({ maps: { events } }, handle) => events.subscribe((batch) => handle(batch.length))],
  ['handlers with promises', ({ maps: { events } }, handle) => events.subscribe(async (batch) => handle(batch.length))],
  [
    'loops over batches',
    async ({ maps: { events } }, handle) => {
      for await (const batch of events.batches()) handle(batch.length)
    },
  ],
]

test.each(consumers)('%s of four full rings get one turn together, and equal shares', async (_name, listen) => {
  await withFullRings(async (objects, count) => {
    const handed: number[] = []
    const seen = objects.map(() => 0)
    const listening = objects.map((object, index) =>
      listen(object, (records) => {
        work()
        handed.push(index)
        seen[index] = (seen[index] ?? 0) + records
      }),
    )
    const all = count * RINGS
    const most = await mostInOneRound(handed, () => seen.reduce((sum, each) => sum + each, 0) === all)
    // Two fill a turn, and two turns may meet between two immediates. Each ring for itself would make it eight.
    expect(most).toBeLessThanOrEqual(4)
    // In any four turns of all rings each has its own.
    const first = handed.slice(0, RINGS * 4)
    for (const index of objects.keys()) expect(first.filter((each) => each === index).length).toBeGreaterThanOrEqual(2)
    for (const object of objects) object.maps.events.close()
    for (const each of listening) await ('finished' in each ? each.finished : each)
  })
})

test('a ring with little to say is heard while others are full', async () => {
  await withFullRings(async (objects, count) => {
    await using quiet = await loadRing()
    const handed: string[] = []
    using _quiet = quiet.maps.events.subscribe((batch) => void handed.push(`quiet ${batch.length}`))
    const subscriptions = objects.map(({ maps: { events } }) =>
      events.subscribe(() => {
        work()
        handed.push('full')
      }),
    )
    await until('the full rings are read', () => handed.length > 4)
    await emit(quiet.programs.submit, 1)
    const sent = handed.length
    await until('the record came', () => handed.includes('quiet 1'))
    expect(handed.indexOf('quiet 1') - sent).toBeLessThan(RINGS * 3)
    await until('all was read', () => objects.every(({ maps: { events } }) => events.stats().records === count))
    for (const subscription of subscriptions) subscription.close()
  })
})
