/** Streams of a perf event array: what starts and ends them, and the options that they take. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { mergeStreams } from '../../lib/events/merged-stream.ts'
import { PerfBuffer } from '../../lib/events/perf-buffer.ts'
import { openMap } from '../../lib/maps/open.ts'
import { type PerfEvent, withPerf } from '../support/perf-buffer.ts'
import { emit, take, withRing } from '../support/ring.ts'
import { rejection, until } from '../support/wait.ts'

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
