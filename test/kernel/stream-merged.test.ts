/** Several rings as one stream. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type MergeableStream, mergeStreams } from '../../lib/events/merged-stream.ts'
import { type Event, NO_WAKEUP, type RingObject, emit, range, sequences, take, withRing } from '../support/ring.ts'
import { rejection, until } from '../support/wait.ts'

/** `events` as `first`, `uncounted` as `second`. */
function merge({ maps: { events, uncounted } }: RingObject) {
  return mergeStreams({ first: events, second: uncounted })
}

/** Submits to both rings: sequences go on from one to the other. */
async function emitBoth({ programs }: RingObject, first: number, second: number): Promise<void> {
  await emit(programs.submit, first)
  await emit(programs.submit_uncounted, second)
}

function numbers(records: readonly { source: string; record: Event }[], source: string): number[] {
  return sequences(records.filter((entry) => entry.source === source).map(({ record }) => record))
}

describe('a merged stream', () => {
  test('gives the records of all rings, each in its order, with their names', async () => {
    await withRing(async (object) => {
      await emitBoth(object, 100, 50)
      const records = await take(merge(object), 150)
      expect(numbers(records, 'first')).toEqual(range(0, 100))
      expect(numbers(records, 'second')).toEqual(range(100, 150))
      expect(merge(object).stats()).toMatchObject({
        first: { records: 100, pending: 0, dropped: 0 },
        second: { records: 50, pending: 0, dropped: undefined },
      })
    })
  })

  test('gives batches of one ring each', async () => {
    await withRing(async (object) => {
      await emitBoth(object, 10, 20)
      const seen: Record<string, number[]> = { first: [], second: [] }
      for await (const { source, batch } of merge(object).batches()) {
        seen[source]?.push(...sequences(batch))
        if (seen.first?.length === 10 && seen.second?.length === 20) break
      }
      expect(seen).toEqual({ first: range(0, 10), second: range(10, 30) })
    })
  })

  test('calls its handler with batches as they come', async () => {
    await withRing(async (object) => {
      const seen: [string, number][] = []
      using _subscription = merge(object).subscribe(({ source, batch }) => {
        for (const { sequence } of batch) seen.push([source, Number(sequence)])
      })
      await emit(object.programs.submit, 1)
      await until('the first came', () => seen.length === 1)
      await emit(object.programs.submit_uncounted, 1)
      await until('the second came', () => seen.length === 2)
      expect(seen).toEqual([
        ['first', 0],
        ['second', 1],
      ])
    })
  })

  test('keeps all rings waiting while the promise of its handler is pending, and then gives each its turn', async () => {
    await withRing(async (object) => {
      const calls: [source: string, length: number][] = []
      let release = (): void => {}
      const handed = (source: string): number =>
        calls.reduce((sum, [name, length]) => sum + (name === source ? length : 0), 0)
      using _subscription = merge(object).subscribe(({ source, batch }) => {
        calls.push([source, batch.length])
        return new Promise<void>((resolve) => (release = resolve))
      })
      await emit(object.programs.submit, 1)
      await until('the handler was called', () => calls.length === 1)
      await emitBoth(object, 3, 2)
      await sleep(20)
      expect(calls).toEqual([['first', 1]])
      release()
      await until('the handler was called again', () => calls.length === 2)
      await sleep(20)
      // The second ring waits for its turn since its first record came, whatever came behind that one.
      expect(calls.map(([source]) => source)).toEqual(['first', 'second'])
      release()
      await until('the handler was called for the rest', () => {
        release()
        return handed('first') === 4 && handed('second') === 2
      })
    })
  })

  test('loses nothing when a loop is left', async () => {
    await withRing(async (object) => {
      await emitBoth(object, 50, 50)
      const records = []
      for (const count of [3, 40, 1, 30]) records.push(...(await take(merge(object), count)))
      const { events, uncounted } = object.maps
      const left = (ring: typeof events): Promise<Event[]> => take(ring, ring.stats().pending / 40)
      const first = [...numbers(records, 'first'), ...sequences(await left(events))]
      const second = [...numbers(records, 'second'), ...sequences(await left(uncounted))]
      expect(first).toEqual(range(0, 50))
      expect(second).toEqual(range(50, 100))
    })
  })

  test('is a stream of Node and of the web, too', async () => {
    await withRing(async (object) => {
      await emitBoth(object, 1, 1)
      const records = (await take(merge(object).readable(), 1)) as { source: string; record: Event }[]
      const reader = merge(object).web().getReader()
      const { value } = await reader.read()
      await reader.cancel()
      expect([...records, value].map((entry) => entry?.source).sort()).toEqual(['first', 'second'])
    })
  })

  test('takes the options of streams, and flushes all rings', async () => {
    await withRing(async (object) => {
      object.globals.flags = NO_WAKEUP
      const lengths: number[] = []
      const merged = merge(object)
      expect(await rejection(merged.flush())).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
      using _subscription = merged.subscribe(({ batch }) => lengths.push(batch.length), {
        maxLatencyMs: 3_600_000,
        maxRecords: 5,
      })
      await emitBoth(object, 7, 4)
      await merged.flush()
      expect(lengths.sort()).toEqual([2, 4, 5])
    })
  })
})

