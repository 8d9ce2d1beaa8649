/** Hash, LRU hash and array maps: what one entry can go through, and what many can. */
import { describe, expect, it } from 'vitest'
import { ArrayMap, HashMap, LruHashMap, createMap, struct, u32, u64 } from '../../lib/index.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'
import { olderThan } from '../support/kernel-features.ts'

/** A map of its own for each test. */
function hash(maxEntries: number = 16): HashMap<number, bigint> {
  return createMap({ type: 'hash', key: u32, value: u64, maxEntries })
}

describe('what a program and JavaScript share', () => {
  it('is read as the program wrote it', () =>
    withObject('maps', async (object) => {
      const { counts, flows, recent, slots } = object.maps
      await run(object, 'fill_maps')
      const traffic = { bytes: (1n << 53n) + 1n, packets: 3, comm: 'curl' }
      expect(counts.get(5)).toBe(1n << 63n)
      expect(flows.get({ address: 0x0a000001, port: 443, protocol: 6 })).toEqual(traffic)
      expect([...flows]).toEqual([[{ address: 0x0a000001, port: 443, protocol: 6 }, traffic]])
      expect(recent.get((1n << 64n) - 1n)).toBe(-1n)
      expect(slots.get(5)).toEqual(traffic)
      expect(slots.get(4)).toEqual({ bytes: 0n, packets: 0, comm: '' })
    }))

  it('is found by the program where JavaScript wrote it', () =>
    withObject('maps', async (object) => {
      const { counts, flows } = object.maps
      expect(await run(object, 'count_of_seven')).toBe(-1)
      counts.set(7, 1234n)
      expect(await run(object, 'count_of_seven')).toBe(1234)
      flows.set({ protocol: 17, port: 53, address: 0xc0a80101 }, { bytes: 0, packets: 21, comm: 'dig' })
      expect(await run(object, 'packets_of_flow')).toBe(21)
    }))

  it('has the class of its type', () =>
    withObject('maps', (object) => {
      expect(object.maps.counts).toBeInstanceOf(HashMap)
      expect(object.maps.recent).toBeInstanceOf(LruHashMap)
      expect(object.maps.recent).toBeInstanceOf(HashMap)
      expect(object.maps.slots).toBeInstanceOf(ArrayMap)
      expect(object.maps.slots).not.toBeInstanceOf(HashMap)
    }))

  it('is bytes where the declaration has no types', () =>
    withObject('maps', ({ maps: { untyped } }) => {
      const key = Uint8Array.of(1, 2, 3, 4, 5, 6)
      untyped.set(key, Uint8Array.of(9, 8, 7, 6, 5))
      expect([...untyped]).toEqual([[key, Uint8Array.of(9, 8, 7, 6, 5)]])
      expect(untyped.delete(key)).toBe(true)
    }))
})

describe('one entry of a hash', () => {
  it('is not there, then there, then changed, then gone', () => {
    using map = hash()
    expect(map.get(1)).toBeUndefined()
    expect(map.has(1)).toBe(false)
    expect(map.delete(1)).toBe(false)
    expect(map.set(1, 10n)).toBe(true)
    expect(map.get(1)).toBe(10n)
    expect(map.has(1)).toBe(true)
    expect(map.set(1, 11n)).toBe(true)
    expect(map.get(1)).toBe(11n)
    expect(map.delete(1)).toBe(true)
    expect(map.get(1)).toBeUndefined()
  })

  it('is written only under its condition', () => {
    using map = hash()
    expect(map.set(1, 1n, { if: 'present' })).toBe(false)
    expect(map.has(1)).toBe(false)
    expect(map.set(1, 2n, { if: 'absent' })).toBe(true)
    expect(map.set(1, 3n, { if: 'absent' })).toBe(false)
    expect(map.get(1)).toBe(2n)
    expect(map.set(1, 4n, { if: 'present' })).toBe(true)
    expect(map.get(1)).toBe(4n)
  })

  it.skipIf(!olderThan('5.14'))('cannot be taken', () => {
    using map = hash()
    map.set(1, 5n)
    expect(() => map.take(1)).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_KERNEL', message: expect.stringContaining('Linux 5.14') }),
    )
    expect(map.get(1)).toBe(5n)
  })

  it.skipIf(olderThan('5.14'))('is taken once', () => {
    using map = hash()
    map.set(1, 5n)
    expect(map.take(1)).toBe(5n)
    expect(map.take(1)).toBeUndefined()
    map.set(1, 6n)
    expect(map.take(1, { raw: true })).toEqual(Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0))
    expect(map.count()).toBe(0)
  })

  it('takes a number for a bigint, and a bigint for a number', () => {
    using map = hash()
    map.set(7n as unknown as number, (2 ** 40) as unknown as bigint)
    expect(map.get(7)).toBe(1n << 40n)
  })

  it('is refused when the map is full, and the others stay', () => {
    using map = hash(4)
    for (let key = 0; key < 4; key++) map.set(key, 1n)
    expect(() => map.set(4, 1n)).toThrowError(
      expect.objectContaining({
        code: 'E2BIG',
        errno: -7,
        map: 'hash',
        message: expect.stringContaining('holds 4 entries'),
      }),
    )
    expect(map.set(3, 2n), 'what is there can be changed').toBe(true)
    expect(map.count()).toBe(4)
  })
})

