/** User rings and what they must not take: nothing of it may crash, nor stop a ring for ever. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { type UserRingBuffer, createMap, struct, u32, u64 } from '../../lib/index.ts'
import { loadObject } from '../../lib/object-spec.ts'
import { refuses } from '../support/bad-input.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { take } from '../support/ring.ts'
import { type UserRingObject, command, drain, fill, withUserRing } from '../support/user-ring.ts'

type Any = UserRingBuffer<never>

const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
const RANGE = 'ERR_EBPF_OUT_OF_RANGE'

describe.skipIf(olderThan('6.1'))('records that are none', () => {
  let object: UserRingObject
  beforeAll(async () => {
    object = await loadObject(fixture('user-ring'))
    // The ring is opened at its first use, and stays open.
    for (const name of ['commands', 'requests', 'untyped'] as const) object.maps[name].reserve(8)?.discard()
  })
  afterAll(async () => await object.close())
  const commands = (): Any => object.maps.commands as Any
  const requests = (): Any => object.maps.requests as Any
  const untyped = (): Any => object.maps.untyped as Any

  refuses([
    { name: 'nothing', act: () => commands().submit(undefined as never), code: INVALID },
    { name: 'a number', act: () => commands().submit(5 as never), code: INVALID, message: /commands/ },
    {
      name: 'a field too few',
      act: () => commands().submit({ sequence: 1, kind: 2 } as never),
      code: INVALID,
      message: /text/,
    },
    {
      name: 'a field too many',
      act: () => commands().submit({ ...command(1), more: 1 } as never),
      code: INVALID,
      message: /more/,
    },
    {
      name: 'a number that does not fit',
      act: () => commands().submit({ ...command(1), kind: 2 ** 32 } as never),
      code: RANGE,
      message: /commands\.kind/,
    },
    {
      name: 'a text that is too long',
      act: () => commands().write({ ...command(1), text: 'x'.repeat(17) } as never),
      code: RANGE,
    },
    { name: 'bytes of another length', act: () => commands().submit(new Uint8Array(31) as never), code: RANGE },
    { name: 'no bytes where there is no type', act: () => untyped().submit({} as never), code: INVALID },
    { name: 'other arrays', act: () => untyped().write(new Uint16Array(2) as never), code: INVALID },
    {
      name: 'a detached array',
      act: () => {
        const bytes = new Uint8Array(8)
        structuredClone(bytes, { transfer: [bytes.buffer] })
        return untyped().submit(bytes as never)
      },
      code: INVALID,
      message: /transferred/,
    },
    {
      name: 'an unknown tag',
      act: () => requests().submit({ kind: 'drop', pid: 1 } as never),
      code: INVALID,
      message: /'watch', 'rename'/,
    },
    { name: 'no tag', act: () => requests().submit({ pid: 1 } as never), code: INVALID },
    {
      name: 'a field of another type',
      act: () => requests().submit({ kind: 'watch', pid: 1, name: 'x' } as never),
      code: INVALID,
    },
    { name: 'a union of other bytes', act: () => requests().submit(new Uint8Array(8) as never), code: RANGE },
    { name: 'null for a union', act: () => requests().submit(null as never), code: INVALID },
    {
      name: 'one that is larger than the ring',
      act: () => untyped().submit(new Uint8Array(4089) as never),
      code: RANGE,
      message: /4089 bytes.*'untyped'.*at most 4088/,
    },
    {
      name: 'one that is larger than the ring, to wait for',
      act: () => untyped().write(new Uint8Array(4089) as never),
      code: RANGE,
    },
    { name: 'a reservation that is larger than the ring', act: () => untyped().reserve(4089), code: RANGE },
    { name: 'a reservation of all memory', act: () => untyped().reserve(0xffff_ffff), code: RANGE },
    { name: 'a reservation of less than nothing', act: () => commands().reserve(-1), code: RANGE },
    { name: 'a reservation of a half', act: () => commands().reserve(1.5), code: INVALID },
    { name: 'a reservation of NaN', act: () => commands().reserve(Number.NaN), code: INVALID },
    {
      name: 'a reservation of an unknown length',
      act: () => untyped().reserve(),
      code: INVALID,
      message: /bytes is missing.*untyped/,
    },
    { name: 'no list', act: () => commands().submitMany(5 as never), code: INVALID },
    { name: 'no list at all', act: () => commands().submitMany(undefined as never), code: INVALID },
    { name: 'options that are none', act: () => commands().write(command(1) as never, 5 as never), code: INVALID },
    { name: 'null as options', act: () => commands().write(command(1) as never, null as never), code: INVALID },
    {
      name: 'a signal that is none',
      act: () => commands().write(command(1) as never, { signal: {} as never }),
      code: INVALID,
      message: /signal/,
    },
    {
      name: 'a type that the object does not have',
      act: () => untyped().as('nosuch'),
      code: 'ERR_EBPF_UNKNOWN_NAME',
      message: /EBPF_USER_RINGBUF\(untyped, .*struct nosuch/,
    },
  ])

  test('tell how many of a list were submitted before', async () => {
    const records = [command(1), command(2), { sequence: 3 }, command(4)]
    const failing = expect.objectContaining({ code: INVALID, done: 2 })
    expect(() => commands().submitMany(records as never)).toThrowError(failing)
    expect(await drain(object)).toBe(2)
    expect(await take(object.maps.received, 2)).toEqual([command(1), command(2)])
  })
})

describe.skipIf(olderThan('6.1'))('a small ring', () => {
  test('refuses a type that can never be in it', () => {
    const record = struct({ data: u64, more: struct({ a: u64, b: u64 }) })
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096, record })
    expect(ring.submit({ data: 1, more: { a: 2, b: 3 } })).toBe(true)
    const bytes = struct(Object.fromEntries(Array.from({ length: 1024 }, (_, index) => [`f${index}`, u32] as const)))
    using large = createMap({ type: 'user_ringbuf', maxEntries: 4096, record: bytes })
    const value = Object.fromEntries(Array.from({ length: 1024 }, (_, index) => [`f${index}`, index]))
    const refusal = expect.objectContaining({ code: RANGE, message: expect.stringMatching(/4096 bytes.*at most 4088/) })
    expect(() => large.submit(value as never)).toThrowError(refusal)
    expect(() => large.reserve()).toThrowError(refusal)
    expect(large.pending).toBe(0)
  })

  test('of another size than the kernel takes is refused', () => {
    for (const maxEntries of [1, 4095, 3 * 4096]) {
      expect(() => createMap({ type: 'user_ringbuf', maxEntries })).toThrowError(
        expect.objectContaining({ code: 'EINVAL', message: expect.stringContaining('power of two') }),
      )
    }
  })
})

describe.skipIf(olderThan('6.1'))('a large ring', () => {
  test('takes no record at which a program would stop for ever', () => {
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 32 << 20 })
    const longest = new Uint8Array(2 ** 24 - 1)
    expect(ring.submit(longest)).toBe(true)
    const refusal = expect.objectContaining({ code: RANGE, message: expect.stringContaining('at most 16777215') })
    expect(() => ring.submit(new Uint8Array(2 ** 24))).toThrowError(refusal)
    expect(() => ring.reserve(2 ** 24)).toThrowError(refusal)
    expect(ring.pending).toBe(2 ** 24 + 8)
  })
})

describe.skipIf(olderThan('6.1'))('a reservation', () => {
  test('is submitted or discarded once', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      const submitted = commands.reserve()!
      submitted.submit(command(1))
      const closed = expect.objectContaining({ code: 'ERR_EBPF_CLOSED', map: 'commands' })
      expect(() => submitted.submit(command(2))).toThrowError(closed)
      expect(() => submitted.submit()).toThrowError(closed)
      submitted.bytes.fill(0xff)
      submitted.discard()
      const discarded = commands.reserve()!
      discarded.discard()
      discarded.discard()
      expect(() => discarded.submit(command(3))).toThrowError(closed)
      expect(await drain(object)).toBe(1)
      expect(await take(received, 1)).toEqual([command(1)])
      expect(commands.pending).toBe(0)
    }))

  test('stays one when a record is refused', () =>
    withUserRing(async (object) => {
      const { commands, untyped } = object.maps
      const reservation = commands.reserve()!
      expect(() => reservation.submit({} as never)).toThrowError(expect.objectContaining({ code: INVALID }))
      expect(reservation.closed).toBe(false)
      reservation.submit(command(1))
      expect(await drain(object)).toBe(1)
      const short = untyped.reserve(4)!
      expect(() => short.submit(new Uint8Array(5))).toThrowError(expect.objectContaining({ code: RANGE }))
      const shorter = commands.reserve(31)!
      expect(() => shorter.submit(command(1))).toThrowError(
        expect.objectContaining({ message: expect.stringMatching(/32 bytes.*31/) }),
      )
    }))

  test('whose memory was given away cannot be submitted', () =>
    withUserRing(async ({ maps: { untyped, commands } }) => {
      for (const reservation of [untyped.reserve(16)!, commands.reserve()!]) {
        structuredClone(reservation.bytes, { transfer: [reservation.bytes.buffer] })
        expect(() => reservation.submit()).toThrowError(expect.objectContaining({ code: INVALID }))
        reservation.discard()
      }
      const reservation = commands.reserve()!
      structuredClone(reservation.bytes, { transfer: [reservation.bytes.buffer] })
      expect(() => reservation.submit(command(1))).toThrowError(expect.objectContaining({ code: RANGE }))
      reservation.discard()
    }))

  test('survives a getter that submits it', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      const reservation = commands.reserve()!
      const record = {
        ...command(1),
        get kind() {
          reservation.submit(command(2))
          return 1
        },
      }
      expect(() => reservation.submit(record)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
      expect(await drain(object)).toBe(1)
      expect(await take(received, 1)).toEqual([command(2)])
    }))
})

describe.skipIf(olderThan('6.1'))('a ring', () => {
  test('that is frozen says so', () => {
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096 })
    ring.freeze()
    expect(ring.pending).toBe(0)
    expect(() => ring.submit(Uint8Array.of(1))).toThrowError(
      expect.objectContaining({ code: 'EPERM', message: expect.stringContaining('frozen') }),
    )
    expect(binding.liveHandles().userRing).toBe(0)
  })

  test('that is written to cannot be frozen', () => {
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096 })
    ring.submit(Uint8Array.of(1))
    expect(() => ring.freeze()).toThrowError(expect.objectContaining({ code: 'EBUSY' }))
  })

  test('that is closed is closed for all', () =>
    withUserRing(async ({ maps: { commands } }) => {
      const producer = commands.raw()
      const writable = commands.writable()
      commands.submit(command(1))
      commands.close()
      commands.close()
      const closed = expect.objectContaining({ code: 'ERR_EBPF_CLOSED' })
      const acts: (() => unknown)[] = [
        () => commands.submit(command(1)),
        () => commands.submitMany([command(1)]),
        () => commands.reserve(),
        () => commands.pending,
        () => commands.as('command'),
        () => commands.raw(),
        () => producer.submit(new Uint8Array(32)),
        () => producer.reserve(32),
      ]
      for (const act of acts) expect(act).toThrowError(closed)
      await expect(producer.write(new Uint8Array(32))).rejects.toThrowError(closed)
      const failed = new Promise((resolve) => writable.on('error', resolve))
      writable.write(command(1))
      expect(await failed).toEqual(closed)
    }))

  test('whose callback stops early keeps the rest', () =>
    withUserRing(async (object) => {
      const { commands, received } = object.maps
      object.globals.stop_after = 3
      expect(fill(commands)).toBe(102)
      for (let round = 0; round < 34; round++) expect(await drain(object)).toBe(3)
      expect(await drain(object)).toBe(0)
      expect((await take(received, 102)).map(({ sequence }) => Number(sequence))).toEqual([...Array(102).keys()])
    }))

  test('that no program drains stays full, and its writes wait until they are given up', () => {
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096 })
    while (ring.submit(new Uint8Array(100)));
    const { signal } = new AbortController()
    const ended = expect(ring.write(new Uint8Array(100), { signal })).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    ring.close()
    return ended
  })
})
