/** Records of a perf event array: how they come out of the kernel's buffers, decoded. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { struct, u32, u64 } from '../../lib/btf/schema.ts'
import { PerfBuffer } from '../../lib/events/perf-buffer.ts'
import { createMap } from '../../lib/maps/create.ts'
import { possibleCpus } from '../../lib/system/cpus.ts'
import { olderThan } from '../support/kernel-features.ts'
import {
  BATCH_SPACE,
  PERF_EVENT_BYTES,
  PERF_EVENT_SPACE,
  type PerfEvent,
  type PerfObject,
  cpus,
  emitOn,
  withPerf,
} from '../support/perf-buffer.ts'
import { emit, range, take, withRing } from '../support/ring.ts'
import { rejection, until } from '../support/wait.ts'

const PAGE = 4096
const numbers = (events: Iterable<PerfEvent>): number[] => Array.from(events, ({ sequence }) => Number(sequence))
const sorted = (values: number[]): number[] => values.sort((left, right) => left - right)

/** Writes as many records as a page of one CPU's buffer has room for, and `more`; returns how many had room. */
async function fillPage(object: PerfObject, more: number): Promise<number> {
  const room = Math.floor(PAGE / PERF_EVENT_SPACE)
  for (let sent = 0; sent < room + more; sent++) await emitOn(object, cpus[0] as number)
  return room
}

describe('records', () => {
  test('come decoded by the type of the declaration', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      expect(events).toBeInstanceOf(PerfBuffer)
      expect(events.typed).toBe(true)
      expect(events.maxEntries).toBe(possibleCpus())
      const reading = take(events, 5)
      await emit(programs.output, 5)
      const records = await reading
      expect(sorted(numbers(records))).toEqual([0, 1, 2, 3, 4])
      expect(records[0]).toEqual({
        sequence: expect.any(BigInt),
        time: expect.any(BigInt),
        cpu: expect.any(Number),
        text: 'hello',
      })
    })
  })

  test('say their CPU', async () => {
    await withPerf(async (object) => {
      const { events } = object.maps
      const seen: [number | undefined, number][] = []
      using _subscription = events.subscribe((batch) => {
        batch.forEach((record, index) => void seen.push([batch.cpu(index), record.cpu]))
        expect(batch.cpu(-1)).toBe(batch.at(-1)?.cpu)
        expect(batch.cpu(batch.length)).toBeUndefined()
      })
      for (const cpu of [...cpus, ...cpus]) await emitOn(object, cpu)
      await until('all came', () => seen.length === 2 * cpus.length)
      for (const [cpu, own] of seen) expect(cpu).toBe(own)
      expect(sorted(seen.map(([, cpu]) => cpu))).toEqual(sorted([...cpus, ...cpus]))
    })
  })

  test('of a ring do not', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1)
      for await (const batch of events.batches()) {
        expect(batch.cpu(0)).toBeUndefined()
        break
      }
    })
  })

  test('have no gap after many rounds of small buffers', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      const total = 4000
      const seen: number[] = []
      using _subscription = events.subscribe((batch) => void seen.push(...numbers(batch)), { pages: 1 })
      for (let sent = 0; sent < total; sent += 40) {
        await emit(programs.output, 40)
        await until('they came', () => seen.length === sent + 40)
      }
      expect(sorted(seen)).toEqual(range(0, total))
      expect(events.stats()).toEqual({
        records: total,
        bytes: total * BATCH_SPACE,
        pending: 0,
        maxPending: expect.any(Number),
        dropped: 0,
        lost: 0,
      })
    })
  })

  test.each([PERF_EVENT_BYTES, 41, 44, 45, 100, 1000])('of %i bytes come whole', async (bytes) => {
    await withPerf(async ({ maps: { untyped }, programs, globals }) => {
      globals.record_bytes = bytes
      const reading = take(untyped, 3)
      await emit(programs.output_untyped, 3)
      for (const record of await reading) {
        // The kernel counts what fills the event up to a multiple of 8, its length of 4 bytes included.
        expect(record).toHaveLength(((bytes + 4 + 7) & ~7) - 4)
        const known = record.subarray(PERF_EVENT_BYTES, Math.min(bytes, 128))
        expect([...known]).toEqual(range(PERF_EVENT_BYTES, PERF_EVENT_BYTES + known.length))
      }
    })
  })

  test('that are shorter than their type are an error, after which the next ones can be read', async () => {
    await withPerf(async ({ maps: { events }, programs, globals }) => {
      globals.record_bytes = 24
      const reading = rejection(take(events, 1))
      await emit(programs.output, 1)
      expect(await reading).toMatchObject({ code: 'ERR_EBPF_RECORD_SIZE' })
      globals.record_bytes = PERF_EVENT_BYTES
      const next = take(events, 1)
      await emit(programs.output, 1)
      expect(numbers(await next)).toEqual([1])
    })
  })

  test('can be decoded by the name of a type, or be bytes', async () => {
    await withPerf(async ({ maps: { events, untyped }, programs }) => {
      const named = take(untyped.as<PerfEvent>('event'), 1)
      await emit(programs.output_untyped, 1)
      expect((await named)[0]).toMatchObject({ sequence: 0n, text: 'hello' })
      const raw = take(events.raw(), 1)
      await emit(programs.output, 1)
      expect((await raw)[0]).toBeInstanceOf(Uint8Array)
    })
  })

  test('can be read as views and columns', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      const views: bigint[] = []
      const columns: bigint[] = []
      using _subscription = events.subscribe((batch) => {
        batch.forEachView(({ sequence }) => void views.push(sequence))
        columns.push(...(batch.columns(['sequence']).sequence as BigUint64Array))
      })
      await emit(programs.output, 10)
      await until('they came', () => views.length === 10)
      expect(columns).toEqual(views)
    })
  })
})

