/** Handing over at once what is in a ring. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createMap } from '../../lib/maps/create.ts'
import { NO_WAKEUP, emit, range, sequences, withRing } from '../support/ring.ts'
import { olderThan } from '../support/kernel-features.ts'
import { rejection, until } from '../support/wait.ts'

const ended = expect.objectContaining({ code: 'ERR_EBPF_CLOSED', operation: 'flush', map: 'events' })

describe('flush', () => {
  test('hands over records that woke nobody, and resolves when they were handled', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.flags = NO_WAKEUP
      const seen: number[] = []
      using _subscription = events.subscribe((batch) => void seen.push(...sequences(batch)), { maxLatencyMs: 0 })
      await emit(programs.submit, 1000)
      expect(seen).toEqual([])
      const flushed = events.flush()
      expect(seen).toEqual([])
      await flushed
      expect(seen).toEqual(range(0, 1000))
      expect(events.stats().pending).toBe(0)
      await events.flush()
    })
  })

  test('waits for the promise of the handler', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const releases: (() => void)[] = []
      using _subscription = events.subscribe(() => new Promise<void>((resolve) => releases.push(resolve)))
      await emit(programs.submit, 2)
      await until('the handler was called', () => releases.length === 1)
      await emit(programs.submit, 3)
      let done = false
      const flushed = events.flush().then(() => {
        done = true
      })
      releases[0]?.()
      await until('the handler was called again', () => releases.length === 2)
      await sleep(5)
      expect(done).toBe(false)
      releases[1]?.()
      await flushed
    })
  })

  test('does not wait for records that came later', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.flags = NO_WAKEUP
      const releases: (() => void)[] = []
      using _subscription = events.subscribe(() => new Promise<void>((resolve) => releases.push(resolve)), {
        maxLatencyMs: 0,
      })
      await emit(programs.submit, 2)
      const flushed = events.flush()
      await until('the handler was called', () => releases.length === 1)
      await emit(programs.submit, 5)
      releases[0]?.()
      // The handler never gives its second batch back.
      await flushed
      expect(events.stats().records).toBe(2)
    })
  })

  test('counts discarded records as handled', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.flags = NO_WAKEUP
      globals.discard_every = 1n
      using _subscription = events.subscribe(() => {}, { maxLatencyMs: 0 })
      await emit(programs.submit, 10)
      await events.flush()
      expect(events.stats()).toMatchObject({ records: 0, pending: 0 })
    })
  })

  test('waits for a loop over records to come past them', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const seen: number[] = []
      const loop = (async () => {
        for await (const { sequence } of events) {
          seen.push(Number(sequence))
          await sleep(1)
          if (seen.length === 12) break
        }
      })()
      await emit(programs.submit, 10)
      await until('the loop has started', () => seen.length > 0)
      await events.flush()
      expect(seen).toEqual(range(0, 10))
      await emit(programs.submit, 2)
      await loop
    })
  })

  test('rejects when nobody listens, and when the listener ends before', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1)
      expect(await rejection(events.flush())).toEqual(ended)
      const subscription = events.subscribe(() => new Promise(() => {}))
      const flushed = rejection(events.flush())
      await until('the handler has the record', () => events.stats().pending > 0)
      await sleep(5)
      subscription.close()
      expect(await flushed).toEqual(ended)
    })
  })

  test('rejects with what the handler threw', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.flags = NO_WAKEUP
      const thrown = new Error('from the handler')
      const subscription = events.subscribe(
        () => {
          throw thrown
        },
        { maxLatencyMs: 0 },
      )
      await emit(programs.submit, 1)
      const finished = rejection(subscription.finished)
      expect(await rejection(events.flush())).toBe(thrown)
      expect(await finished).toBe(thrown)
    })
  })

  test('of a closed ring rejects', async () => {
    await withRing(async ({ maps: { events } }) => {
      events.close()
      expect(await rejection(events.flush())).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    })
  })
})

describe('a ring in overwrite mode', () => {
  const create = () => createMap({ type: 'ringbuf', maxEntries: 4096, flags: 1 << 19 })

  test('is refused, with the reason', async () => {
    if (olderThan('6.19')) {
      expect(create).toThrow(expect.objectContaining({ code: 'EINVAL' }))
      return
    }
    using ring = create()
    const refused = expect.objectContaining({ code: 'EOPNOTSUPP', hint: expect.stringContaining('BPF_F_RB_OVERWRITE') })
    expect(() => ring.subscribe(() => {})).toThrow(refused)
    expect(() => ring.stats()).toThrow(refused)
  })
})
