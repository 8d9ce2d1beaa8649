/** Consumers of rings that never come back, throw, or meet records of other sizes: views, columns, merged streams, adapters. */
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { mergeStreams } from '../../lib/index.ts'
import { type Event, type RingObject, emit, sequences, take, withRing } from '../support/ring.ts'
import { rejection, until } from '../support/wait.ts'

const forEver = (): Promise<never> => new Promise(() => {})
const merged = ({ maps: { events, uncounted } }: RingObject) => mergeStreams({ first: events, second: uncounted })
const tooShort = expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE', map: 'events' })

describe('records that are shorter than their type', () => {
  test('end a listener that uses views, and are left behind', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.record_bytes = 24
      await emit(programs.output, 1)
      const subscription = events.subscribe((batch) => batch.forEachView(() => {}))
      expect(await rejection(subscription.finished)).toEqual(tooShort)
      await emit(programs.submit, 1)
      expect(sequences(await take(events, 1))).toEqual([1])
    })
  })

  test('end a merged stream, and leave what is in the other rings', async () => {
    await withRing(async (object) => {
      object.globals.record_bytes = 24
      await emit(object.programs.submit_uncounted, 2)
      await emit(object.programs.output, 1)
      const seen: Event[] = []
      const reading = (async () => {
        for await (const { record } of merged(object)) seen.push(record)
      })()
      expect(await rejection(reading)).toEqual(tooShort)
      const { uncounted } = object.maps
      const rest = uncounted.stats().pending > 0 ? await take(uncounted, 2 - seen.length) : []
      expect(sequences([...seen, ...rest])).toEqual([0, 1])
    })
  })

  test('of no bytes at all are legal, and come as no bytes', async () => {
    await withRing(async ({ maps: { untyped, events }, programs, globals }) => {
      globals.record_bytes = 0
      await emit(programs.output_untyped, 3)
      expect((await take(untyped, 3)).map(({ length }) => length)).toEqual([0, 0, 0])
      await emit(programs.output, 1)
      expect(await rejection(take(events, 1))).toEqual(tooShort)
    })
  })
})

describe('records that are longer than their type', () => {
  test('are shown by views, and come from merged streams', async () => {
    await withRing(async (object) => {
      const { events } = object.maps
      object.globals.record_bytes = 1000
      await emit(object.programs.output, 2)
      const seen: number[] = []
      {
        using _subscription = events.subscribe((batch) => {
          batch.forEachView(({ sequence }) => void seen.push(Number(sequence)))
        })
        await until('views showed both', () => seen.length === 2)
      }
      await emit(object.programs.output, 2)
      const records = (await take(merged(object), 2)).map(({ record }) => record)
      expect([...seen, ...sequences(records)]).toEqual([0, 1, 2, 3])
    })
  })
})

describe('a consumer that never comes back', () => {
  test('keeps all rings of a merged stream waiting, until it is closed, and what it was not given stays there', async () => {
    await withRing(async (object) => {
      const stream = merged(object)
      let calls = 0
      const subscription = stream.subscribe(() => {
        calls++
        return forEver()
      })
      await emit(object.programs.submit, 2)
      await until('the handler was called', () => calls === 1)
      await emit(object.programs.submit_uncounted, 2)
      await sleep(150)
      expect(calls).toBe(1)
      expect(object.maps.uncounted.stats().pending).toBeGreaterThan(0)
      subscription.close()
      await subscription.finished
      expect(sequences(await take(object.maps.uncounted, 2))).toEqual([2, 3])
    })
  })

  test.each(['one ring', 'merged rings'])(
    '%s: a flush waits for it, and rejects when the ring is closed',
    async (which) => {
      await withRing(async (object) => {
        const stream = which === 'one ring' ? object.maps.events : merged(object)
        let calls = 0
        const subscription = stream.subscribe(() => {
          calls++
          return forEver()
        })
        await emit(object.programs.submit, 1)
        await until('the handler was called', () => calls === 1)
        let settled = false
        const flushed = stream.flush().finally(() => {
          settled = true
        })
        flushed.catch(() => {})
        await sleep(50)
        expect(settled).toBe(false)
        object.maps.events.close()
        object.maps.uncounted.close()
        expect(await rejection(flushed)).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
        await subscription.finished
      })
    },
  )

  test('behind a Readable leaves the records in the ring, and frees it when it is destroyed', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const stuck = new Writable({ objectMode: true, highWaterMark: 1, write: () => {} })
      const readable = events.readable()
      const piped = pipeline(readable, stuck)
      piped.catch(() => {})
      await emit(programs.submit, 100)
      await sleep(50)
      expect(events.stats().pending).toBeGreaterThan(90 * 40)
      readable.destroy(new Error('enough'))
      expect(await rejection(piped)).toMatchObject({ message: 'enough' })
      const [next] = sequences(await take(events, 1))
      expect(next).toBeLessThan(5)
    })
  })
})

describe('a callback that throws', () => {
  test('behind a Readable destroys it with that error, and frees the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 3)
      const readable = events.readable()
      const mine = new Error('mine')
      const failing = new Writable({
        objectMode: true,
        write() {
          throw mine
        },
      })
      const reading = pipeline(
        readable,
        async function* (source) {
          for await (const _ of source) throw mine
          yield undefined
        },
        failing,
      )
      expect(await rejection(reading)).toBe(mine)
      expect(readable.destroyed).toBe(true)
      await emit(programs.submit, 1)
      expect(await take(events, 1)).toHaveLength(1)
    })
  })

  test('while a merged stream shows views ends all of it', async () => {
    await withRing(async (object) => {
      const mine = new Error('mine')
      const subscription = merged(object).subscribe(({ batch }) =>
        batch.forEachView(() => {
          throw mine
        }),
      )
      const ended = rejection(subscription.finished)
      await emit(object.programs.submit, 1)
      expect(await ended).toBe(mine)
      await emit(object.programs.submit, 1)
      expect(sequences(await take(object.maps.events, 1))).toEqual([1])
    })
  })
})
