/** Records that JavaScript gives to programs: how they come out of bpf_user_ringbuf_drain(). */
import { describe, expect, test } from 'vitest'
import { RecordProducer, UserRingBuffer, char, createMap, openMap, struct, u32, u64 } from '../../lib/index.ts'
import { loadObject } from '../../lib/object-spec.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { range, take } from '../support/ring.ts'
import { COMMANDS, COMMAND_SPACE, type Command, command, drain, fill, withUserRing } from '../support/user-ring.ts'

describe.skipIf(olderThan('6.1'))('records', () => {
  test('come to the program as they were given, in order', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      expect(commands).toBeInstanceOf(UserRingBuffer)
      expect([commands.typed, commands.size, commands.pending]).toEqual([true, 4096, 0])
      for (let index = 0; index < 5; index++) expect(commands.submit(command(index))).toBe(true)
      expect(commands.pending).toBe(5 * COMMAND_SPACE)
      expect(await drain(object)).toBe(5)
      expect(commands.pending).toBe(0)
      expect(await take(received, 5)).toEqual(range(0, 5).map(command))
    }))

  test('are refused while the ring is full, and none is lost', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      expect(fill(commands)).toBe(COMMANDS)
      expect(commands.pending).toBe(COMMANDS * COMMAND_SPACE)
      expect(commands.submit(command(0))).toBe(false)
      object.globals.stop_after = 1
      expect(await drain(object)).toBe(1)
      expect(commands.submit(command(COMMANDS))).toBe(true)
      expect(commands.submit(command(COMMANDS + 1))).toBe(false)
      object.globals.stop_after = 0
      expect(await drain(object)).toBe(COMMANDS)
      expect(await take(received, COMMANDS + 1)).toEqual(range(0, COMMANDS + 1).map(command))
    }))

  test('are whole after many rounds, wherever the ring ends', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      // 102 records of 40 bytes leave 16 of the 4096, so each round begins elsewhere.
      for (let round = 0; round < 60; round++) {
        const first = round * COMMANDS
        expect(fill(commands, first)).toBe(COMMANDS)
        expect(await drain(object)).toBe(COMMANDS)
        expect(await take(received, COMMANDS)).toEqual(range(first, first + COMMANDS).map(command))
      }
    }))

  test('are submitted many at once, as many as fit', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      expect(commands.submitMany([])).toBe(0)
      expect(commands.submitMany(range(0, 10).map(command))).toBe(10)
      function* more(): Generator<Command> {
        for (let index = 10; ; index++) yield command(index)
      }
      expect(commands.submitMany(more())).toBe(COMMANDS - 10)
      await drain(object)
      expect(await take(received, COMMANDS)).toEqual(range(0, COMMANDS).map(command))
    }))

  test('of several types are told apart by their tag', () =>
    withUserRing(async ({ maps: { requests, received_requests }, programs, globals }) => {
      expect(requests.typed).toBe(true)
      requests.submit({ kind: 'rename', pid: 7, name: 'longer than four' })
      requests.submit({ kind: 'watch', pid: 8 })
      // As long as the longest, so that a program can read any.
      expect(requests.pending).toBe(2 * (8 + 24))
      const byNumber = { kind: 1, pid: 9 } as unknown as { kind: 'watch'; pid: number }
      const byEnumerator = { kind: 'REQUEST_WATCH', pid: 10 } as unknown as { kind: 'watch'; pid: number }
      expect([requests.submit(byNumber), requests.submit(byEnumerator)]).toEqual([true, true])
      await programs.drain_requests.testRun()
      expect(globals.drained).toBe(4n)
      const batch = (await received_requests.batches().next()).value
      expect(batch?.toArray()).toEqual([
        { kind: 'rename', pid: 7, name: 'longer than four' },
        { kind: 'watch', pid: 8 },
        { kind: 'watch', pid: 9 },
        { kind: 'watch', pid: 10 },
      ])
      // Nothing of the record before it is behind a shorter one.
      expect(batch?.bytes(1)).toEqual(Uint8Array.of(1, 0, 0, 0, 8, ...new Uint8Array(19)))
      received_requests.close()
    }))

  test('of any length are given as bytes', () =>
    withUserRing(async ({ maps: { untyped, blocks }, programs, globals }) => {
      expect(untyped.typed).toBe(false)
      const lengths = [4, 5, 7, 8, 9, 100, 255]
      for (const length of lengths)
        expect(untyped.submit(new Uint8Array(length).fill(1).fill(length, 0, 1).fill(0, 1, 4))).toBe(true)
      await programs.drain_untyped.testRun()
      expect(globals.drained).toBe(BigInt(lengths.length))
      expect(await take(blocks, lengths.length)).toEqual(
        lengths.map((length) => ({ length, sum: length + (length - 4), exact: 1 })),
      )
    }))

  test('can be empty, and can be as large as the ring less a header', () =>
    withUserRing(async ({ maps: { untyped, blocks }, programs, globals }) => {
      expect(untyped.submit(new Uint8Array())).toBe(true)
      expect(untyped.pending).toBe(8)
      await programs.drain_untyped.testRun()
      expect(globals.drained).toBe(1n)
      const large = new Uint8Array(4096 - 8)
      new DataView(large.buffer).setUint32(0, large.length, true)
      expect(untyped.submit(large)).toBe(true)
      expect([untyped.pending, untyped.submit(new Uint8Array())]).toEqual([4096, false])
      await programs.drain_untyped.testRun()
      expect((await take(blocks, 2)).map(({ length, exact }) => [length, exact])).toEqual([
        [0, 1],
        [large.length, 1],
      ])
    }))

  test('take another type, or bytes, where that is asked for', () =>
    withUserRing(async (object) => {
      const { commands, received, untyped } = object.maps
      const producer = untyped.as<Command>('command')
      expect(producer).toBeInstanceOf(RecordProducer)
      expect(producer.submit(command(3))).toBe(true)
      expect(untyped.pending).toBe(COMMAND_SPACE)
      const bytes = new Uint8Array(32)
      bytes[0] = 5
      expect([commands.raw().submit(bytes), commands.submit(bytes)]).toEqual([true, true])
      // Too short for the program's type: bpf_dynptr_data gives it nothing.
      expect(commands.raw().submit(Uint8Array.of(1))).toBe(true)
      expect(await drain(object)).toBe(3)
      expect(await take(received, 2)).toEqual(Array(2).fill({ sequence: 5n, kind: 0, text: '' }))
      expect(object.globals.calls).toBe(3)
      expect(received.stats().pending).toBe(0)
    }))

  test('have the types that a map was created with', () => {
    const record = struct({ sequence: u64, kind: u32, text: char(16) })
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096, record })
    expect(ring).toBeInstanceOf(UserRingBuffer)
    expect([ring.typed, ring.size]).toEqual([true, 4096])
    expect(ring.submit({ sequence: 1, kind: 2, text: 'abc' })).toBe(true)
    using untyped = createMap({ type: 'user_ringbuf', maxEntries: 8192 })
    expect([untyped.typed, untyped.size]).toEqual([false, 8192])
    expect([untyped.submit(Uint8Array.of(1)), untyped.pending]).toEqual([true, 16])
    using opened = openMap({ id: ring.id }, UserRingBuffer, { record })
    expect([opened.typed, opened.pending]).toEqual([true, COMMAND_SPACE])
  })

  test('reach a program whose ring was replaced by one that was created', async () => {
    const record = struct({ sequence: u64, kind: u32, text: char(16) })
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 64 * 1024, record })
    await using object = await loadObject(fixture('user-ring'), { maps: { commands: ring } })
    expect(ring.submitMany(range(0, 1000).map(command))).toBe(1000)
    await object.programs.drain_commands!.testRun()
    expect(object.globals.drained).toBe(1000n)
    expect(ring.pending).toBe(0)
  })
})

