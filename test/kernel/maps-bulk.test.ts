/** Many entries at once: how many were done, what is kept when it fails half-way, and where the kernel has no batches. */
import { constants } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { HashMap, createMap, openMap, u32, u64 } from '../../lib/index.ts'
import { olderThan } from '../support/kernel-features.ts'

const { EINVAL, ENOMEM, EOPNOTSUPP } = constants.errno
const ENOTSUPP = 524

/** More than the entries of one batch. */
const ENTRIES = 10_000

afterEach(() => {
  vi.restoreAllMocks()
})

const pairs = (count: number): [number, number][] => Array.from({ length: count }, (_, key) => [key, key ^ 0x5555])

function filled(entries: number, maxEntries: number = 16_384): HashMap<number, number> {
  const map = createMap({ type: 'hash', key: u32, value: u32, maxEntries })
  map.setMany(pairs(entries))
  return map
}

const sorted = (entries: Iterable<readonly [unknown, unknown]>): [number, number][] =>
  [...(entries as Iterable<[number, number]>)].sort(([a], [b]) => a - b)

function caught(act: () => unknown): Error & { code: string; done?: number; drained?: [number, number][] } {
  try {
    act()
  } catch (error) {
    return error as Error & { code: string; done?: number }
  }
  throw new Error('it did not fail')
}

/** The kernel has no such call, and does nothing. */
function lacking(
  call: 'mapUpdateBatch' | 'mapDeleteBatch' | 'mapLookupAndDeleteBatch',
  status: number,
): { calls(): number } {
  const spy = vi.spyOn(binding, call).mockImplementation((...args: unknown[]) => {
    const control = args.find((arg) => arg instanceof Uint32Array) as Uint32Array
    control[0] = 0
    return status
  })
  return { calls: () => spy.mock.calls.length }
}

/** The kernel refuses from the `from`th batch call on. */
function failing(call: 'mapLookupAndDeleteBatch' | 'mapLookupBatch', from: number, status: number): void {
  const native = binding[call]
  let calls = 0
  vi.spyOn(binding, call).mockImplementation((...args) => {
    if (++calls < from) return native(...args)
    args[4][0] = 0
    return status
  })
}

describe('setMany', () => {
  it('says how many it wrote', () => {
    using map = filled(0)
    expect(map.setMany([])).toBe(0)
    expect(map.setMany(pairs(ENTRIES))).toBe(ENTRIES)
    expect(map.setMany(pairs(3))).toBe(3)
    expect(map.count()).toBe(ENTRIES)
  })

  it('writes only what is absent, or only what is present', () => {
    using map = filled(5000)
    expect(map.setMany([...pairs(5000), [7000, 1], [7001, 2], [7000, 3]], { if: 'absent' })).toBe(2)
    expect(map.get(7000)).toBe(1)
    expect(map.get(4999)).toBe(4999 ^ 0x5555)
    const changed = Array.from({ length: 9000 }, (_, key) => [key, 1] as const)
    expect(map.setMany(changed, { if: 'present' })).toBe(5002)
    expect(map.count()).toBe(5002)
    expect([...map.values()].every((value) => value === 1)).toBe(true)
    expect(() => map.setMany([[1, 1]], { if: 'sometimes' as never })).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }),
    )
  })

  it('says how many were done before a map is full', () => {
    using map = filled(0, 5000)
    const error = caught(() => map.setMany(pairs(6000)))
    expect(error).toMatchObject({ code: 'E2BIG', done: 5000 })
    expect(error.message).toContain('5000 entries were done')
    expect(map.count()).toBe(5000)
    expect(caught(() => map.setMany(pairs(6000), { if: 'absent' }))).toMatchObject({ code: 'E2BIG', done: 0 })
  })

  it('says how many were done before an index is outside of an array, and before a bad item', () => {
    using array = createMap({ type: 'array', value: u32, maxEntries: 10 })
    const outside = [
      [1, 1],
      [2, 2],
      [10, 3],
    ] as const
    expect(caught(() => array.setMany(outside))).toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE', done: 2 })
    using map = filled(0)
    const bad = [...pairs(5000), [1, -1] as [number, number]]
    expect(caught(() => map.setMany(bad))).toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE', done: 4096 })
    expect(map.count()).toBe(4096)
  })

  it('asks for a batch once where the kernel has none, and writes one entry by one call', () => {
    using map = filled(0)
    const batches = lacking('mapUpdateBatch', -ENOTSUPP)
    const single = vi.spyOn(binding, 'mapUpdate')
    expect(map.setMany(pairs(ENTRIES))).toBe(ENTRIES)
    expect(batches.calls()).toBe(1)
    expect(single).toHaveBeenCalledTimes(ENTRIES)
    expect(sorted(map)).toEqual(pairs(ENTRIES))
  })
})

