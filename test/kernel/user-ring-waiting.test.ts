/** Records that wait for room in a user ring: order, back-pressure, and how the wait ends. */
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { setTimeout as sleep } from 'node:timers/promises'
import { pipeline } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { UserRingBuffer, openMap } from '../../lib/index.ts'
import { builtPackage, run } from '../support/child.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { range, take } from '../support/ring.ts'
import { COMMANDS, NO_WAKEUP, type UserRingObject, command, drain, fill, withUserRing } from '../support/user-ring.ts'
import { rejection, until } from '../support/wait.ts'
import { TestWorker } from '../support/worker.ts'

/** Whether a promise is still pending once all that runs by itself has run. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  await sleep(30)
  return (await Promise.race([promise.catch(() => {}), Promise.resolve(pending)])) === pending
}

/** Has a program take all, written as soon as there is room: that may be while the program is at it. */
async function drainWhile(object: UserRingObject, written: Promise<unknown>): Promise<number> {
  const first = await drain(object)
  await written
  return first + (await drain(object))
}

describe.skipIf(olderThan('6.1'))('a write', () => {
  test('does not wait where there is room', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      await Promise.all(range(0, 10).map((index) => commands.write(command(index))))
      expect(await drain(object)).toBe(10)
      expect(await take(received, 10)).toEqual(range(0, 10).map(command))
    }))

  test('waits for room, in the order of the calls, and lets nothing pass', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      const first = fill(commands)
      const settled: number[] = []
      const writes = range(first, first + 5).map((index) =>
        commands.write(command(index)).then(() => settled.push(index)),
      )
      expect(await waits(writes[0]!)).toBe(true)
      object.globals.stop_after = 2
      expect(await drain(object)).toBe(2)
      // The kernel has room again, and others wait for it.
      expect([commands.submit(command(0)), commands.reserve(), commands.submitMany([command(0)])]).toEqual([
        false,
        undefined,
        0,
      ])
      await Promise.all(writes.slice(0, 2))
      expect(settled).toEqual([first, first + 1])
      expect(await waits(writes[2]!)).toBe(true)
      object.globals.stop_after = 0
      expect(await drainWhile(object, Promise.all(writes))).toBe(COMMANDS + 3)
      expect(await take(received, first + 5)).toEqual(range(0, first + 5).map(command))
      expect(commands.submit(command(0))).toBe(true)
    }))

  test('is the back-pressure of a loop', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      const total = 3000
      let written = 0
      const writing = (async () => {
        for (; written < total; written++) await commands.write(command(written))
      })()
      let seen = 0
      while (seen < total) {
        await until('the ring is full or all is written', () => written === total || commands.pending > 4096 - 40)
        expect(written).toBeLessThanOrEqual(seen + COMMANDS)
        const count = await drain(object)
        expect(await take(received, count)).toEqual(range(seen, seen + count).map(command))
        seen += count
      }
      await writing
    }))

  test('ends though the program wakes nobody', () =>
    withUserRing(async (object) => {
      const { commands } = object.maps
      object.globals.flags = NO_WAKEUP
      const first = fill(commands)
      const written = commands.write(command(first))
      expect(await waits(written)).toBe(true)
      expect(await drainWhile(object, written)).toBe(COMMANDS + 1)
    }))

  test('keeps what the record was when it was called', () =>
    withUserRing(async ({ maps: { untyped, blocks }, programs }) => {
      untyped.submit(new Uint8Array(4088).fill(0xff, 0, 2))
      const bytes = Uint8Array.of(4, 0, 0, 0)
      const written = untyped.write(bytes)
      bytes.fill(9)
      await programs.drain_untyped.testRun()
      await written
      await programs.drain_untyped.testRun()
      expect((await take(blocks, 2))[1]).toEqual({ length: 4, sum: 4, exact: 1 })
    }))

  test('that waits for much room does not burn a core while there is some', () =>
    withUserRing(async ({ maps: { untyped }, programs, globals }) => {
      // 2040 bytes and a header, twice: less than 2040 are free once one is taken.
      const half = new Uint8Array(2040)
      expect([untyped.submit(half), untyped.submit(half.subarray(0, 2000))]).toEqual([true, true])
      const written = untyped.write(new Uint8Array(4000))
      globals.stop_after = 1
      await programs.drain_untyped.testRun()
      expect(globals.drained).toBe(1n)
      const { loopCount } = performance.nodeTiming.uvMetricsInfo
      await sleep(400)
      // It looks each 10 ms; told of the room again and again, the loop would turn thousands of times.
      expect(performance.nodeTiming.uvMetricsInfo.loopCount - loopCount).toBeLessThan(300)
      await programs.drain_untyped.testRun()
      await written
    }))

  test('is given up by its signal, and the next one takes its place', () =>
    withUserRing(async (object) => {
      const { commands, received, untyped } = object.maps
      const first = fill(commands)
      const controller = new AbortController()
      const given = commands.write(command(1000), { signal: controller.signal })
      const kept = commands.write(command(first))
      const reason = new Error('enough')
      controller.abort(reason)
      expect(await rejection(given)).toBe(reason)
      expect(await rejection(commands.write(command(1001), { signal: controller.signal }))).toBe(reason)
      expect(await drainWhile(object, kept)).toBe(first + 1)
      expect((await take(received, first + 1)).at(-1)).toEqual(command(first))

      // The one behind is shorter: there is room for it at once.
      untyped.submit(new Uint8Array(2000))
      const long = untyped.write(new Uint8Array(4000), { signal: AbortSignal.timeout(20) })
      const short = untyped.write(new Uint8Array(100))
      expect(await rejection(long)).toMatchObject({ name: 'TimeoutError' })
      await short
    }))

  test('leaves no listener with a signal that is used for many', () =>
    withUserRing(async (object) => {
      const { commands } = object.maps
      const { signal } = new AbortController()
      const warnings: Error[] = []
      const listen = (warning: Error): number => warnings.push(warning)
      process.on('warning', listen)
      for (let round = 0; round < 20; round++) {
        fill(commands)
        const written = commands.write(command(1), { signal })
        await drain(object)
        await written
      }
      await sleep(1)
      process.off('warning', listen)
      expect(warnings).toEqual([])
    }))

  test('rejects when the ring is closed', () =>
    withUserRing(async (object) => {
      const { commands } = object.maps
      fill(commands)
      const writes = [commands.write(command(1)), commands.raw().write(new Uint8Array(32))]
      const ended = Promise.all(writes.map((write) => rejection(write)))
      commands.close()
      const closed = expect.objectContaining({
        code: 'ERR_EBPF_CLOSED',
        message: expect.stringContaining("user ring 'commands' is closed"),
      })
      expect(await ended).toEqual([closed, closed])
      expect(await rejection(commands.write(command(2)))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
      expect(binding.liveHandles().userRing).toBe(0)
    }))

  test('rejects when the object is closed', async () => {
    const ended = await withUserRing(({ maps: { commands } }) => {
      fill(commands)
      return [rejection(commands.write(command(1)))]
    })
    expect(await ended[0]).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })
})

