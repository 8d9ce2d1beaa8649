/** What a walk over a map promises while the map changes underneath it. */
import { describe, expect, it, vi } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { bytes, createMap, u32 } from '../../lib/index.ts'
import { ENTRIES, expectOnce, filled } from '../support/iteration.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'

/** bpf_loop() is not in older kernels, so its user is loaded on demand. */
const withChurn = { programs: { churn: { autoload: true } } }

describe('an untouched key comes exactly once', () => {
  it('while nothing changes', () => {
    using map = filled()
    const seen = [...map]
    expect(seen).toHaveLength(ENTRIES)
    expectOnce(seen, () => true)
  })

  it('while each key that came is deleted', () => {
    using map = filled()
    const seen: [unknown, number][] = []
    for (const [key, value] of map) {
      seen.push([key, value])
      map.delete(key)
    }
    expectOnce(seen, () => true)
    expect(map.count()).toBe(0)
  })

  it('while other keys are deleted', () => {
    using map = filled()
    const seen: [unknown, number][] = []
    let victim = ENTRIES - 1
    for (const entry of map) {
      seen.push(entry)
      // Odd keys from the end go, as many as there are.
      if (victim > 0) map.delete(victim)
      victim -= 2
    }
    expectOnce(seen, (key) => key % 2 === 0)
  })

  it('while keys are added', () => {
    using map = filled()
    const seen: [unknown, number][] = []
    let fresh = 1_000_000
    for (const entry of map) {
      seen.push(entry)
      if (fresh < 1_020_000) map.set(fresh++, 0)
    }
    expectOnce(seen, () => true)
    expect(map.count()).toBe(2 * ENTRIES)
  })

  it.skipIf(olderThan('5.17'))('while a program inserts and deletes keys of its own', () =>
    withObject(
      'maps',
      async (object) => {
        const { many } = object.maps
        many.setMany(Array.from({ length: ENTRIES }, (_, key) => [key, key ^ 0x5555] as const))
        object.globals.churn_rounds = 2000
        let running = true
        const churning = object.programs.churn!.testRun().finally(() => {
          running = false
        })
        let walks = 0
        do {
          // Synchronous, on this thread, while the program runs on another.
          const seen: [number, number][] = [...many].filter(([key]) => key < ENTRIES)
          expectOnce(seen, () => true)
          walks++
          await new Promise((resolve) => setImmediate(resolve))
        } while (running)
        expect(walks).toBeGreaterThan(1)
        await churning
        expect(many.count()).toBe(ENTRIES)
      },
      withChurn,
    ),
  )

  it('by forEach, keys and values alike', () => {
    using map = filled()
    const keys = [...map.keys()]
    expect(keys.sort((a, b) => a - b)).toEqual(Array.from({ length: ENTRIES }, (_, key) => key))
    const seen: [unknown, number][] = []
    map.forEach((value, key) => {
      seen.push([key, value])
      map.delete(key)
    })
    expectOnce(seen, () => true)
  })
})

describe('a walk', () => {
  it('may stop early, and another may begin in between', () => {
    using map = filled()
    let outer = 0
    for (const _ of map) {
      if (++outer === 10) break
      let inner = 0
      for (const _ of map.keys()) if (++inner === 5000) break
      expect(inner).toBe(5000)
    }
    expect(outer).toBe(10)
    expect([...map]).toHaveLength(ENTRIES)
  })

  it('ends in an error when the map is closed underneath it', () => {
    const map = filled()
    const walk = map.entries()
    walk.next()
    map.close()
    expect(() => [...walk]).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
  })

  it.skipIf(olderThan('5.17'))('that drains gives each entry once, whatever comes meanwhile', () =>
    withObject(
      'maps',
      async (object) => {
        const { many } = object.maps
        many.setMany(Array.from({ length: ENTRIES }, (_, key) => [key, key ^ 0x5555] as const))
        object.globals.churn_rounds = 100
        const churning = object.programs.churn!.testRun()
        const drained: [number, number][] = []
        const began = Date.now()
        while (drained.length < ENTRIES && Date.now() - began < 20_000) {
          drained.push(...many.drain().filter(([key]: [number]) => key < ENTRIES))
          await new Promise((resolve) => setImmediate(resolve))
        }
        await churning
        expectOnce(drained, () => true)
      },
      withChurn,
    ),
  )

  it('copes with values of 64 KiB', () => {
    using map = createMap({ type: 'hash', key: u32, value: bytes(65_536), maxEntries: 200 })
    const value = (key: number) => new Uint8Array(65_536).fill(key)
    for (let key = 0; key < 200; key++) map.set(key, value(key))
    expect(map.get(77)).toEqual(value(77))
    let total = 0
    for (const [key, found] of map) {
      expect(Buffer.compare(found, value(key))).toBe(0)
      total += key
    }
    expect(total).toBe((199 * 200) / 2)
    expect(map.drain()).toHaveLength(200)
  })

  it('makes more room when one bucket holds more than a batch, and misses nothing', () => {
    // With values this large a batch is one entry; the kernel cannot put 16 keys into 16 buckets without two in one.
    const size = 2_200_000
    using map = createMap({ type: 'hash', key: u32, value: bytes(size), maxEntries: 16, flags: 1 })
    const value = new Uint8Array(size)
    for (let key = 0; key < 16; key++) {
      value[size - 1] = key
      map.set(key, value)
    }
    const statuses: number[] = []
    const native = binding.mapLookupBatch
    const spy = vi.spyOn(binding, 'mapLookupBatch').mockImplementation((...args) => {
      const status = native(...args)
      statuses.push(status)
      return status
    })
    try {
      const last = new Map([...map.entries({ raw: true })].map(([key, found]) => [key[0], found[size - 1]]))
      expect(last.size).toBe(16)
      for (const [key, byte] of last) expect(byte).toBe(key)
    } finally {
      spy.mockRestore()
    }
    expect(statuses, 'ENOSPC').toContain(-28)
    expect(map.drain()).toHaveLength(16)
  })
})
