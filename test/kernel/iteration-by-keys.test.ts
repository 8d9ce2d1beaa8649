/** Walks where the kernel knows no batches: from one key to the next. */
import { describe, expect, it, vi } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { type KeyedMap, createMap, u32 } from '../../lib/index.ts'
import { walkByKeys } from '../../lib/maps/walk.ts'
import { expectOnce, filled } from '../support/iteration.ts'

describe('a walk by keys, where there are no batches', () => {
  const entries = (map: KeyedMap<number, number>): [number, number][] => {
    const found: [number, number][] = []
    for (const { count, keys, values } of walkByKeys(map.walked())) {
      for (let index = 0; index < count; index++) found.push([keys.u32[index]!, values.u32[index]!])
    }
    return found
  }

  it('is what iterating does when the kernel knows no batches', () => {
    using map = filled(1000, 1000)
    const ENOTSUPP = -524
    const spy = vi.spyOn(binding, 'mapLookupBatch').mockImplementation((...args) => {
      args[4][0] = 0
      return ENOTSUPP
    })
    try {
      expectOnce([...map], () => true, 1000)
      expect(spy).toHaveBeenCalledOnce()
    } finally {
      spy.mockRestore()
    }
  })

  it('gives every entry once', () => {
    using map = filled(1000, 1000)
    expectOnce(entries(map), () => true, 1000)
    using empty = filled(10, 0)
    expect(entries(empty)).toEqual([])
  })

  it('gives arrays in order', () => {
    using map = createMap({ type: 'array', value: u32, maxEntries: 600 })
    map.set(599, 7)
    expect(entries(map)).toEqual(Array.from({ length: 600 }, (_, key) => [key, key === 599 ? 7 : 0]))
  })

  it('throws at its bound when the map never lets it end', () => {
    using map = filled(64, 64)
    const walked = map.walked()
    let restarts = 0
    const walk = walkByKeys({
      ...walked,
      // As when the current key is always deleted underneath: the kernel begins again.
      next: (key) => {
        restarts++
        return walked.next(key, true)
      },
    })
    expect(() => [...walk]).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_ITERATION', map: 'hash' }))
    expect(restarts).toBeLessThan(1000)
  })

  it('does not end short when the entry it stands on is deleted', () => {
    using map = filled(256, 256)
    const seen = new Set<number>()
    for (const { count, keys } of walkByKeys({
      ...map.walked(),
      next: (key, first) => {
        // Each key goes before the next one is asked for.
        if (!first) map.delete(key)
        return map.walked().next(key, first)
      },
    })) {
      for (let index = 0; index < count; index++) seen.add(keys.u32[index]!)
    }
    expect(seen.size).toBe(256)
  })
})
