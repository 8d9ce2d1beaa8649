/** The package in worker threads: side by side, and terminated in the middle of everything. */
import { afterEach, describe, expect, test } from 'vitest'
import { RingBuffer } from '../../lib/events/ring-buffer.ts'
import { openMap } from '../../lib/maps/open.ts'
import { bpfDescriptors, untilGone } from '../support/kernel-objects.ts'
import { type Event, emit, loadRing, range, sequences, take, withRing } from '../support/ring.ts'
import { traceGlobals } from '../support/trace.ts'
import { rejection } from '../support/wait.ts'
import { TestWorker } from '../support/worker.ts'

interface Ids {
  programs: number[]
  maps: number[]
}

const traceOptions = `{ globals: { target_pid: process.pid, target_call: ${traceGlobals.target_call}n } }`

// Descriptors belong to the process, not to the worker that opened them.
afterEach(() => {
  expect(bpfDescriptors()).toEqual({})
})

async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Terminates a worker at many moments, and looks at what it left. */
async function terminateOften(source: string, times: number): Promise<void> {
  for (let round = 0; round < times; round++) {
    const { worker, message } = await TestWorker.start<Ids | undefined>(source)
    await pause(round % 10)
    await worker.terminate()
    expect(bpfDescriptors(), `round ${round}`).toEqual({})
    if (message !== undefined) await untilGone(message)
  }
}

describe('a worker', () => {
  test('loads, streams and ends by itself', async () => {
    const { worker, message } = await TestWorker.start<number[]>(`
      const object = await load('ring')
      await emit(object, 100)
      const seen = []
      for await (const { sequence } of object.maps.events) {
        seen.push(Number(sequence))
        if (seen.length === 100) break
      }
      parentPort.postMessage(seen)
      await object.close()
    `)
    expect(message).toEqual(range(0, 100))
    expect(await worker.end()).toBe(0)
  })

  test('that ends with everything open leaves nothing', async () => {
    const { worker, message } = await TestWorker.start<Ids>(`
      const ring = await load('ring')
      const trace = await load('trace', ${traceOptions})
      await trace.attach()
      ring.maps.events.subscribe(() => {}).close()
      ring.globals.flags
      const batches = ring.maps.events.batches()
      await emit(ring, 10)
      await batches.next()
      const all = [ids(ring), ids(trace)]
      parentPort.postMessage({ programs: all.flatMap((each) => each.programs), maps: all.flatMap((each) => each.maps) })
      process.exit(0)
    `)
    expect(await worker.end()).toBe(0)
    await untilGone(message)
  })

  test('that ends by an error leaves nothing', async () => {
    const { worker, message } = await TestWorker.start<Ids>(`
      const object = await load('ring')
      object.maps.events.subscribe(() => { throw new Error('from the handler') })
      parentPort.once('message', () => emit(object, 1))
      parentPort.postMessage(ids(object))
    `)
    // Not before its first message is here: errors come by another port, and may come first.
    expect(await rejection(worker.ask('emit'))).toMatchObject({ message: 'from the handler' })
    await worker.terminate()
    await untilGone(message)
  })

  test('stays alive for its subscription, and no longer', async () => {
    const { worker } = await TestWorker.start(`
      const object = await load('ring')
      const subscription = object.maps.events.subscribe(() => {})
      parentPort.postMessage('listening')
      setTimeout(() => { parentPort.postMessage('closing'); subscription.close() }, 200).unref()
    `)
    expect(await worker.message()).toBe('closing')
    expect(await worker.end()).toBe(0)
  })
})

