/** Maps and values that are larger than most: what the kernel makes can be used, what it does not make says why. */
import { describe, expect, it } from 'vitest'
import { type ArrayMap, type LpmTrie, bytes, createMap, struct, u32 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'

const FIVE_MIB = 5 << 20
const NO_ROOM = /^(E2BIG|ENOMEM|EINVAL)$/

/** Older kernels have no values of more than 4 MiB. */
function largeValues(maxEntries: number): ArrayMap<Uint8Array> | undefined {
  try {
    return createMap({ type: 'array', value: bytes(FIVE_MIB), maxEntries }) as ArrayMap<Uint8Array>
  } catch (error) {
    expect(error).toMatchObject({ code: 'E2BIG', operation: 'bpf_map_create' })
    return undefined
  }
}

describe('values of 5 MiB', () => {
  const filled = (byte: number): Uint8Array => new Uint8Array(FIVE_MIB).fill(byte)
  const ends = (value: Uint8Array | undefined): (number | undefined)[] => [value?.length, value?.[0], value?.at(-1)]

  it('are written and read one by one, and come one by one from walks', () => {
    using map = largeValues(3)
    if (map === undefined) return
    expect(map.setMany([0, 1, 2].map((index) => [index, filled(index + 1)] as const))).toBe(3)
    map.set(1, filled(9))
    expect(ends(map.get(1))).toEqual([FIVE_MIB, 9, 9])
    expect(ends(map.get(2, { raw: true }))).toEqual([FIVE_MIB, 3, 3])
    const expected = [1, 9, 3].map((byte) => [FIVE_MIB, byte, byte])
    expect(Array.from(map.values(), ends)).toEqual(expected)
    expect([...map.toMap().values()].map(ends)).toEqual(expected)
    expect(map.count()).toBe(3)
  })

  it('of which many do not fit into memory at once are written in chunks', () => {
    using map = largeValues(1)
    if (map === undefined) return
    const value = filled(7)
    // One buffer for all of them would be 20 GiB.
    expect(map.setMany(Array.from({ length: 8 }, () => [0, value] as const))).toBe(8)
    expect(ends(map.get(0))).toEqual([FIVE_MIB, 7, 7])
  })
})

describe('a trie that may have 2^32 - 1 entries', () => {
  it('takes no memory for them, and is walked to its end', () => {
    const key = struct({ prefixLength: u32, data: bytes(4) })
    using map = createMap({ type: 'lpm_trie', key, value: u32, maxEntries: 2 ** 32 - 1 }) as LpmTrie<string, number>
    expect(map.maxEntries).toBe(2 ** 32 - 1)
    expect([...map]).toEqual([])
    map.setMany(Array.from({ length: 300 }, (_, index) => [`10.0.${index >> 8}.${index & 255}/32`, index] as const))
    expect([...map.values()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => index))
    expect(map.clear()).toBe(300)
  })
})

describe('createMap refuses', () => {
  refuses([
    {
      name: 'a hash of 2^32 - 1 entries, with or without their memory',
      act: () => createMap({ type: 'hash', key: u32, value: u32, maxEntries: 2 ** 32 - 1, flags: ['noPreallocation'] }),
      code: NO_ROOM,
    },
    {
      name: 'an array of 2^31 values of 16 bytes',
      act: () => createMap({ type: 'array', value: bytes(16), maxEntries: 2 ** 31 }),
      code: NO_ROOM,
    },
    {
      name: 'values of 2 GiB in an array',
      act: () => createMap({ type: 'array', value: bytes(2 ** 31), maxEntries: 1 }),
      code: NO_ROOM,
    },
    {
      name: 'values of 2 GiB in a hash',
      act: () => createMap({ type: 'hash', key: u32, value: bytes(2 ** 31), maxEntries: 1 }),
      code: NO_ROOM,
    },
    {
      name: 'values of 4 GiB for each CPU',
      act: () => createMap({ type: 'percpu_array', value: bytes(2 ** 32 - 1), maxEntries: 1 }),
      code: NO_ROOM,
    },
    {
      name: 'a queue of 4 GiB',
      act: () => createMap({ type: 'queue', value: bytes(2 ** 32 - 1), maxEntries: 1 }),
      code: NO_ROOM,
    },
    { name: 'values that no 32 bits count', act: () => bytes(2 ** 32), code: 'ERR_EBPF_OUT_OF_RANGE' },
  ])
})