describe.skipIf(olderThan('6.1'))('streams', () => {
  test('of Node wait for room', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      const total = 500
      const piped = pipeline(Readable.from(range(0, total).map(command)), commands.writable())
      let seen = 0
      while (seen < total) {
        const count = await drain(object)
        expect(await take(received, count)).toEqual(range(seen, seen + count).map(command))
        seen += count
        await new Promise(setImmediate)
      }
      await piped
      expect(commands.pending).toBe(0)
    }))

  test('of Node fail with a record that is none, and drop what waits when they are destroyed', () =>
    withUserRing(async (object) => {
      const { commands } = object.maps
      const failed = await rejection(pipeline(Readable.from([command(0), { sequence: 1n }]), commands.writable()))
      expect(failed).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
      expect(await drain(object)).toBe(1)

      fill(commands)
      const writable = commands.writable()
      writable.write(command(7))
      await sleep(1)
      writable.destroy()
      await until(
        'nothing waits',
        () => commands.submit(command(0)) || drain(object).then((count) => count === COMMANDS),
      )
      expect(commands.submit(command(8))).toBe(true)
    }))

  test('of the web wait for room, and drop what waits when they are aborted', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      const total = 300
      const piped = ReadableStream.from(range(0, total).map(command)).pipeTo(commands.web())
      let seen = 0
      while (seen < total) {
        const count = await drain(object)
        expect(await take(received, count)).toEqual(range(seen, seen + count).map(command))
        seen += count
        await new Promise(setImmediate)
      }
      await piped

      fill(commands)
      const writer = commands.web().getWriter()
      const writing = rejection(writer.write(command(7)))
      await sleep(1)
      await writer.abort(new Error('enough'))
      expect(await writing).toMatchObject({ message: 'enough' })
      expect(await drain(object)).toBe(COMMANDS)
      expect(commands.submit(command(8))).toBe(true)
    }))
})

