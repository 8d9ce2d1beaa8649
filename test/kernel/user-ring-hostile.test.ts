/** User rings in bad company: records whose getters do things, other processes that write into the ring. */
import { describe, expect, test } from 'vitest'
import { UserRingBuffer, createMap, openMap, struct, u32, u64 } from '../../lib/index.ts'
import { overwrite, positionPages } from '../support/hostile-ring.ts'
import { olderThan } from '../support/kernel-features.ts'
import { take } from '../support/ring.ts'
import { command, drain, withUserRing } from '../support/user-ring.ts'

type Any = UserRingBuffer<never>

describe.skipIf(olderThan('6.1'))('a getter of a record', () => {
  test('may close the ring', () =>
    withUserRing(async ({ maps }) => {
      for (const call of ['submit', 'write', 'reserve'] as const) {
        const ring = openMap({ id: maps.commands.id }, UserRingBuffer, {
          record: struct({ sequence: u64, kind: u32, more: u32 }),
        }) as Any
        const reservation = call === 'reserve' ? ring.reserve() : undefined
        const record = {
          sequence: 1,
          more: 1,
          get kind() {
            ring.close()
            return 1
          },
        } as never
        const act = async (): Promise<unknown> =>
          call === 'reserve' ? reservation?.submit(record) : await ring[call](record)
        await expect(act()).rejects.toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
      }
      // What was reserved was discarded.
      expect(maps.commands.pending).toBe(24)
    }))

  test('may submit to the same ring', () =>
    withUserRing(async (object) => {
      const { commands, received, requests, received_requests } = object.maps
      const record = {
        ...command(1),
        get kind() {
          commands.submit(command(2))
          return 1
        },
      }
      expect(commands.submit(record)).toBe(true)
      expect(await drain(object)).toBe(2)
      expect(await take(received, 2)).toEqual([command(2), { ...command(1), kind: 1 }])
      requests.submit({
        kind: 'watch',
        get pid() {
          requests.submit({ kind: 'rename', pid: 1, name: 'x'.repeat(16) })
          return 2
        },
      })
      await object.programs.drain_requests.testRun()
      const batch = (await received_requests.batches().next()).value!
      expect(batch.toArray()).toEqual([
        { kind: 'rename', pid: 1, name: 'x'.repeat(16) },
        { kind: 'watch', pid: 2 },
      ])
      expect(batch.bytes(1)?.subarray(8)).toEqual(new Uint8Array(16))
      received_requests.close()
    }))

  test('may say another tag the second time', () =>
    withUserRing(async ({ maps: { requests, received_requests }, programs }) => {
      let asked = 0
      const record = {
        get kind() {
          return asked++ === 0 ? 'watch' : 2
        },
        pid: 3,
      } as never
      expect(requests.submit(record)).toBe(true)
      await programs.drain_requests.testRun()
      expect(await take(received_requests, 1)).toEqual([{ kind: 'watch', pid: 3 }])
    }))

  test('may throw', () =>
    withUserRing(async ({ maps: { commands } }) => {
      const reason = new Error('no')
      const record = {
        ...command(1),
        get text(): string {
          throw reason
        },
      }
      expect(() => commands.submit(record)).toThrowError(reason)
      await expect(commands.write(record)).rejects.toBe(reason)
      expect(commands.pending).toBe(0)
    }))
})

describe.skipIf(olderThan('6.1'))('a ring', () => {
  test('cannot have its read position written by anybody in user space', () => {
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096 })
    const { consumer, producer } = positionPages(() => ring.submit(Uint8Array.of(1)))
    expect([consumer.permissions, producer.permissions]).toEqual(['r--s', 'rw-s'])
    expect(() => overwrite(consumer, 4096n)).toThrowError(expect.objectContaining({ code: 'EIO' }))
    expect(ring.pending).toBe(16)
  })

  test.each([
    ['odd', 12n],
    ['behind the read position', -8n],
    ['farther than the ring is long', 4104n],
    ['at the end of numbers', 2n ** 64n - 8n],
  ])('whose write position another process made %s says so, and harms nobody', (_, position) => {
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096 })
    const { producer } = positionPages(() => ring.submit(Uint8Array.of(1)))
    const reservation = ring.reserve(8)!
    overwrite(producer, position)
    const refusal = expect.objectContaining({ code: 'EIO', message: expect.stringContaining('Another process') })
    expect(() => ring.submit(Uint8Array.of(1))).toThrowError(refusal)
    expect(() => ring.reserve(4000)).toThrowError(refusal)
    expect(() => ring.pending).toThrowError(refusal)
    reservation.submit()
    overwrite(producer, 32n)
    expect([ring.pending, ring.submit(Uint8Array.of(1))]).toEqual([32, true])
  })

  test('whose write position another process set back gives no place twice', () => {
    using ring = createMap({ type: 'user_ringbuf', maxEntries: 4096 })
    const { producer } = positionPages(() => ring.reserve(8)?.discard())
    const reservation = ring.reserve(8)!
    overwrite(producer, 16n)
    expect(() => ring.reserve(8)).toThrowError(expect.objectContaining({ code: 'EIO' }))
    reservation.discard()
    expect(ring.reserve(8)?.closed).toBe(false)
  })
})
