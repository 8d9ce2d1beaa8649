/** Perf buffers that keep the newest records, for whoever asks. */
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { PERF_EVENT_SPACE, type PerfEvent, cpus, emitOn, withPerf } from '../support/perf-buffer.ts'
import { emit, range } from '../support/ring.ts'

const PAGE = 4096
const numbers = (events: Iterable<PerfEvent>): number[] => Array.from(events, ({ sequence }) => Number(sequence))
const first = cpus[0] as number

describe('a snapshot', () => {
  test('has all records until the buffer is full, and then the newest', async () => {
    await withPerf(async (object) => {
      using buffer = object.maps.events.openOverwritable({ pages: 1 })
      expect((await buffer.snapshot()).length).toBe(0)
      expect((await buffer.snapshot()).toArray()).toEqual([])
      for (let sent = 0; sent < 10; sent++) await emitOn(object, first)
      const early = await buffer.snapshot()
      expect(numbers(early)).toEqual(range(0, 10))
      for (let sent = 10; sent < 300; sent++) await emitOn(object, first)
      const late = numbers(await buffer.snapshot())
      const room = Math.floor(PAGE / PERF_EVENT_SPACE)
      expect(late).toEqual(range(300 - room, 300))
      // It stays as it was.
      expect(numbers(early)).toEqual(range(0, 10))
      expect(numbers(await buffer.snapshot())).toEqual(late)
      expect(object.globals.last_error).toBe(0n)
    })
  })

  test('is a batch: with CPUs, views, columns and bytes', async () => {
    await withPerf(async (object) => {
      using buffer = object.maps.events.openOverwritable()
      for (const cpu of cpus) await emitOn(object, cpu)
      const batch = await buffer.snapshot()
      expect(batch.length).toBe(cpus.length)
      expect(batch.toArray().map((_, index) => batch.cpu(index))).toEqual(batch.toArray().map(({ cpu }) => cpu))
      let views = 0
      batch.forEachView(() => {
        views++
      })
      expect(views).toBe(cpus.length)
      expect([...(batch.columns(['cpu']).cpu as Uint32Array)].sort()).toEqual([...cpus])
      expect(batch.bytes(0)).toHaveLength(44)
    })
  })

  test('can be in the order of time over all CPUs', async () => {
    await withPerf(async (object) => {
      using buffer = object.maps.events.openOverwritable({ order: 'time' })
      for (let sent = 0; sent < 50; sent++) await emitOn(object, cpus[sent % cpus.length] as number)
      expect(numbers(await buffer.snapshot())).toEqual(range(0, 50))
    })
  })

  test('decodes by the name of a type', async () => {
    await withPerf(async ({ maps: { untyped }, programs }) => {
      using buffer = untyped.openOverwritable({ type: 'event' })
      await emit(programs.output_untyped, 1)
      expect((await buffer.snapshot()).at(0)).toMatchObject({ sequence: 0n, text: 'hello' })
    })
  })

  test('is whole while programs go on writing', async () => {
    await withPerf(async ({ maps: { events }, programs }) => {
      using buffer = events.openOverwritable({ pages: 8 })
      let writing = true
      const load = emit(programs.output, 300_000).finally(() => {
        writing = false
      })
      while (writing) {
        for (const { sequence, text } of await buffer.snapshot()) {
          expect(text).toBe('hello')
          expect(sequence).toBeLessThan(301_000n)
        }
        // While one is taken nothing is written.
        await setTimeout(2)
      }
      await load
      await emit(programs.output, 1000)
      expect((await buffer.snapshot()).length).toBeGreaterThan(500)
    })
  })
})

describe('pausing', () => {
  test('by who takes a snapshot, and by who asked for it, are not mixed up', async () => {
    await withPerf(async (object) => {
      using buffer = object.maps.events.openOverwritable({ pages: 1 })
      const taken = [buffer.snapshot(), buffer.snapshot()]
      buffer.pause()
      await Promise.all(taken)
      await emitOn(object, first)
      expect(object.globals.last_error, 'still paused').toBeLessThan(0n)
      const last = buffer.snapshot()
      buffer.resume()
      await last
      await emitOn(object, first)
      expect(object.globals.last_error).toBe(0n)
    })
  })

  test('ends with the buffer, while a snapshot is taken', async () => {
    await withPerf(async ({ maps: { events } }) => {
      const buffer = events.openOverwritable({ pages: 1 })
      const taken = buffer.snapshot()
      buffer.close()
      await expect(taken).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    })
  })

  test('keeps what is there, until it goes on', async () => {
    await withPerf(async (object) => {
      using buffer = object.maps.events.openOverwritable({ pages: 1 })
      await emitOn(object, first)
      buffer.pause()
      buffer.pause()
      expect(buffer.paused).toBe(true)
      await emitOn(object, first)
      expect(object.globals.last_error).toBeLessThan(0n)
      expect(numbers(await buffer.snapshot())).toEqual([0])
      // A snapshot does not end the pause.
      await emitOn(object, first)
      expect(numbers(await buffer.snapshot())).toEqual([0])
      buffer.resume()
      expect(buffer.paused).toBe(false)
      await emitOn(object, first)
      expect(numbers(await buffer.snapshot())).toEqual([0, 3])
    })
  })
})

describe('an overwritable buffer', () => {
  const busy = expect.objectContaining({ code: 'ERR_EBPF_BUSY' })
  const closed = expect.objectContaining({ code: 'ERR_EBPF_CLOSED' })

  test('has its map for itself, and gives it back', async () => {
    await withPerf(async ({ maps: { events } }) => {
      const buffer = events.openOverwritable()
      expect(() => events.openOverwritable()).toThrow(busy)
      expect(() => events.subscribe(() => {})).toThrow(busy)
      buffer.close()
      buffer.close()
      expect(buffer.closed).toBe(true)
      events.subscribe(() => {}).close()
      await expect(buffer.snapshot()).rejects.toThrow(closed)
      expect(() => buffer.pause()).toThrow(closed)
      expect(() => buffer.resume()).toThrow(closed)
    })
  })

  test('is closed with its map', async () => {
    await withPerf(({ maps: { events } }) => {
      const buffer = events.openOverwritable()
      events.close()
      expect(buffer.closed).toBe(true)
      expect(() => events.openOverwritable()).toThrow(closed)
    })
  })

  test.each([
    [{ pages: 3 }, /power of two/],
    [{ order: 1 }, /order/],
    [{ type: '' }, /type/],
    [{ type: 'nothing' }, /nothing/],
    [null, /options must be an object/],
  ])('cannot be opened with %j', async (options, message) => {
    await withPerf(({ maps: { events } }) => {
      expect(() => events.openOverwritable(options as never)).toThrow(message)
      events.openOverwritable().close()
    })
  })
})
