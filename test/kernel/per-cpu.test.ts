import { describe, expect, it } from 'vitest'
import {
  type LoadOptions,
  LruPerCpuHashMap,
  PerCpuArrayMap,
  PerCpuHashMap,
  createMap,
  possibleCpus,
  struct,
  u32,
  u64,
} from '../../lib/index.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'
import { olderThan } from '../support/kernel-features.ts'

const cpus = possibleCpus()
const each = <T>(value: (cpu: number) => T): T[] => Array.from({ length: cpus }, (_, cpu) => value(cpu))

/** bpf_map_lookup_percpu_elem() is not in older kernels, so its users are loaded on demand. */
const withProgram = (name: string): LoadOptions => ({ programs: { [name]: { autoload: true } } })

describe('a per-CPU map', () => {
  it.skipIf(olderThan('5.19'))('has one value for each possible CPU, as the program wrote it', () =>
    withObject(
      'maps-per-cpu',
      async (object) => {
        const slots = object.map('slots', PerCpuArrayMap)
        expect(await run(object, 'fill_slot'), 'CPUs that the kernel knows').toBe(cpus)
        expect(slots.get(1)).toEqual(each((cpu) => ({ cpu, value: (1n << 60n) + BigInt(cpu) })))
        expect(slots.get(0)).toEqual(each(() => ({ cpu: 0, value: 0n })))
        expect([...slots]).toHaveLength(4)
      },
      withProgram('fill_slot'),
    ),
  )

  it.skipIf(olderThan('5.19'))(
    'is found by the program where JavaScript wrote it, also when the kernel rounds the values up',
    () =>
      withObject(
        'maps-per-cpu',
        async (object) => {
          const counts = object.map('counts', PerCpuHashMap)
          counts.set(
            9,
            each((cpu) => ({ a: cpu, b: 100, c: 1000 * (cpu + 1) })),
          )
          const expected = each((cpu) => cpu + 100 + 1000 * (cpu + 1)).reduce((sum, one) => sum + one, 0)
          expect(await run(object, 'sum_counts')).toBe(expected)
          expect(counts.get(9)).toEqual(each((cpu) => ({ a: cpu, b: 100, c: 1000 * (cpu + 1) })))
        },
        withProgram('sum_counts'),
      ),
  )

  it('takes and gives whole entries as bytes', () =>
    withObject('maps-per-cpu', async (object) => {
      const counts = object.map('counts', PerCpuHashMap)
      counts.set(
        1,
        each((cpu) => ({ a: cpu, b: 2, c: 3 })),
      )
      const raw = counts.get(1, { raw: true })!
      expect(raw).toHaveLength(16 * cpus)
      counts.set(2, raw)
      expect(counts.get(2)).toEqual(counts.get(1))
      expect(() => counts.set(3, raw.subarray(16))).toThrowError(
        expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }),
      )
      expect(counts.count()).toBe(2)
    }))

  it.each([
    ['percpu_hash', PerCpuHashMap],
    ['lru_percpu_hash', LruPerCpuHashMap],
  ] as const)('of type %s goes through the life of a hash', (type, expected) => {
    using map = createMap({ type: type as 'percpu_hash', key: u32, value: u64, maxEntries: 1024 })
    expect(map).toBeInstanceOf(expected)
    const value = each((cpu) => BigInt(cpu) + (1n << 60n))
    expect(map.get(1)).toBeUndefined()
    expect(map.set(1, value, { if: 'present' })).toBe(false)
    expect(map.set(1, value)).toBe(true)
    expect(map.get(1)).toEqual(value)
    map.setMany(Array.from({ length: 99 }, (_, key) => [key + 2, each(() => BigInt(key))] as const))
    expect(map.count()).toBe(100)
    expect(new Map(map).get(51)).toEqual(each(() => 49n))
    if (olderThan('5.14')) map.delete(1)
    else expect(map.take(1)).toEqual(value)
    expect(map.has(1)).toBe(false)
    expect(map.delete(2)).toBe(true)
    map.deleteMany([3, 4, 4])
    expect(map.drain()).toHaveLength(96)
    expect(map.count()).toBe(0)
  })

  it('of type percpu_array is zero at first and keeps its length', () => {
    using map = createMap({ type: 'percpu_array', value: struct({ a: u32 }), maxEntries: 5 })
    expect(map.length).toBe(5)
    expect([...map.values()]).toEqual(Array.from({ length: 5 }, () => each(() => ({ a: 0 }))))
    map.set(
      4,
      each((a) => ({ a })),
    )
    expect(map.get(4)).toEqual(each((a) => ({ a })))
    map.setMany([[0, each(() => ({ a: 7 }))]])
    expect(map.get(0)).toEqual(each(() => ({ a: 7 })))
  })

  it('refuses any other number of values, and leaves the entry as it was', () => {
    using map = createMap({ type: 'percpu_hash', key: u32, value: u32, maxEntries: 4 })
    map.set(
      1,
      each(() => 5),
    )
    const bad: unknown[] = [
      each(() => 6).slice(1),
      [...each(() => 6), 6],
      [],
      6,
      undefined,
      null,
      {},
      'text',
      [...each(() => 6).slice(1), -1],
      new Uint32Array(cpus + 1),
      // Bytes that lie about their number.
      Object.defineProperty(new Uint8Array(8 * cpus + 8), 'length', { value: 8 * cpus }),
      new Proxy(new Uint8Array(8 * cpus), {}),
    ]
    for (const value of bad) {
      expect(() => map.set(1, value as number[])).toThrowError(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_/) }),
      )
      expect(() => map.setMany([[1, value as number[]]])).toThrowError(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_/) }),
      )
    }
    expect(map.get(1)).toEqual(each(() => 5))
  })
})