describe('many entries of a hash', () => {
  const entries = Array.from({ length: 10_000 }, (_, key): [number, bigint] => [key * 7, BigInt(key) << 32n])
  const sorted = (all: Iterable<readonly [unknown, bigint]>) =>
    [...all].sort(([a], [b]) => (a as number) - (b as number))

  it('are written, read, counted, deleted and drained in bulk', () => {
    using map = hash(10_000)
    map.setMany(entries)
    expect(map.count()).toBe(10_000)
    expect(sorted(map)).toEqual(entries)
    expect(map.getMany([7, 8, 69_993])).toEqual([1n << 32n, undefined, 9_999n << 32n])
    map.deleteMany([0, 1, 7, 14, 3])
    expect(map.count()).toBe(9_997)
    expect(sorted(map.drain())).toEqual(entries.slice(3))
    expect(map.count()).toBe(0)
    expect(map.drain()).toEqual([])
  })

  it('come by every way of iterating', () => {
    using map = hash(64)
    const few = entries.slice(0, 40)
    map.setMany(new Map(few))
    const seen: [unknown, bigint][] = []
    map.forEach((value, key, self) => {
      expect(self).toBe(map)
      seen.push([key, value])
    })
    expect(sorted(seen)).toEqual(few)
    expect(sorted(map.entries())).toEqual(few)
    expect(new Set(map.keys())).toEqual(new Set(few.map(([key]) => key)))
    expect(new Set(map.values())).toEqual(new Set(few.map(([, value]) => value)))
    const raw = [...map.entries({ raw: true })].map(
      ([key, value]) => [Buffer.from(key).readUInt32LE(), Buffer.from(value).readBigUInt64LE()] as const,
    )
    expect(sorted(raw)).toEqual(few)
    expect([...map.keys({ raw: true })].every((key) => key.length === 4)).toBe(true)
    expect([...map.values({ raw: true })].every((value) => value.length === 8)).toBe(true)
  })

  it('are all cleared', () => {
    using map = hash(10_000)
    map.setMany(entries)
    map.clear()
    expect([...map]).toEqual([])
    map.clear()
  })

  it('that do not fit say how many were done', () => {
    using map = hash(100)
    expect(() => map.setMany(entries)).toThrowError(
      expect.objectContaining({ code: 'E2BIG', hint: expect.stringContaining('100 entries were done') }),
    )
    expect(map.count()).toBe(100)
  })

  it('change nothing of their chunk when one of them is bad', () => {
    using map = hash(100)
    const bad = [...entries.slice(0, 5), [1, -1n] as [number, bigint]]
    expect(() => map.setMany(bad)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
    expect(map.count()).toBe(0)
    map.set(1, 1n)
    expect(() => map.deleteMany([1, 2 ** 32])).toThrowError(RangeError)
    expect(map.count()).toBe(1)
  })

  it('may be none at all', () => {
    using map = hash()
    map.setMany([])
    map.deleteMany([])
    expect(map.getMany([])).toEqual([])
    expect([...map]).toEqual([])
  })

  it('are written from a generator that reads the same map', () => {
    using source = hash(64)
    source.setMany(entries.slice(0, 50))
    source.setMany(
      (function* () {
        for (const [key, value] of source) yield [key, value + 1n] as [number, bigint]
      })(),
    )
    expect(sorted(source)).toEqual(entries.slice(0, 50).map(([key, value]) => [key, value + 1n]))
  })
})

describe('an LRU hash', () => {
  it('drops old entries rather than refuse new ones', () => {
    using map = createMap({ type: 'lru_hash', key: u32, value: u32, maxEntries: 128 })
    for (let key = 0; key < 1000; key++) map.set(key, key)
    expect(map.count()).toBeLessThanOrEqual(128)
    expect(map.count()).toBeGreaterThan(0)
    for (const [key, value] of map) expect(value).toBe(key)
    if (!olderThan('5.14')) expect(map.take(999)).toBe(999)
    map.clear()
    expect(map.count()).toBe(0)
  })
})

describe('an array', () => {
  const make = () => createMap({ type: 'array', value: struct({ a: u32, b: u64 }), maxEntries: 10 })

  it('is full of zeros at first', () => {
    using map = make()
    expect(map.length).toBe(10)
    expect(map.count()).toBe(10)
    expect([...map]).toEqual(Array.from({ length: 10 }, (_, index) => [index, { a: 0, b: 0n }]))
  })

  it('has what was set, in order', () => {
    using map = make()
    map.setMany([
      [9, { a: 9, b: 90n }],
      [0, { a: 1, b: 10n }],
    ])
    map.set(3, { a: 3, b: 30n })
    expect([...map.values()].map(({ a }) => a)).toEqual([1, 0, 0, 3, 0, 0, 0, 0, 0, 9])
    expect([...map.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(map.has(3)).toBe(true)
    expect(map.set(3, { a: 4, b: 0n }, { if: 'present' })).toBe(true)
    expect(map.set(3, { a: 5, b: 0n }, { if: 'absent' })).toBe(false)
    expect(map.get(3)).toEqual({ a: 4, b: 0n })
  })

  it('ends at its length', () => {
    using map = make()
    expect(map.get(10)).toBeUndefined()
    expect(map.has(10)).toBe(false)
    expect(() => map.set(10, { a: 0, b: 0n })).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE', message: expect.stringContaining('10 entries') }),
    )
    expect(() => map.get(-1)).toThrowError(RangeError)
    expect(() => map.get(1.5)).toThrowError(RangeError)
  })

  it('lets nothing be deleted', () => {
    using map = make()
    for (const method of ['delete', 'take', 'clear', 'drain', 'deleteMany']) expect(map).not.toHaveProperty(method)
  })
})

describe('conditions', () => {
  it('that do not exist are refused', () => {
    using map = hash()
    const options = { if: 'maybe' } as unknown as { if: 'absent' }
    expect(() => map.set(1, 1n, options)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }))
    expect(map.count()).toBe(0)
  })
})