describe('deleteMany', () => {
  it('says how many it deleted, and passes over what is not there without a second call', () => {
    using map = filled(100)
    const single = vi.spyOn(binding, 'mapDelete')
    expect(map.deleteMany([])).toBe(0)
    expect(map.deleteMany([1, 2, 2000, 3, 3, 3000, 99])).toBe(4)
    expect(map.count()).toBe(96)
    expect(map.deleteMany([1, 2, 3])).toBe(0)
    expect(single).not.toHaveBeenCalled()
  })

  it('counts the same where the kernel has no batches', () => {
    using map = filled(ENTRIES)
    const batches = lacking('mapDeleteBatch', -EOPNOTSUPP)
    expect(map.deleteMany(Array.from({ length: ENTRIES }, (_, index) => index * 2))).toBe(ENTRIES / 2)
    expect(batches.calls()).toBe(1)
    expect(map.count()).toBe(ENTRIES / 2)
  })
})

describe('drain', () => {
  it('gives what it took when a later batch fails', () => {
    using map = filled(ENTRIES)
    failing('mapLookupAndDeleteBatch', 3, -ENOMEM)
    const error = caught(() => map.drain())
    vi.restoreAllMocks()
    expect(error.code).toBe('ENOMEM')
    expect(error.done).toBeGreaterThan(0)
    expect(error.drained).toHaveLength(error.done as number)
    const rest = map.drain()
    expect(rest.length).toBeGreaterThan(0)
    expect(sorted([...(error.drained as [number, number][]), ...rest])).toEqual(pairs(ENTRIES))
  })

  it.skipIf(olderThan('5.14'))('takes entries one by one where the kernel has no batches', () => {
    using map = filled(1000)
    lacking('mapLookupAndDeleteBatch', -ENOTSUPP)
    expect(sorted(map.drain())).toEqual(pairs(1000))
    expect(map.count()).toBe(0)
    expect(map.drain()).toEqual([])
  })

  it.skipIf(olderThan('5.14'))('gives what it took one by one when the kernel refuses the next', () => {
    using map = filled(1000)
    lacking('mapLookupAndDeleteBatch', -ENOTSUPP)
    const native = binding.mapLookupAndDelete
    let calls = 0
    vi.spyOn(binding, 'mapLookupAndDelete').mockImplementation((...args) => (++calls > 300 ? -ENOMEM : native(...args)))
    const error = caught(() => map.drain())
    vi.restoreAllMocks()
    expect(error).toMatchObject({ code: 'ENOMEM', done: 300 })
    expect(sorted([...(error.drained as [number, number][]), ...map])).toEqual(pairs(1000))
  })

  it('gives the bytes of what cannot be decoded, and how many there were in all', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 8 })
    map.setMany([
      [1, 1n],
      [2, 2n ** 60n],
    ])
    using numbers = openMap({ fd: map.fd }, HashMap, { key: u32, value: u64, int64: 'number' })
    const error = caught(() => numbers.drain()) as Error & { undecoded?: unknown[] }
    expect(error).toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE', done: 2, drained: [[1, 1]] })
    expect(error.undecoded).toHaveLength(1)
  })
})

describe('clear', () => {
  it('says how many it deleted, also when a later batch fails', () => {
    using map = filled(ENTRIES)
    failing('mapLookupAndDeleteBatch', 3, -ENOMEM)
    const error = caught(() => map.clear())
    vi.restoreAllMocks()
    const left = map.count()
    expect(left).toBeGreaterThan(0)
    expect(error).toMatchObject({ code: 'ENOMEM', done: ENTRIES - left })
    expect(map.clear()).toBe(left)
    expect(map.clear()).toBe(0)
  })

  it('deletes key by key where the kernel has no batches', () => {
    using map = filled(1000)
    lacking('mapLookupAndDeleteBatch', -EINVAL)
    const taken = vi.spyOn(binding, 'mapLookupAndDelete')
    expect(map.clear()).toBe(1000)
    expect(map.count()).toBe(0)
    // Linux before 5.14 cannot take from hashes, but delete.
    expect(taken).not.toHaveBeenCalled()
  })
})