describe('a buffer that is full', () => {
  test('loses what comes, and counts it', async () => {
    await withPerf(async (object) => {
      const { events } = object.maps
      let release = (): void => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      let seen = 0
      using _subscription = events.subscribe(
        (batch) => {
          seen += batch.length
          return released
        },
        { pages: 1 },
      )
      // The handler has the first, and gives it back at the end.
      await emitOn(object, cpus[0] as number)
      await until('it is held', () => seen === 1)
      const room = (await fillPage(object, 6)) - 1
      expect(events.stats()).toMatchObject({ dropped: 7, pending: (room + 1) * PERF_EVENT_SPACE })
      release()
      await until('the others came', () => seen === room + 1)
      // With the next record the kernel says on all versions what was lost.
      await emitOn(object, cpus[0] as number)
      await until('the next one came', () => seen === room + 2)
      expect(events.stats()).toMatchObject({ records: room + 2, lost: 7, dropped: 7, pending: 0 })
    })
  })

  test.skipIf(olderThan('6.0'))('counts at once, and the count outlives the stream', async () => {
    await withPerf(async (object) => {
      const { events } = object.maps
      const subscription = events.subscribe(() => {}, { pages: 1, watermark: PAGE, maxLatencyMs: 0 })
      await fillPage(object, 3)
      expect(events.stats().lost).toBe(3)
      subscription.close()
      expect(events.stats()).toMatchObject({ lost: 3, pending: 0 })
    })
  })

  test('costs nothing while its handler is busy', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      let release = (): void => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      let calls = 0
      using _subscription = events.subscribe(() => {
        calls++
        return released
      })
      await emit(programs.output, 10)
      await until('it was called', () => calls > 0)
      await emit(programs.output, 10)
      const before = performance.eventLoopUtilization()
      await sleep(200)
      expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5)
      expect(calls).toBe(1)
      release()
    })
  })
})

describe('a map that is created', () => {
  test('has an entry for each possible CPU, and the type that was given', () => {
    using typed = createMap({ type: 'perf_event_array', record: struct({ pid: u32, time: u64 }) })
    expect(typed).toBeInstanceOf(PerfBuffer)
    expect(typed.maxEntries).toBe(possibleCpus())
    expect(typed.typed).toBe(true)
    typed.subscribe(() => {}).close()
    using untyped = createMap({ type: 'perf_event_array', maxEntries: 1 })
    expect(untyped.typed).toBe(false)
    // Of the first CPU alone.
    untyped.subscribe(() => {}).close()
  })
})