describe('the end of a merged stream', () => {
  test('comes with the last of its rings: closing one leaves the others', async () => {
    await withRing(async (object) => {
      await emitBoth(object, 10, 5)
      const seen: { source: string; record: Event }[] = []
      for await (const entry of merge(object)) {
        seen.push(entry)
        // In mid-batch: the rest of the batch goes with its ring.
        if (seen.length === 3) object.maps[entry.source === 'first' ? 'events' : 'uncounted'].close()
        if (seen.length === 8 || (seen[0]?.source === 'second' && seen.length === 13)) {
          object.maps[entry.source === 'first' ? 'events' : 'uncounted'].close()
        }
      }
      expect(new Set(seen.map(({ source }) => source)).size).toBe(2)
      expect(seen).toHaveLength(seen[0]?.source === 'first' ? 8 : 13)
    })
  })

  test('comes at once with an error of its handler, also for the rings that wait for their turn', async () => {
    await withRing(async (object) => {
      const thrown = new Error('from the handler')
      let calls = 0
      let fail = (_error: Error): void => {}
      const subscription = merge(object).subscribe(() => {
        calls++
        return new Promise<void>((_resolve, reject) => (fail = reject))
      })
      await emitBoth(object, 1, 1)
      await until('the handler was called', () => calls === 1)
      await sleep(20)
      fail(thrown)
      expect(await rejection(subscription.finished)).toBe(thrown)
      expect(subscription.closed).toBe(true)
      expect(calls).toBe(1)
      for (const ring of [object.maps.events, object.maps.uncounted]) ring.subscribe(() => {}).close()
    })
  })

  test('comes with what a handler throws', async () => {
    await withRing(async (object) => {
      const thrown = new Error('from the handler')
      const subscription = merge(object).subscribe(() => {
        throw thrown
      })
      const finished = rejection(subscription.finished)
      await emit(object.programs.submit_uncounted, 1)
      expect(await finished).toBe(thrown)
    })
  })

  test('comes quietly when all its rings are closed while it waits', async () => {
    await withRing(async (object) => {
      const loop = take(merge(object), 1)
      await sleep(5)
      object.maps.events.close()
      object.maps.uncounted.close()
      expect(await loop).toEqual([])
    })
  })

  test('comes with an aborted signal: a loop rejects with its reason, a subscription finishes', async () => {
    await withRing(async (object) => {
      const first = new AbortController()
      const reason = new Error('enough')
      const loop = rejection(take(merge(object).records({ signal: first.signal }), 1))
      await sleep(5)
      first.abort(reason)
      expect(await loop).toBe(reason)
      expect(() => merge(object).subscribe(() => {}, { signal: first.signal })).toThrow(reason)
      const second = new AbortController()
      const subscription = merge(object).subscribe(() => {}, { signal: second.signal })
      second.abort(reason)
      await subscription.finished
      expect(subscription.closed).toBe(true)
    })
  })
})

describe('bad input', () => {
  test('a ring that is read already: no other is started', async () => {
    await withRing(async (object) => {
      using _subscription = object.maps.uncounted.subscribe(() => {})
      expect(() => merge(object).subscribe(() => {})).toThrow(expect.objectContaining({ code: 'ERR_EBPF_BUSY' }))
      expect(await rejection(take(merge(object), 1))).toMatchObject({ code: 'ERR_EBPF_BUSY' })
      object.maps.events.subscribe(() => {}).close()
    })
  })

  test('the same ring twice', async () => {
    await withRing(async ({ maps: { events } }) => {
      const merged = mergeStreams({ first: events, second: events.raw() })
      expect(() => merged.subscribe(() => {})).toThrow(expect.objectContaining({ code: 'ERR_EBPF_BUSY' }))
      events.subscribe(() => {}).close()
    })
  })

  test.each([[undefined], [null], [{}], [{ first: undefined }], [{ first: null }], [{ first: 5 }], [{ first: [] }]])(
    'streams of %o',
    (streams) => {
      expect(() => mergeStreams(streams as unknown as Record<string, MergeableStream>)).toThrow(
        expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT', message: expect.stringContaining('streams') }),
      )
    },
  )

  test('a handler that is none', async () => {
    await withRing((object) => {
      expect(() => merge(object).subscribe(undefined as unknown as () => void)).toThrow(/handler/)
    })
  })
})
