/** Records that are collected into larger batches. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EVENT_SPACE, NO_WAKEUP, type RingObject, emit, range, sequences, take, withRing } from '../support/ring.ts'
import { until } from '../support/wait.ts'

/** So long that no test gets there. */
const LONG_MS = 3_600_000

/** Emits so many records one by one, each with a wake-up of its own. */
async function trickle({ programs }: RingObject, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await emit(programs.submit, 1)
    if (index % 4 === 0) await sleep(1)
  }
}

describe('maxRecords', () => {
  test('collects records that come one by one', async () => {
    await withRing(async (object) => {
      const { events } = object.maps
      const lengths: number[] = []
      const seen: number[] = []
      using _subscription = events.subscribe(
        (batch) => {
          lengths.push(batch.length)
          seen.push(...sequences(batch))
        },
        { maxRecords: 20, maxLatencyMs: LONG_MS },
      )
      await trickle(object, 70)
      await until('three batches came', () => lengths.length === 3)
      expect(lengths).toEqual([20, 20, 20])
      expect(events.stats().pending).toBe(10 * EVENT_SPACE)
      await events.flush()
      expect(lengths).toEqual([20, 20, 20, 10])
      expect(seen).toEqual(range(0, 70))
    })
  })

  test('is the most that a batch has, however full the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 50)
      const lengths: number[] = []
      for await (const batch of events.batches({ maxRecords: 20, maxLatencyMs: 10 })) {
        lengths.push(batch.length)
        if (lengths.length === 3) break
      }
      expect(lengths).toEqual([20, 20, 10])
    })
  })

  test('hands over earlier once the ring is half full: none is dropped', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const enough = Math.ceil(2048 / EVENT_SPACE)
      const lengths: number[] = []
      using _subscription = events.subscribe((batch) => lengths.push(batch.length), {
        maxRecords: 4096,
        maxLatencyMs: LONG_MS,
      })
      await emit(programs.submit, enough)
      await until('a batch came', () => lengths.length > 0)
      expect(events.stats()).toMatchObject({ dropped: 0, pending: 0 })
    }, 4096)
  })

  test('hands over what fills the memory of a batch', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.record_bytes = 1000
      const lengths: number[] = []
      using _subscription = events.subscribe((batch) => lengths.push(batch.length), {
        maxRecords: 4096,
        maxLatencyMs: LONG_MS,
      })
      await emit(programs.output, 131)
      await until('a batch came', () => lengths.length > 0)
      // 128 KiB hold 130 of them, with their headers.
      expect(lengths).toEqual([130])
      expect(events.stats()).toMatchObject({ dropped: 0, pending: 1008 })
    }, 1 << 20)
  })

  test('works for records that wake nobody', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.flags = NO_WAKEUP
      const lengths: number[] = []
      using _subscription = events.subscribe((batch) => lengths.push(batch.length), {
        maxRecords: 100,
        maxLatencyMs: 20,
      })
      await emit(programs.submit, 250)
      await until('all came', () => lengths.reduce((sum, length) => sum + length, 0) === 250)
      expect(Math.max(...lengths)).toBe(100)
    })
  })

  test('waits for the promise of the handler', async () => {
    await withRing(async (object) => {
      const { events } = object.maps
      const lengths: number[] = []
      let release = (): void => {}
      using _subscription = events.subscribe(
        (batch) => {
          lengths.push(batch.length)
          return new Promise<void>((resolve) => (release = resolve))
        },
        { maxRecords: 10, maxLatencyMs: 5 },
      )
      await emit(object.programs.submit, 10)
      await until('the handler was called', () => lengths.length === 1)
      await trickle(object, 25)
      expect(lengths).toHaveLength(1)
      for (const count of [2, 3, 4]) {
        release()
        await until('the handler was called again', () => lengths.length === count)
      }
      expect(lengths).toEqual([10, 10, 10, 5])
    })
  })

  test('loses nothing when the stream is closed while it collects', async () => {
    await withRing(async (object) => {
      const { events } = object.maps
      const subscription = events.subscribe(() => {}, { maxRecords: 100, maxLatencyMs: LONG_MS })
      await trickle(object, 10)
      subscription.close()
      await subscription.finished
      expect(sequences(await take(events, 10))).toEqual(range(0, 10))
    })
  })
})

test('records that were collected come when the first has waited maxLatencyMs, however few', async () => {
  await withRing(async ({ maps: { events }, programs }) => {
    let seen = 0
    using _subscription = events.subscribe((batch) => (seen += batch.length), { maxRecords: 4096, maxLatencyMs: 30 })
    for (const count of [1, 3, 2]) {
      const before = seen
      await emit(programs.submit, count)
      await until('the records came', () => seen === before + count)
    }
  })
})

test('collecting costs no processor time to speak of', async () => {
  await withRing(async ({ maps: { events }, programs }) => {
    using _subscription = events.subscribe(() => {}, { maxRecords: 4096, maxLatencyMs: LONG_MS })
    await emit(programs.submit, 10)
    await sleep(50)
    let least = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < 3 && least > 0.05; attempt++) {
      const before = process.cpuUsage()
      await sleep(200)
      const { user, system } = process.cpuUsage(before)
      least = Math.min(least, (user + system) / 200_000)
    }
    expect(least).toBeLessThan(0.05)
    expect(events.stats().records).toBe(0)
  })
})

test.each([
  { maxRecords: 0 },
  { maxRecords: 4097 },
  { maxRecords: 1.5 },
  { maxRecords: '5' as unknown as number },
  { maxRecords: 10, maxLatencyMs: 0 },
])('%o is refused', async (options) => {
  await withRing(({ maps: { events } }) => {
    expect(() => events.subscribe(() => {}, options)).toThrow(/maxRecords|maxLatencyMs/)
    events.subscribe(() => {}).close()
  })
})
