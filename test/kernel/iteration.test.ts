/** What a walk over a map promises while the map changes underneath it. */
import { describe, expect, it, vi } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { type Codec, createCodec } from '../../lib/btf/codec.ts'
import { type HashMap, KeyedMap, type Type, array, bytes, createMap, struct, u32 } from '../../lib/index.ts'
import { walk, walkByKeys } from '../../lib/maps/walk.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'

const ENTRIES = 20_000

/** bpf_loop() is not in older kernels, so its user is loaded on demand. */
const withChurn = { programs: { churn: { autoload: true } } }

function filled(maxEntries: number = 65_536, entries: number = ENTRIES): HashMap<number, number> {
  const map = createMap({ type: 'hash', key: u32, value: u32, maxEntries })
  map.setMany(Array.from({ length: entries }, (_, key) => [key, key ^ 0x5555] as const))
  return map
}

/** Every key of `untouched` exactly once, and with its value; others at most once. */
function expectOnce(
  seen: readonly (readonly [unknown, number])[],
  untouched: (key: number) => boolean,
  total: number = ENTRIES,
): void {
  const times = new Map<number, number>()
  for (const [key, value] of seen as readonly [number, number][]) {
    times.set(key, (times.get(key) ?? 0) + 1)
    if (key < total) expect(value).toBe(key ^ 0x5555)
  }
  const missed: number[] = []
  for (let key = 0; key < total; key++) if (untouched(key) && times.get(key) !== 1) missed.push(key)
  expect(missed, 'untouched keys that did not come exactly once').toEqual([])
  expect(Math.max(...times.values())).toBe(1)
}

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

describe('a walk over a trie, whose batches go from key to key', () => {
  const BPF_MAP_TYPE_LPM_TRIE = 11
  const BPF_F_NO_PREALLOC = 1
  /** Of large values, several times what one batch holds. */
  const ENTRIES_OF_TRIE = 10_000
  const WORDS = 256

  interface Prefix {
    length: number
    address: number
  }

  /** With the calls that any map with keys has. */
  class Trie extends KeyedMap<Prefix, number[]> {
    delete(key: Prefix): boolean {
      return this.deleteEntry(key)
    }

    clear(): number {
      return this.clearEntries()
    }
  }

  function filledTrie(): Trie {
    const handle = binding.mapCreate({
      type: BPF_MAP_TYPE_LPM_TRIE,
      name: 'trie',
      keySize: 8,
      valueSize: WORDS * 4,
      maxEntries: 1_000_000,
      flags: BPF_F_NO_PREALLOC,
      numaNode: 0,
      mapExtra: 0n,
      innerMap: 0,
      btf: 0,
      keyTypeId: 0,
      valueTypeId: 0,
    })
    const info = binding.mapInfo(handle)
    if (typeof info === 'number') throw new Error(`there is no trie: ${handle}`)
    const init = { handle, name: 'trie', info }
    const map = new Trie(init, codecOf(struct({ length: u32, address: u32 })), codecOf(array(u32, WORDS)))
    map.setMany(Array.from({ length: ENTRIES_OF_TRIE }, (_, index) => [prefix(index), filledWith(index)] as const))
    return map
  }

  const codecOf = <T>(type: Type<T>): Codec<T> => createCodec<T>(type.layout, { int64: 'bigint' })
  const prefix = (address: number): Prefix => ({ length: 32, address })
  const filledWith = (index: number): number[] => Array.from({ length: WORDS }, () => index)
  const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b)
  const all = Array.from({ length: ENTRIES_OF_TRIE }, (_, index) => index)

  /** The addresses of a walk, chunk by chunk; `underneath` is given the last of each. */
  function addressesOf(map: Trie, underneath: (last: number) => void): number[] {
    const addresses: number[] = []
    for (const { count, keys, values } of walk(map.walked())) {
      for (let index = 0; index < count; index++) {
        const address = keys.u32[index * 2 + 1]!
        addresses.push(address)
        if (address < ENTRIES_OF_TRIE) expect(values.u32[index * WORDS]).toBe(address)
      }
      underneath(keys.u32[count * 2 - 1]!)
    }
    return addresses
  }

  it('gives each entry once', () => {
    using map = filledTrie()
    let chunks = 0
    expect(ascending(addressesOf(map, () => chunks++))).toEqual(all)
    expect(chunks).toBeGreaterThan(2)
    expect(ascending([...map].map(([key]) => (key as Prefix).address))).toEqual(all)
  })

  it('gives untouched entries once when the kernel has to start again', () => {
    using map = filledTrie()
    let restarts = 0
    const addresses = addressesOf(map, (last) => {
      if (++restarts <= 8) map.delete(prefix(last))
    })
    expect(ascending(addresses)).toEqual(all)
    expect(map.count()).toBe(ENTRIES_OF_TRIE - 8)
  })

  it('gives untouched entries once when each that came is deleted', () => {
    using map = filledTrie()
    const addresses: number[] = []
    for (const key of map.keys()) {
      addresses.push((key as Prefix).address)
      map.delete(key as Prefix)
    }
    expect(ascending(addresses)).toEqual(all)
    expect(map.count()).toBe(0)
  })

  it('throws at its bound when a program never lets it end', () => {
    using map = filledTrie()
    const native = binding.mapLookupBatch
    let calls = 0
    const spy = vi.spyOn(binding, 'mapLookupBatch').mockImplementation((...args) => {
      const status = native(...args)
      // What it stands on goes, and something new comes in front of it.
      map.delete(prefix(new DataView(args[3].buffer).getUint32(4, true)))
      map.set(prefix(256 * (ENTRIES_OF_TRIE + calls++)), filledWith(0))
      if (calls > 1000) throw new Error('this walk has no end')
      return status
    })
    try {
      const endless = expect.objectContaining({ code: 'ERR_EBPF_ITERATION', map: 'trie' })
      expect(() => addressesOf(map, () => {})).toThrowError(endless)
    } finally {
      spy.mockRestore()
    }
  })

  it('goes on where Linux before 6.14 says that keys went away under a batch', () => {
    using map = filledTrie()
    const EINTR = -4
    const native = binding.mapLookupBatch
    const answers: ('entries' | 'none' | undefined)[] = []
    let calls = 0
    const spy = vi.spyOn(binding, 'mapLookupBatch').mockImplementation((...args) => {
      calls++
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (answer === 'none') args[4][0] = 0
      else if (native(...args) < 0 || answer === undefined) return -2
      return EINTR
    })
    try {
      // Before the first entry, after some, and then never again an entry: key by key from where it stood.
      answers.push('none', 'entries', 'none', 'none', 'entries', 'none')
      expect(ascending(addressesOf(map, () => {}))).toEqual(all)
      expect(calls).toBeLessThan(100)
    } finally {
      spy.mockRestore()
    }
  })

  it('deletes key by key: there is no batch that does', () => {
    using map = filledTrie()
    expect(map.clear()).toBe(ENTRIES_OF_TRIE)
    expect(map.count()).toBe(0)
  })
})