describe.skipIf(olderThan('6.1'))('a reservation', () => {
  test('holds the place of its record, and what comes behind it', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      const first = commands.reserve()
      const second = commands.reserve()
      expect(commands.submit(command(3))).toBe(true)
      expect(first?.bytes).toEqual(new Uint8Array(32))
      expect(commands.pending).toBe(3 * COMMAND_SPACE)
      second?.submit(command(2))
      expect(await drain(object)).toBe(0)
      first?.submit(command(1))
      expect([first?.closed, second?.closed]).toEqual([true, true])
      expect(await drain(object)).toBe(3)
      expect(await take(received, 3)).toEqual([1, 2, 3].map(command))
    }))

  test('that is discarded is skipped', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      commands.reserve()?.discard()
      {
        using reservation = commands.reserve()
        expect(reservation?.closed).toBe(false)
      }
      commands.submit(command(1))
      commands.reserve()?.discard()
      expect(await drain(object)).toBe(1)
      expect(commands.pending).toBe(0)
      expect(await take(received, 1)).toEqual([command(1)])
    }))

  test('takes bytes in place of a record, of any length where there is no type', () =>
    withUserRing(async ({ maps: { untyped, blocks }, programs }) => {
      const reservation = untyped.reserve(10)
      reservation?.bytes.set([10, 0, 0, 0, 1, 1, 1, 1, 1, 1])
      reservation?.submit()
      untyped.reserve(6)?.submit(Uint8Array.of(6, 0, 0, 0, 9))
      await programs.drain_untyped.testRun()
      expect(await take(blocks, 2)).toEqual([
        { length: 10, sum: 16, exact: 1 },
        { length: 6, sum: 15, exact: 1 },
      ])
    }))

  test('may be longer than the type', () =>
    withUserRing(async (object) => {
      const reservation = object.maps.commands.reserve(100)
      reservation?.bytes.fill(0xff, 32)
      reservation?.submit(command(4))
      expect(reservation?.bytes[99]).toBe(0xff)
      expect(await drain(object)).toBe(1)
      expect(await take(object.maps.received, 1)).toEqual([command(4)])
    }))

  test('is not to be had in a full ring', () =>
    withUserRing(async (object) => {
      const { commands } = object.maps
      const reserved = []
      for (let next = commands.reserve(); next !== undefined; next = commands.reserve()) reserved.push(next)
      expect(reserved).toHaveLength(COMMANDS)
      expect(commands.submit(command(0))).toBe(false)
      for (const reservation of reserved) reservation.discard()
      expect(await drain(object)).toBe(0)
      expect(commands.pending).toBe(0)
    }))

  test('of a ring that is closed is discarded, and its memory does no harm', () =>
    withUserRing(async (object) => {
      const { commands } = object.maps
      using other = openMap({ id: commands.id }, UserRingBuffer<Uint8Array>)
      commands.submit(command(1))
      const reservation = commands.reserve()
      commands.close()
      expect(reservation?.closed).toBe(true)
      reservation?.bytes.fill(0xff)
      expect(() => reservation?.submit()).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
      reservation?.discard()
      const bytes = new Uint8Array(32)
      expect(other.submit(bytes)).toBe(true)
      expect(await drain(object)).toBe(2)
      expect(other.pending).toBe(0)
    }))
})
