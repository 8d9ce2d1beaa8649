import { describe, expect, it } from 'vitest'
import {
  PerCpuArrayMap,
  array,
  char,
  createMap,
  log2Histogram,
  possibleCpus,
  struct,
  u32,
  u64,
} from '../../lib/index.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

const cpus = possibleCpus()
const each = <T>(value: (cpu: number) => T): T[] => Array.from({ length: cpus }, (_, cpu) => value(cpu))
const code = (expected: string) => expect.objectContaining({ code: expected })
const triangle = (cpus * (cpus - 1)) / 2

describe('a per-CPU map', () => {
  it('gives what programs wrote on all CPUs as one value', () => {
    // Programs reach the values of other CPUs since 5.19.
    const alone = olderThan('5.19')
    return withObject(
      'maps-per-cpu',
      async (object) => {
        const slots = object.map('slots', PerCpuArrayMap<{ cpu: number; value: bigint }>)
        if (alone)
          slots.set(
            1,
            each((cpu) => ({ cpu, value: (1n << 60n) + BigInt(cpu) })),
          )
        else await run(object, 'fill_slot')
        const value = (1n << 60n) * BigInt(cpus) + BigInt(triangle)
        expect(slots.sum(1)).toEqual({ cpu: triangle, value })
        expect(slots.min(1)).toEqual({ cpu: 0, value: 1n << 60n })
        expect(slots.max(1)).toEqual({ cpu: cpus - 1, value: (1n << 60n) + BigInt(cpus - 1) })
        expect([...slots.sums()].map(([index, sum]) => [index, sum.value])).toEqual([
          [0, 0n],
          [1, value],
          [2, 0n],
          [3, 0n],
        ])
      },
      alone ? {} : { programs: { fill_slot: { autoload: true } } },
    )
  })

  it.each(['percpu_hash', 'lru_percpu_hash'] as const)('of type %s has sums by key', (type) => {
    using map = createMap({ type: type as 'percpu_hash', key: char(8), value: u64, maxEntries: 16 })
    map.set(
      'a',
      each((cpu) => BigInt(cpu) + 2n ** 63n),
    )
    map.set(
      'b',
      each(() => 1n),
    )
    expect(map.sum('a')).toBe(2n ** 63n * BigInt(cpus) + BigInt(triangle))
    expect([map.min('a'), map.max('a')]).toEqual([2n ** 63n, 2n ** 63n + BigInt(cpus - 1)])
    expect([map.sum('none'), map.min('none'), map.max('none')]).toEqual([undefined, undefined, undefined])
    expect(new Map(map.sums()).get('b')).toBe(BigInt(cpus))
    expect(map.top(1)).toEqual([['a', map.get('a')]])
  })

  it('has no sum past its array, and none of text', () => {
    using numbers = createMap({ type: 'percpu_array', value: u32, maxEntries: 2 })
    expect(numbers.sum(2)).toBeUndefined()
    using texts = createMap({ type: 'percpu_array', value: struct({ name: char(4) }), maxEntries: 2 })
    expect(() => texts.sum(0)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    expect(() => texts.sum(0)).toThrowError("map 'percpu_array'.name")
    expect(() => [...texts.sums()]).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    expect(() => texts.top(1)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
  })

  it('that is closed has no sums', () => {
    const map = createMap({ type: 'percpu_array', value: u32, maxEntries: 2 })
    map.close()
    for (const call of [
      () => map.sum(0),
      () => map.min(0),
      () => map.max(0),
      () => [...map.sums()],
      () => map.top(1),
    ]) {
      expect(call).toThrowError(code('ERR_EBPF_CLOSED'))
    }
  })

  it('is a histogram, summed up over its CPUs', () => {
    using slots = createMap({ type: 'percpu_array', value: u64, maxEntries: 64 })
    slots.set(
      3,
      each(() => 2n),
    )
    slots.set(
      0,
      each((cpu) => BigInt(cpu)),
    )
    const { buckets } = log2Histogram(slots)
    expect(buckets.at(0)).toEqual({ low: 0n, high: 1n, count: BigInt(triangle) })
    expect(buckets.at(-1)).toEqual({ low: 8n, high: 15n, count: 2n * BigInt(cpus) })
  })
})

describe('the top of a map', () => {
  it('are its highest entries', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 20_000 })
    map.setMany(Array.from({ length: 10_000 }, (_, key) => [key, BigInt((key * 7919) % 10_007)] as const))
    const sorted = [...map].toSorted(([, a], [, b]) => Number(b - a))
    expect(map.top(5)).toEqual(sorted.slice(0, 5))
    expect(map.top(0)).toEqual([])
    expect(map.top(20_000)).toHaveLength(10_000)
    expect(map.top(1, (_value, key) => -(key as number))).toEqual([[0, 0n]])
  })

  it('are ranked by what the caller says, which structs need', () => {
    using map = createMap({ type: 'hash', key: u32, value: struct({ bytes: u64, packets: u32 }), maxEntries: 8 })
    map.set(1, { bytes: 5n, packets: 1 })
    map.set(2, { bytes: 9n, packets: 0 })
    expect(map.top(1, ({ bytes }) => bytes)[0]?.[0]).toBe(2)
    expect(map.top(1, ({ packets }) => packets)[0]?.[0]).toBe(1)
    expect(() => map.top(1)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    expect(() => map.top(-1)).toThrowError(code('ERR_EBPF_OUT_OF_RANGE'))
  })

  it('end with what the callback throws, and with the map when it closes it', () => {
    using map = createMap({ type: 'array', value: u64, maxEntries: 10_000 })
    const thrown = new Error('thrown')
    expect(() =>
      map.top(1, () => {
        throw thrown
      }),
    ).toThrowError(thrown)
    expect(() =>
      map.top(1, () => {
        map.close()
        return 0
      }),
    ).toThrowError(code('ERR_EBPF_CLOSED'))
  })
})

describe('a histogram', () => {
  it('is made of arrays, of hashes from slots to counts, and of views', () => {
    using slots = createMap({ type: 'array', value: u64, maxEntries: 8, flags: 1 << 10 })
    using counts = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 8 })
    slots.set(1, 4n)
    slots.set(5, 1n)
    counts.set(5, 1)
    counts.set(1, 4)
    const { buckets } = log2Histogram(slots)
    expect(buckets.map(({ low, count }) => [low, count])).toEqual([
      [0n, 0n],
      [2n, 4n],
      [4n, 0n],
      [8n, 0n],
      [16n, 0n],
      [32n, 1n],
    ])
    expect(log2Histogram(counts).buckets).toEqual(buckets)
    expect(log2Histogram(slots.view(BigUint64Array)).buckets).toEqual(buckets)
  })

  it('of structs with slots is made of one value', () => {
    using map = createMap({ type: 'hash', key: u32, value: struct({ slots: array(u32, 27) }), maxEntries: 8 })
    map.set(1, { slots: Array.from({ length: 27 }, (_, slot) => (slot < 3 ? 2 : 0)) })
    expect(log2Histogram(map.get(1)!.slots).total).toBe(6n)
    expect(() => log2Histogram(map)).toThrowError(/slots/)
  })

  it('refuses keys that are no slots', () => {
    using texts = createMap({ type: 'hash', key: char(4), value: u32, maxEntries: 8 })
    texts.set('a', 1)
    expect(() => log2Histogram(texts)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    using numbers = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 8 })
    numbers.set(64, 1)
    expect(() => log2Histogram(numbers)).toThrowError(code('ERR_EBPF_OUT_OF_RANGE'))
  })
})
