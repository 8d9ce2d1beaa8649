/** Handlers of batches: what they get, what holds them back, how they end. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../lib/events/batch.ts'
import { RingBuffer } from '../../lib/events/ring-buffer.ts'
import { openMap } from '../../lib/maps/open.ts'
import { EVENT_SPACE, type Event, emit, loadRing, range, sequences, take, withRing } from '../support/ring.ts'
import { rejection, until } from '../support/wait.ts'

const busy = expect.objectContaining({ code: 'ERR_EBPF_BUSY', map: 'events' })
const released = expect.objectContaining({ code: 'ERR_EBPF_RELEASED' })

describe('a handler', () => {
  test('that returns nothing gets every record, in order', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const seen: number[] = []
      const subscription = events.subscribe((batch) => {
        seen.push(...sequences(batch))
      })
      for (let round = 0; round < 10; round++) await emit(programs.submit, 100)
      await until('all came', () => seen.length === 1000)
      expect(seen).toEqual(range(0, 1000))
      expect(subscription.closed).toBe(false)
      subscription.close()
      expect(subscription.closed).toBe(true)
      await subscription.finished
    })
  })

  test('that throws ends the subscription, whose promise rejects with the error', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const thrown = new Error('from the handler')
      let calls = 0
      const subscription = events.subscribe(() => {
        calls++
        throw thrown
      })
      const ended = rejection(subscription.finished)
      await emit(programs.submit, 1)
      expect(await ended).toBe(thrown)
      expect(subscription.closed).toBe(true)
      await emit(programs.submit, 1)
      expect(sequences(await take(events, 1))).toEqual([1])
      expect(calls).toBe(1)
    })
  })

  test('that throws undefined ends the subscription with it, not as if it had been closed', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const subscription = events.subscribe(() => {
        throw undefined
      })
      const ended = subscription.finished.then(
        () => 'closed',
        (error: unknown) => ({ error }),
      )
      await emit(programs.submit, 1)
      expect(await ended).toEqual({ error: undefined })
    })
  })

  test('whose promise rejects ends the subscription the same way', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const subscription = events.subscribe(async () => {
        await sleep(5)
        throw new Error('later')
      })
      const ended = rejection(subscription.finished)
      await emit(programs.submit, 1)
      expect(await ended).toMatchObject({ message: 'later' })
      await emit(programs.submit, 1)
      expect(await take(events, 1)).toHaveLength(1)
    })
  })

  test('that meets a record shorter than its type ends by that error', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.record_bytes = 8
      const subscription = events.subscribe((batch) => {
        batch.toArray()
      })
      const ended = rejection(subscription.finished)
      await emit(programs.output, 1)
      expect(await ended).toMatchObject({ code: 'ERR_EBPF_RECORD_SIZE' })
    })
  })

  test('may return any thenable', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      let settle: (() => void) | undefined
      let calls = 0
      using _subscription = events.subscribe(() => {
        calls++
        // biome-ignore lint/suspicious/noThenProperty: a thenable that is no Promise is what this tests
        return { then: (resolve: () => void) => (settle = resolve) } as unknown as PromiseLike<void>
      })
      await emit(programs.submit, 1)
      await until('it was called', () => settle !== undefined)
      await emit(programs.submit, 1)
      await sleep(20)
      expect(calls).toBe(1)
      settle?.()
      await until('it was called again', () => calls === 2)
    })
  })

  test('must be a function', async () => {
    await withRing(({ maps: { events } }) => {
      expect(() => events.subscribe('print' as never)).toThrow(
        expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT', message: expect.stringContaining('handler') }),
      )
    })
  })
})

describe('while the promise of a handler is pending', () => {
  test('nothing more is delivered, and the ring keeps the records', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const batches: number[][] = []
      let release = (): void => {}
      await emit(programs.submit, 5)
      using _subscription = events.subscribe((batch) => {
        batches.push(sequences(batch))
        return new Promise<void>((resolve) => (release = resolve))
      })
      await until('the handler was called', () => batches.length === 1)
      await emit(programs.submit, 900)
      await sleep(150) // longer than maxLatencyMs
      expect(batches).toEqual([range(0, 5)])
      const pending = 905 * EVENT_SPACE
      expect(events.stats()).toMatchObject({ records: 0, pending, maxPending: pending, dropped: 0 })
      release()
      await until('the rest came', () => batches.length === 2)
      expect(batches[1]).toEqual(range(5, 905))
      expect(events.stats()).toMatchObject({ records: 5, maxPending: pending, dropped: 0 })
      release()
      await until('the ring is empty', () => events.stats().pending === 0)
      expect(events.stats().records).toBe(905)
    })
  })

  test('the records of its batch stay in the ring, so that a full one refuses more', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      let release = (): void => {}
      let calls = 0
      await emit(programs.submit, Math.floor(4096 / EVENT_SPACE))
      using _subscription = events.subscribe(() => {
        calls++
        return new Promise<void>((resolve) => (release = resolve))
      })
      await until('the handler was called', () => calls === 1)
      await emit(programs.submit, 1)
      expect(globals.refused).toBe(1n)
      release()
      await until('the ring is empty', () => events.stats().pending === 0)
      await emit(programs.submit, 1)
      expect(globals.refused).toBe(1n)
      await until('the handler was called', () => calls === 2)
      release()
    }, 4096)
  })

  test('its batch can be used; afterwards it cannot', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      let kept: Batch<Event> | undefined
      const later: number[] = []
      using _subscription = events.subscribe(async (batch) => {
        kept = batch
        await sleep(10)
        later.push(...sequences(batch))
      })
      await emit(programs.submit, 3)
      await until('the handler is done', () => events.stats().records === 3)
      expect(later).toEqual([0, 1, 2])
      expect(() => kept?.at(0)).toThrow(released)
    })
  })
})

describe('closing a subscription', () => {
  test('in its handler hands nothing more over', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      let calls = 0
      const subscription = events.subscribe(() => {
        calls++
        subscription.close()
      })
      await emit(programs.submit, 1)
      await subscription.finished
      await emit(programs.submit, 1)
      await sleep(20)
      expect(calls).toBe(1)
      expect(sequences(await take(events, 1))).toEqual([1])
    })
  })

  test('in mid-batch releases the batch: the handler can use it no longer', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const seen: bigint[] = []
      const subscription = events.subscribe((batch) => {
        batch.forEach(({ sequence }) => {
          seen.push(sequence)
          if (sequence === 1n) subscription.close()
        })
      })
      await emit(programs.submit, 5)
      await subscription.finished
      expect(seen).toEqual([0n, 1n])
    })
  })

  test('in a handler whose promise rejects then is no unhandled rejection', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const unhandled: unknown[] = []
      const listener = (reason: unknown): void => void unhandled.push(reason)
      process.on('unhandledRejection', listener)
      try {
        const subscription = events.subscribe(async (batch) => {
          subscription.close()
          batch.toArray()
        })
        await emit(programs.submit, 1)
        await subscription.finished
        await sleep(20)
      } finally {
        process.off('unhandledRejection', listener)
      }
      expect(unhandled).toEqual([])
    })
  })

  test('while its handler waits finishes at once, and the ring is free', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      let kept: Batch<Event> | undefined
      const subscription = events.subscribe((batch) => {
        kept = batch
        return new Promise(() => {})
      })
      await emit(programs.submit, 1)
      await until('the handler was called', () => kept !== undefined)
      subscription.close()
      await subscription.finished
      expect(() => kept?.toArray()).toThrow(released)
      await emit(programs.submit, 1)
      expect(sequences(await take(events, 1))).toEqual([1])
    })
  })

  test('a second time does nothing, nor does `using` after it', async () => {
    await withRing(async ({ maps: { events } }) => {
      {
        using subscription = events.subscribe(() => {})
        subscription.close()
        subscription.close()
        await subscription.finished
        using _other = events.subscribe(() => {})
      }
      using _third = events.subscribe(() => {})
    })
  })

  test('by closing the ring or the object resolves its promise', async () => {
    const object = await loadRing()
    const first = object.maps.events.subscribe(() => {})
    object.maps.events.close()
    await first.finished
    const second = object.maps.untyped.subscribe(() => {})
    await object.close()
    await second.finished
    expect([first.closed, second.closed]).toEqual([true, true])
  })

  test('by closing the object in the handler ends all', async () => {
    const object = await loadRing()
    let closing: Promise<void> | undefined
    const subscription = object.maps.events.subscribe(() => {
      closing = object.close()
    })
    await emit(object.programs.submit, 3)
    await subscription.finished
    await closing
    expect(object.closed).toBe(true)
  })

  test('by a signal resolves its promise', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const abort = new AbortController()
      const subscription = events.subscribe(() => {}, { signal: abort.signal })
      abort.abort(new Error('enough'))
      await subscription.finished
      expect(subscription.closed).toBe(true)
      await emit(programs.submit, 1)
      expect(await take(events, 1)).toHaveLength(1)
    })
  })

  test('by a signal that its handler waits for, too, resolves its promise', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const abort = new AbortController()
      const { signal } = abort
      let called = false
      const subscription = events.subscribe(
        async () => {
          called = true
          await sleep(60_000, undefined, { signal })
        },
        { signal },
      )
      await emit(programs.submit, 1)
      await until('the handler was called', () => called)
      abort.abort()
      await subscription.finished
    })
  })

  test('cannot be needed where the signal was aborted before', async () => {
    await withRing(async ({ maps: { events } }) => {
      const reason = new Error('enough')
      expect(() => events.subscribe(() => {}, { signal: AbortSignal.abort(reason) })).toThrow(reason)
      using _free = events.subscribe(() => {})
    })
  })

  test('takes its listener off the signal', async () => {
    await withRing(async ({ maps: { events } }) => {
      const { signal } = new AbortController()
      for (let round = 0; round < 20; round++) events.subscribe(() => {}, { signal }).close()
      const warned = once(process, 'warning', { signal: AbortSignal.timeout(50) })
      expect(await rejection(warned)).toMatchObject({ name: 'AbortError' })
    })
  })
})

describe('a ring has one consumer', () => {
  test('so a second subscription is refused, until the first is closed', async () => {
    await withRing(async ({ maps: { events } }) => {
      const first = events.subscribe(() => {})
      expect(() => events.subscribe(() => {})).toThrow(busy)
      expect(() => events.raw().subscribe(() => {})).toThrow(busy)
      expect(await rejection(take(events, 1))).toMatchObject({ code: 'ERR_EBPF_BUSY' })
      expect(await rejection(take(events.batches(), 1))).toMatchObject({ code: 'ERR_EBPF_BUSY' })
      first.close()
      events.subscribe(() => {}).close()
    })
  })

  test('so a loop is refused inside of another, which goes on', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 3)
      const seen: number[] = []
      for await (const { sequence } of events) {
        seen.push(Number(sequence))
        expect(await rejection(take(events, 1))).toMatchObject({ code: 'ERR_EBPF_BUSY' })
        if (seen.length === 3) break
      }
      expect(seen).toEqual([0, 1, 2])
    })
  })

  test('also over all of its handles in the process', async () => {
    await withRing(async ({ maps: { events } }) => {
      using second = openMap({ id: events.id }, RingBuffer)
      using third = openMap({ fd: events.fd }, RingBuffer)
      const first = events.subscribe(() => {})
      expect(() => second.subscribe(() => {})).toThrow(expect.objectContaining({ code: 'ERR_EBPF_BUSY' }))
      first.close()
      const other = third.subscribe(() => {})
      expect(() => events.subscribe(() => {})).toThrow(busy)
      other.close()
      events.subscribe(() => {}).close()
    })
  })

  test('while different rings have their own', async () => {
    await withRing(async ({ maps: { events, untyped }, programs }) => {
      const both = Promise.all([take(events, 50), take(untyped, 50)])
      await emit(programs.submit, 50)
      await emit(programs.output_untyped, 50)
      expect((await both).map((records) => records.length)).toEqual([50, 50])
    })
  })
})
