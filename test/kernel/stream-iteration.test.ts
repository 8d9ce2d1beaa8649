/** `for await` over the records and the batches of a ring. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Batch } from '../../lib/events/batch.ts'
import { RingBuffer } from '../../lib/events/ring-buffer.ts'
import { openMap } from '../../lib/maps/open.ts'
import { type Event, emit, loadRing, range, sequences, take, withRing } from '../support/ring.ts'
import { rejection } from '../support/wait.ts'

describe('leaving a loop', () => {
  test('in mid-batch loses nothing: the next loop goes on behind the last record', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1000)
      const seen: number[] = []
      for (const count of [1, 2, 500, 0, 96, 1, 400]) seen.push(...sequences(await take(events, count)))
      expect(seen).toEqual(range(0, 1000))
      expect(events.stats()).toMatchObject({ records: 1000, pending: 0 })
    })
  })

  test('of batches counts the batch as handed over', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 10)
      const [batch] = await take(events.batches(), 1)
      expect(batch?.length).toBe(10)
      expect(events.stats()).toMatchObject({ records: 10, pending: 0 })
    })
  })

  test('by an exception frees the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 3)
      const body = (async () => {
        for await (const _event of events) throw new Error('from the body')
      })()
      expect(await rejection(body)).toMatchObject({ message: 'from the body' })
      expect(sequences(await take(events, 2))).toEqual([1, 2])
    })
  })

  test('skips discarded records only once', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.discard_every = 2n
      await emit(programs.submit, 8)
      expect(sequences(await take(events, 2))).toEqual([1, 3])
      expect(sequences(await take(events, 2))).toEqual([5, 7])
      expect(events.stats()).toMatchObject({ records: 4, pending: 0 })
    })
  })
})

describe('batches', () => {
  test('hold the records that were in the ring together', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 100)
      const received: number[] = []
      for await (const batch of events.batches()) {
        expect(batch).toBeInstanceOf(Batch)
        received.push(...sequences(batch))
        if (received.length === 100) break
      }
      expect(received).toEqual(range(0, 100))
    })
  })

  test('give the same records by index, by iteration, by forEach and as an array', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.discard_every = 4n
      await emit(programs.submit, 20)
      for await (const batch of events.batches()) {
        const all = batch.toArray()
        expect(sequences(all)).toEqual(range(0, 20).filter((number) => number % 4 !== 0))
        expect(batch.length).toBe(15)
        expect([...batch]).toEqual(all)
        expect(range(0, 15).map((index) => batch.at(index))).toEqual(all)
        const each: [Event, number][] = []
        batch.forEach((record, index) => void each.push([record, index]))
        expect(each).toEqual(all.map((record, index) => [record, index]))
        break
      }
    })
  })

  test('answer an index outside of them with undefined, and count negative ones from the end', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 3)
      for await (const batch of events.batches()) {
        expect([3, -4, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((index) => batch.at(index)?.sequence)).toEqual([
          undefined,
          undefined,
          1n,
          0n,
          undefined,
        ])
        expect(batch.at(-1)?.sequence).toBe(2n)
        expect(batch.bytes(3)).toBeUndefined()
        expect(batch.bytes(-3)).toHaveLength(32)
        break
      }
    })
  })

  test('give bytes that are the own copies of the caller', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 2)
      for await (const batch of events.batches()) {
        const bytes = batch.bytes(1) as Uint8Array
        bytes.fill(0xff)
        expect(batch.at(1)).toMatchObject({ sequence: 1n, text: 'hello' })
        break
      }
    })
  })

  test('are released by the next one, and by leaving the loop', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1)
      const kept: Batch<Event>[] = []
      for await (const batch of events.batches()) {
        kept.push(batch)
        if (kept.length === 2) break
        await emit(programs.submit, 1)
      }
      const released = expect.objectContaining({ code: 'ERR_EBPF_RELEASED' })
      for (const batch of kept) {
        expect(() => batch.at(0)).toThrow(released)
        expect(() => batch.bytes(0)).toThrow(released)
        expect(() => batch.toArray()).toThrow(released)
        expect(() => [...batch]).toThrow(released)
        expect(() => batch.forEach(() => {})).toThrow(released)
        expect(batch.length).toBe(1)
      }
    })
  })
})

describe('an iterator', () => {
  test('starts with its first next()', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const idle = events.records()
      await emit(programs.submit, 1)
      expect(await take(events, 1)).toHaveLength(1)
      await idle.return?.()
    })
  })

  test('answers calls of next() that overlap, in order', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const records = events.records()
      const first = records.next()
      const second = records.next()
      await emit(programs.submit, 1)
      expect((await first).value?.sequence).toBe(0n)
      const third = records.next()
      await emit(programs.submit, 2)
      expect((await second).value?.sequence).toBe(1n)
      expect((await third).value?.sequence).toBe(2n)
      await records.return?.()
    })
  })

  test('answers overlapping calls of batches with one batch each', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const batches = events.batches()
      const overlapping = [batches.next(), batches.next(), batches.next()]
      const got: number[] = []
      for (const call of overlapping) {
        await emit(programs.submit, 1)
        const { value } = await call
        // Valid until the next one is asked for, which has happened already.
        got.push(value?.length ?? -1)
      }
      expect(got).toEqual([1, 1, 1])
      await batches.return?.()
    })
  })

  test('is done for ever after return(), and frees the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const records = events.records()
      await emit(programs.submit, 2)
      await records.next()
      expect(await records.return?.()).toEqual({ done: true, value: undefined })
      expect(await records.next()).toEqual({ done: true, value: undefined })
      expect(sequences(await take(events, 1))).toEqual([1])
    })
  })

  test('that is returned while it waits ends the waiting', async () => {
    await withRing(async ({ maps: { events } }) => {
      const records = events.records()
      const waiting = [records.next(), records.next()]
      await sleep(10)
      await records.return?.()
      expect(await Promise.all(waiting)).toEqual([
        { done: true, value: undefined },
        { done: true, value: undefined },
      ])
    })
  })

  test('that was returned before it began never takes the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const records = events.records()
      await records.return?.()
      expect(await records.next()).toEqual({ done: true, value: undefined })
      await emit(programs.submit, 1)
      expect(await take(events, 1)).toHaveLength(1)
    })
  })

  test('tells an error to the call that met it, and is done then', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      const records = events.records()
      const waiting = [records.next(), records.next(), records.next()]
      globals.record_bytes = 16
      await emit(programs.output, 1)
      expect(await Promise.allSettled(waiting)).toMatchObject([
        { status: 'rejected', reason: { code: 'ERR_EBPF_RECORD_SIZE' } },
        { status: 'fulfilled', value: { done: true } },
        { status: 'fulfilled', value: { done: true } },
      ])
    })
  })

  test('is disposed by `await using`', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 2)
      {
        await using records = events.records()
        await records.next()
      }
      expect(sequences(await take(events, 1))).toEqual([1])
    })
  })
})

describe('a signal', () => {
  test('that was aborted before rejects the first next() with its reason', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const reason = new Error('enough')
      await emit(programs.submit, 1)
      const records = events.records({ signal: AbortSignal.abort(reason) })
      expect(await rejection(records.next())).toBe(reason)
      expect(await records.next()).toEqual({ done: true, value: undefined })
      expect(await take(events, 1)).toHaveLength(1)
    })
  })

  test('ends a loop that waits', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const abort = new AbortController()
      const loop = take(events.records({ signal: abort.signal }), 1)
      setTimeout(() => abort.abort(), 20)
      expect(await rejection(loop)).toMatchObject({ name: 'AbortError' })
      await emit(programs.submit, 1)
      expect(await take(events, 1)).toHaveLength(1)
    })
  })

  test('that aborts in the body of a loop ends it at its next step, and the rest stays in the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 5)
      const abort = new AbortController()
      const seen: Event[] = []
      const loop = (async () => {
        for await (const event of events.records({ signal: abort.signal })) {
          seen.push(event)
          if (seen.length === 2) abort.abort()
        }
      })()
      expect(await rejection(loop)).toMatchObject({ name: 'AbortError' })
      expect(sequences(seen)).toEqual([0, 1])
      expect(sequences(await take(events, 3))).toEqual([2, 3, 4])
    })
  })

  test('that aborts after the loop does nothing', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 2)
      const abort = new AbortController()
      await take(events.records({ signal: abort.signal }), 1)
      abort.abort()
      expect(sequences(await take(events, 1))).toEqual([1])
    })
  })
})

describe('closing', () => {
  test('the ring ends a loop that waits', async () => {
    await withRing(async ({ maps: { events } }) => {
      const loop = take(events, 1)
      await sleep(10)
      events.close()
      expect(await loop).toEqual([])
      expect(await rejection(take(events, 1))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    })
  })

  test('the ring in the body of a loop ends it', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 5)
      const seen: Event[] = []
      for await (const event of events) {
        seen.push(event)
        if (seen.length === 2) events.close()
      }
      expect(sequences(seen)).toEqual([0, 1])
    })
  })

  test('the object ends the loops over all of its rings', async () => {
    const object = await loadRing()
    const loops = [take(object.maps.events, 1), take(object.maps.untyped, 1), take(object.maps.large.batches(), 1)]
    await sleep(10)
    await object.close()
    expect(await Promise.all(loops)).toEqual([[], [], []])
    expect(() => object.maps.events.stats()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
  })

  test('the object in the body of a loop ends it in mid-batch', async () => {
    const object = await loadRing()
    await emit(object.programs.submit, 5)
    let count = 0
    for await (const _event of object.maps.events) {
      count++
      await object.close()
    }
    expect(count).toBe(1)
  })

  test('a second handle of the map leaves the loop over the first alone', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const second = openMap({ id: events.id }, RingBuffer)
      const loop = take(events, 2)
      await emit(programs.submit, 1)
      second.close()
      await emit(programs.submit, 1)
      expect(sequences(await loop)).toEqual([0, 1])
    })
  })
})