describe('several threads', () => {
  test('stream at once, each its own ring', async () => {
    const source = `
      const object = await load('ring')
      parentPort.once('message', async () => {
        const seen = []
        const reading = (async () => {
          for await (const { sequence } of object.maps.events) {
            seen.push(Number(sequence))
            if (seen.length === 1000) break
          }
        })()
        for (let round = 0; round < 10; round++) await emit(object, 100)
        await reading
        await object.close()
        parentPort.postMessage(seen)
      })
      parentPort.postMessage('ready')
    `
    await withRing(async ({ maps: { events }, programs }) => {
      const workers = await Promise.all([TestWorker.start(source), TestWorker.start(source)])
      const own = take(events, 500)
      const results = workers.map(({ worker }) => worker.ask('go'))
      await emit(programs.submit, 500)
      expect(sequences(await own)).toEqual(range(0, 500))
      for (const result of await Promise.all(results)) expect(result).toEqual(range(0, 1000))
      await Promise.all(workers.map(({ worker }) => worker.terminate()))
    })
  })

  test('cannot read the same ring, until the one that does is closed', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const { worker } = await TestWorker.start(`
        const ring = openMap({ id: ${events.id} }, RingBuffer)
        parentPort.on('message', () => {
          try {
            const subscription = ring.subscribe((batch) => parentPort.postMessage(batch.length))
            parentPort.postMessage('reads')
          } catch (error) {
            parentPort.postMessage(error.code)
          }
        })
        parentPort.postMessage('ready')
      `)
      await using _worker = worker
      const subscription = events.subscribe(() => {})
      expect(await worker.ask('read')).toBe('ERR_EBPF_BUSY')
      subscription.close()
      expect(await worker.ask('read')).toBe('reads')
      expect(() => events.subscribe(() => {})).toThrow(expect.objectContaining({ code: 'ERR_EBPF_BUSY' }))
      const received = worker.message<number>()
      await emit(programs.submit, 1)
      expect(await received).toBe(1)
      // When it answers this, its handler has returned: the record is no longer in the ring.
      expect(await worker.ask('read')).toBe('ERR_EBPF_BUSY')
      await worker.terminate()
      await emit(programs.submit, 1)
      const [record] = await take<Event>(events, 1)
      expect(record?.sequence).toBe(1n)
    })
  })

  test('do not disturb each other by closing: handles are of one thread', async () => {
    const object = await loadRing()
    const { worker } = await TestWorker.start(`
      const object = await load('ring')
      parentPort.once('message', async () => {
        await object.close()
        parentPort.postMessage('closed')
      })
      parentPort.postMessage('ready')
    `)
    await worker.ask('close')
    await emit(object.programs.submit, 3)
    expect(await take(object.maps.events, 3)).toHaveLength(3)
    await worker.terminate()
    await object.close()
  })

  test('share a map by its id', async () => {
    await withRing(async ({ maps: { untyped } }) => {
      using again = openMap({ id: untyped.id }, RingBuffer)
      const { worker, message } = await TestWorker.start<number>(`
        const map = openMap({ id: ${untyped.id} })
        parentPort.postMessage(map.id)
        map.close()
      `)
      expect(message).toBe(again.id)
      await worker.terminate()
    })
  })
})

describe('a worker that is terminated leaves nothing', () => {
  test('in mid-stream, 50 times', { timeout: 120_000 }, async () => {
    await terminateOften(
      `
      const object = await load('ring')
      object.maps.events.subscribe((batch) => batch.toArray())
      parentPort.postMessage(ids(object))
      for (;;) await emit(object, 500)
    `,
      50,
    )
  })

  test('in the body of a loop', async () => {
    await terminateOften(
      `
      const object = await load('ring')
      parentPort.postMessage(ids(object))
      setInterval(() => emit(object, 500), 1)
      for await (const batch of object.maps.events.batches({ maxLatencyMs: 1 })) for (const event of batch) void event
    `,
      10,
    )
  })

  test('while a handler waits', async () => {
    await terminateOften(
      `
      const object = await load('ring')
      object.maps.events.subscribe(() => new Promise(() => {}))
      await emit(object, 5)
      parentPort.postMessage(ids(object))
    `,
      10,
    )
  })

  test('in mid-load', async () => {
    await terminateOften(
      `
      for (let each = 0; each < 4; each++) load('ring').then((object) => object.close(), () => {})
      parentPort.postMessage(undefined)
      await sleep(1000)
    `,
      20,
    )
  })

  test('in mid-attach', async () => {
    await terminateOften(
      `
      const object = await load('trace', ${traceOptions})
      object.attach()
      parentPort.postMessage(ids(object))
      await sleep(1000)
    `,
      20,
    )
  })

  test('in mid-close', async () => {
    await terminateOften(
      `
      const object = await load('trace', ${traceOptions})
      await object.attach()
      object.close()
      parentPort.postMessage({ programs: [], maps: [] })
      await sleep(1000)
    `,
      10,
    )
  })

  test('in a test run', async () => {
    await terminateOften(
      `
      const object = await load('ring')
      emit(object, 1 << 20)
      parentPort.postMessage(ids(object))
      await sleep(1000)
    `,
      10,
    )
  })

  test('in an endless loop over a map', async () => {
    await terminateOften(
      `
      const object = await load('trace', ${traceOptions})
      parentPort.postMessage(ids(object))
      for (;;) for (const entry of object.maps.raw_calls) void entry
    `,
      10,
    )
  })
})
