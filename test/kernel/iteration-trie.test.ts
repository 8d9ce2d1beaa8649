/** Walks over tries, whose batches go from key to key. */
import { describe, expect, it, vi } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { type Codec, createCodec } from '../../lib/btf/codec.ts'
import { KeyedMap, type Type, array, struct, u32 } from '../../lib/index.ts'
import { walk } from '../../lib/maps/walk.ts'

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