describe.skipIf(olderThan('6.1'))('a process', () => {
  const source = (end: string): string => `
    import { loadObject } from ${JSON.stringify(builtPackage())}
    const object = await loadObject(new URL(${JSON.stringify(fixture('user-ring').href)}))
    const { commands } = object.maps
    while (commands.submit({ sequence: 0, kind: 0, text: '' }));
    ${end}`

  test('that has nothing to wait for ends, with records in the ring', async () => {
    expect(await run(source(''))).toMatchObject({ code: 0, stderr: '' })
  })

  test('is kept running by a write that waits, until it is there', async () => {
    const ended = await run(
      source(`
        commands.write({ sequence: 1, kind: 1, text: '' }).then(() => console.log('written'))
        setTimeout(() => object.programs.drain_commands.testRun(), 50)`),
    )
    expect(ended).toMatchObject({ code: 0, stdout: 'written\n', stderr: '' })
  })

  test('is told of a reservation that nobody can submit any more, and the program goes on behind it', async () => {
    const ended = await run(
      source(`
        await object.programs.drain_commands.testRun()
        commands.reserve()
        commands.submit({ sequence: 1, kind: 1, text: '' })
        for (let turn = 0; commands.pending > 0 && turn < 100; turn++) {
          gc()
          await new Promise((resolve) => setTimeout(resolve, 10))
          await object.programs.drain_commands.testRun()
        }
        console.log(commands.pending)
        await object.close()`),
      { flags: ['--expose-gc'] },
    )
    expect(ended).toMatchObject({
      code: 0,
      stdout: '0\n',
      stderr: expect.stringMatching(/reservation in user ring 'commands' was garbage-collected/),
    })
  })

  test('has one producer of a ring, which ends with its thread', async () => {
    await withUserRing(async (object) => {
      const { commands } = object.maps
      const { worker, message } = await TestWorker.start<string>(`
        const { UserRingBuffer } = await import(${JSON.stringify(builtPackage())})
        const ring = openMap({ id: ${commands.id} }, UserRingBuffer)
        while (ring.submit(new Uint8Array(32)));
        ring.write(new Uint8Array(32)).catch(() => {})
        parentPort.postMessage('full')
        setInterval(() => {}, 1000)`)
      expect(message).toBe('full')
      const busy = expect.objectContaining({ code: 'ERR_EBPF_BUSY', map: 'commands' })
      expect(() => commands.submit(command(1))).toThrowError(busy)
      await worker.terminate()
      expect(await drain(object)).toBe(COMMANDS)
      expect(commands.submit(command(1))).toBe(true)
    })
  })

  test('that ends gives up what it has reserved', async () => {
    await withUserRing(async (object) => {
      const { commands, received } = object.maps
      const { worker } = await TestWorker.start<string>(`
        const { UserRingBuffer } = await import(${JSON.stringify(builtPackage())})
        const ring = openMap({ id: ${commands.id} }, UserRingBuffer)
        const reservations = [ring.reserve(32), ring.reserve(32)]
        parentPort.postMessage('reserved')
        setInterval(() => reservations, 1000)`)
      expect(await drain(object)).toBe(0)
      await worker.terminate()
      expect(commands.submit(command(5))).toBe(true)
      expect(await drain(object)).toBe(1)
      expect(await take(received, 1)).toEqual([command(5)])
    })
  })

  test('has another producer when the first one was closed', () =>
    withUserRing(async (object) => {
      const { commands } = object.maps
      using other = openMap({ id: commands.id }, UserRingBuffer<Uint8Array>)
      expect(other.submit(new Uint8Array(32))).toBe(true)
      expect([commands.pending, other.pending]).toEqual([40, 40])
      expect(() => commands.reserve()).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_BUSY' }))
      expect(await rejection(commands.write(command(1)))).toMatchObject({ code: 'ERR_EBPF_BUSY' })
      other.close()
      expect(commands.submit(command(1))).toBe(true)
      expect(await drain(object)).toBe(2)
    }))
})
