/** Records of a perf event array: how they come out of the kernel's buffers, decoded. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { struct, u32, u64 } from '../../lib/btf/schema.ts'
import { mergeStreams } from '../../lib/events/merged-stream.ts'
import { PerfBuffer } from '../../lib/events/perf-buffer.ts'
import { createMap } from '../../lib/maps/create.ts'
import { openMap } from '../../lib/maps/open.ts'
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

describe('a stream', () => {
  test('gives its records on through all its forms', async () => {
    await withPerf(async ({ maps: { events }, programs, globals }) => {
      const forms: [string, () => Promise<unknown>][] = [
        ['for await', () => take(events, 1)],
        ['batches', () => take(events.batches(), 1)],
        ['records', () => take(events.records({ pages: 2 }), 1)],
        ['readable', () => take(events.readable(), 1)],
        ['web', () => take(events.web() as AsyncIterable<PerfEvent>, 1)],
      ]
      for (const [name, form] of forms) {
        const reading = form()
        // Streams of Node and of the web open the buffer when they are first read: a little later.
        await until(`${name} is open`, async () => {
          await emit(programs.output, 1)
          return globals.last_error === 0n
        })
        expect(await reading, name).toHaveLength(1)
      }
    })
  })

  test('can be merged with one of a ring', async () => {
    await withPerf(async ({ maps: { events: perf }, programs }) => {
      await withRing(async ({ maps: { events: ring }, programs: submitters }) => {
        const sources = new Set<string>()
        const merged = mergeStreams({ perf, ring })
        const reading = (async () => {
          for await (const { source } of merged) {
            sources.add(source)
            if (sources.size === 2) break
          }
        })()
        await emit(programs.output, 1)
        await emit(submitters.submit, 1)
        await reading
        expect(merged.stats()).toMatchObject({ perf: { records: 1, lost: 0 }, ring: { records: 1, lost: undefined } })
      })
    })
  })

  test('ends with its signal', async () => {
    await withPerf(async ({ maps: { events } }) => {
      const controller = new AbortController()
      const subscription = events.subscribe(() => {}, { signal: controller.signal })
      controller.abort()
      await subscription.finished
      expect(subscription.closed).toBe(true)
    })
  })

  test('has the only reader of its map in the process, of whichever handle', async () => {
    await withPerf(async ({ maps: { events } }) => {
      using other = openMap({ id: events.id }, PerfBuffer)
      const subscription = events.subscribe(() => {})
      const busy = expect.objectContaining({ code: 'ERR_EBPF_BUSY', map: 'events' })
      expect(() => events.subscribe(() => {})).toThrow(busy)
      expect(() => other.subscribe(() => {})).toThrow(busy)
      expect(() => other.openOverwritable()).toThrow(busy)
      subscription.close()
      other.subscribe(() => {}).close()
    })
  })

  test('that ends leaves no event in the map: programs are told so', async () => {
    await withPerf(async ({ maps: { events }, programs, globals }) => {
      events.subscribe(() => {}).close()
      await emit(programs.output, 2)
      // ENOENT
      expect(globals.last_error).toBe(-2n)
      expect(events.stats()).toMatchObject({ dropped: 2, lost: 0 })
    })
  })

  test('ends when its handler throws, or when its map or object is closed meanwhile', async () => {
    await withPerf(async (object) => {
      const { events } = object.maps
      const failing = events.subscribe(() => {
        throw new Error('mine')
      })
      const failure = rejection(failing.finished)
      await emit(object.programs.output, 1)
      expect((await failure).message).toBe('mine')
      const stuck = events.subscribe(() => new Promise(() => {}))
      await emit(object.programs.output, 1)
      await sleep(10)
      events.close()
      await stuck.finished
      expect(() => events.subscribe(() => {})).toThrow(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
      expect(() => events.stats()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
      await expect(events.flush()).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    })
  })

  test('of a handler that closes its own map ends there', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      const subscription = events.subscribe((batch) => {
        events.close()
        expect(() => batch.at(0)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RELEASED' }))
        expect(() => batch.cpu(0)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RELEASED' }))
      })
      await emit(programs.output, 1)
      await subscription.finished
    })
  })
})

describe('options', () => {
  test.each([
    [{ pages: 3 }, /pages must be a power of two/],
    [{ pages: 0 }, /pages/],
    [{ pages: '4' }, /pages/],
    [{ pages: 2 ** 20 }, /pages/],
    [{ order: 'random' }, /order must be 'cpu' or 'time'/],
    [{ watermark: 0 }, /watermark/],
    [{ watermark: 1.5 }, /watermark/],
    [{ wakeupEvents: 0 }, /wakeupEvents/],
    [{ wakeupEvents: 1, watermark: 1 }, /exclude each other/],
  ])('%j are refused', async (options, message) => {
    await withPerf(({ maps: { events } }) => {
      expect(() => events.subscribe(() => {}, options as never)).toThrow(message)
      // Nothing was left open.
      events.subscribe(() => {}).close()
    })
  })

  test('that take more memory than there is say so', async () => {
    await withPerf(({ maps: { events } }) => {
      expect(() => events.subscribe(() => {}, { pages: 2 ** 19 })).toThrow(
        expect.objectContaining({ operation: 'mmap', hint: expect.stringMatching(/fewer pages/) }),
      )
      events.subscribe(() => {}).close()
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
