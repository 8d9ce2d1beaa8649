/** When records of a perf event array come, and in which order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { PERF_EVENT_SPACE, type PerfEvent, cpus, emitOn, withPerf } from '../support/perf-buffer.ts'
import { emit, range } from '../support/ring.ts'
import { until } from '../support/wait.ts'

const PAGE = 4096
const numbers = (events: Iterable<PerfEvent>): number[] => Array.from(events, ({ sequence }) => Number(sequence))

describe('the order time', () => {
  test('is that of all CPUs together', async () => {
    await withPerf(async (object) => {
      const { events } = object.maps
      // Nothing is handed over until all were written.
      const options = { order: 'time', watermark: PAGE * 32, maxLatencyMs: 0 } as const
      const seen: PerfEvent[] = []
      using _subscription = events.subscribe((batch) => void seen.push(...batch), options)
      for (let sent = 0; sent < 100; sent++) await emitOn(object, cpus[sent % cpus.length] as number)
      expect(seen).toEqual([])
      await events.flush()
      expect(numbers(seen)).toEqual(range(0, 100))
    })
  })

  test('loses nothing while CPUs write at once, and goes on where a loop was left', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      const times: bigint[] = []
      const records = events.records({ order: 'time', pages: 256 })
      const reading = (async () => {
        for await (const { time } of records) {
          times.push(time)
          if (times.length === 8000) break
        }
      })()
      // The stream is open once something came.
      await emit(programs.output, 1)
      await Promise.all([1, 2, 3].map(() => emit(programs.output, 2000)))
      await emit(programs.output, 1999)
      await reading
      // The programs took their time before the kernel took the record's: it may have been interrupted in between.
      const early = times.filter((time, index) => index > 0 && time < (times[index - 1] as bigint)).length
      expect(early).toBeLessThan(80)
      expect(events.stats()).toMatchObject({ records: 8000, lost: 0 })
    })
  })
})

describe('wake-ups', () => {
  test('come with the records that were asked for', async () => {
    await withPerf(async (object) => {
      let seen = 0
      using _subscription = object.maps.events.subscribe(
        (batch) => {
          seen += batch.length
        },
        {
          wakeupEvents: 10,
          maxLatencyMs: 0,
        },
      )
      for (let sent = 0; sent < 9; sent++) await emitOn(object, cpus[0] as number)
      await sleep(50)
      expect(seen).toBe(0)
      await emitOn(object, cpus[0] as number)
      await until('ten came', () => seen === 10)
    })
  })

  test('come with the bytes that were asked for', async () => {
    await withPerf(async (object) => {
      let seen = 0
      using _subscription = object.maps.events.subscribe(
        (batch) => {
          seen += batch.length
        },
        {
          watermark: 20 * PERF_EVENT_SPACE,
          maxLatencyMs: 0,
        },
      )
      for (let sent = 0; sent < 15; sent++) await emitOn(object, cpus[0] as number)
      await sleep(50)
      expect(seen).toBe(0)
      for (let sent = 0; sent < 15; sent++) await emitOn(object, cpus[0] as number)
      await until('they came', () => seen >= 20)
    })
  })

  test('are not needed: what is there comes after maxLatencyMs, or with a flush', async () => {
    await withPerf(async (object) => {
      const { events } = object.maps
      let seen = 0
      const handler = (batch: { length: number }): void => {
        seen += batch.length
      }
      const first = events.subscribe(handler, { watermark: PAGE, maxLatencyMs: 20 })
      await emitOn(object, cpus[0] as number)
      await until('it came', () => seen === 1)
      first.close()
      using _second = events.subscribe(handler, { watermark: PAGE, maxLatencyMs: 0 })
      await emitOn(object, cpus[0] as number)
      await events.flush()
      expect(seen).toBe(2)
    })
  })

  test('are never lost, however the moments of writing and reading meet', { timeout: 60_000 }, async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      let seen = 0
      // Without the timer, a record whose wake-up was lost would never come.
      using _subscription = events.subscribe(
        (batch) => {
          seen += batch.length
        },
        { maxLatencyMs: 0 },
      )
      for (let sent = 1; sent <= 3000; sent++) {
        const emitting = emit(programs.output, 1)
        if (sent % 3 !== 0) await emitting
        if (sent % 7 === 0) await until(`${sent} records came`, () => seen >= sent - 1)
      }
      await until('all came', () => seen === 3000)
      expect(events.stats()).toMatchObject({ lost: 0, dropped: 0 })
    })
  })

  test('are collected with maxRecords', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      const lengths: number[] = []
      using _subscription = events.subscribe((batch) => void lengths.push(batch.length), {
        maxRecords: 100,
        maxLatencyMs: 5000,
      })
      for (let sent = 0; sent < 10; sent++) await emit(programs.output, 10)
      await until('they came', () => lengths.length > 0)
      expect(lengths).toEqual([100])
    })
  })
})
