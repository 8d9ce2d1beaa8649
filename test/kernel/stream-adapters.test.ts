/** A ring as a stream of Node's and of the web's. */
import { once } from 'node:events'
import { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Event, emit, range, sequences, take, withRing } from '../support/ring.ts'
import { rejection, until } from '../support/wait.ts'

const sequenceOf = (event: Event): number => Number(event.sequence)

describe('readable', () => {
  test('gives every record through a pipeline, until the ring is closed', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const seen: number[] = []
      const toSequence = new Transform({
        objectMode: true,
        transform: (event: Event, _encoding, done) => done(null, sequenceOf(event)),
      })
      const sink = new Writable({
        objectMode: true,
        write: (sequence: number, _encoding, done) => {
          seen.push(sequence)
          setImmediate(done)
        },
      })
      const readable = events.readable()
      expect(readable).toBeInstanceOf(Readable)
      const piped = pipeline(readable, toSequence, sink)
      for (let round = 0; round < 5; round++) await emit(programs.submit, 100)
      await until('all came', () => seen.length === 500)
      expect(seen).toEqual(range(0, 500))
      events.close()
      await piped
    })
  })

  test('queues nothing: what was not read stays in the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1000)
      expect(sequences((await take(events.readable(), 3)) as Event[])).toEqual([0, 1, 2])
      expect(sequences(await take(events, 997))).toEqual(range(3, 1000))
      expect(events.stats()).toMatchObject({ records: 1000, pending: 0 })
    })
  })

  test('leaves the records in the ring while nobody reads, or while its listener has paused it', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 100)
      const readable = events.readable()
      await sleep(20)
      expect(events.stats().records).toBe(0)
      const seen: number[] = []
      readable.on('data', (event: Event) => {
        seen.push(sequenceOf(event))
        if (seen.length === 10) readable.pause()
      })
      await until('ten came', () => seen.length === 10)
      await sleep(20)
      expect(seen).toEqual(range(0, 10))
      readable.destroy()
      await once(readable, 'close')
      expect(sequences(await take(events, 90))).toEqual(range(10, 100))
    })
  })

  test('destroyed while it waits for a record, frees the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const readable = events.readable()
      readable.resume()
      await sleep(5)
      readable.destroy()
      await once(readable, 'close')
      await emit(programs.submit, 2)
      expect(sequences(await take(events, 2))).toEqual([0, 1])
    })
  })

  test('takes the options of streams: an aborted signal destroys it with its reason', async () => {
    await withRing(async ({ maps: { events } }) => {
      const controller = new AbortController()
      const failed = rejection(take(events.readable({ signal: controller.signal }), 1))
      await sleep(5)
      const reason = new Error('enough')
      controller.abort(reason)
      expect(await failed).toBe(reason)
      events.subscribe(() => {}).close()
    })
  })

  test('of a ring that is read already is destroyed with ERR_EBPF_BUSY', async () => {
    await withRing(async ({ maps: { events } }) => {
      using _subscription = events.subscribe(() => {})
      expect(await rejection(take(events.readable(), 1))).toMatchObject({ code: 'ERR_EBPF_BUSY' })
    })
  })

  test('whose sink fails frees the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const failing = new Writable({ objectMode: true, write: (_event, _encoding, done) => done(new Error('full')) })
      await emit(programs.submit, 3)
      expect(await rejection(pipeline(events.readable(), failing))).toMatchObject({ message: 'full' })
      events.subscribe(() => {}).close()
    })
  })
})

describe('web', () => {
  test('gives every record through pipes, until the ring is closed', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const seen: number[] = []
      const stream = events.web()
      expect(stream).toBeInstanceOf(ReadableStream)
      const toSequence = new TransformStream<Event, number>({
        transform: (event, controller) => controller.enqueue(sequenceOf(event)),
      })
      const sink = new WritableStream<number>({ write: (sequence) => void seen.push(sequence) })
      const piped = stream.pipeThrough(toSequence).pipeTo(sink)
      for (let round = 0; round < 5; round++) await emit(programs.submit, 100)
      await until('all came', () => seen.length === 500)
      expect(seen).toEqual(range(0, 500))
      events.close()
      await piped
    })
  })

  test('queues nothing: what was not read stays in the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1000)
      const reader = events.web().getReader()
      expect((await reader.read()).value?.sequence).toBe(0n)
      expect((await reader.read()).value?.sequence).toBe(1n)
      await reader.cancel()
      expect(sequences(await take(events, 998))).toEqual(range(2, 1000))
    })
  })

  test('cancelled while it waits for a record, frees the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const reader = events.web().getReader()
      const waiting = reader.read()
      await sleep(5)
      await reader.cancel('enough')
      expect(await waiting).toEqual({ done: true, value: undefined })
      await emit(programs.submit, 2)
      expect(sequences(await take(events, 2))).toEqual([0, 1])
    })
  })

  test('takes the options of streams: an aborted signal is its error', async () => {
    await withRing(async ({ maps: { events } }) => {
      const controller = new AbortController()
      const failed = rejection(events.web({ signal: controller.signal }).getReader().read())
      await sleep(5)
      const reason = new Error('enough')
      controller.abort(reason)
      expect(await failed).toBe(reason)
      events.subscribe(() => {}).close()
    })
  })
})
