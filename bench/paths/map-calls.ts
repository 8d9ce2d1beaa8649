/** Single calls on a hash of 100 000 entries, which no cache of a CPU holds: u32 to a struct of 16 bytes. */
import { createMap, type HashMap, struct, u32, u64 } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { now } from '../statistics.ts'

/** `struct flow` of bench/baseline/baseline.h. */
export const flow = struct({ packets: u64, bytes: u32, flags: u32 })
export interface Flow {
  packets: bigint
  bytes: number
  flags: number
}

const ENTRIES = 100_000
const SLICE = 1500

/** Keys that are all different, and lie where nothing can foresee them. */
export function spreadKeys(count: number, from = 0): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => Math.imul(from + index, 0x9e3779b1))
}

/** Each slice works on keys that no slice before it has brought into a cache. */
class Keys {
  readonly #all: Uint32Array
  #position = 0

  constructor(all: Uint32Array) {
    this.#all = all
  }

  next(): Uint32Array {
    if (this.#position + SLICE > this.#all.length) this.#position = 0
    const slice = this.#all.subarray(this.#position, this.#position + SLICE)
    this.#position += SLICE
    return slice
  }
}

type Calls = (map: HashMap<number, Flow>, keys: Uint32Array) => void

interface Preparation {
  c(mapFd: number, keys: Uint32Array): number
  ours: Calls
  /** Keys that are not in the map. */
  absent?: boolean
  /** Puts back what a slice took away. */
  restore?(mapFd: number, keys: Uint32Array): void
}

function prepare({ c, ours, absent = false, restore }: Preparation): Sides {
  const map = createMap({ type: 'hash', key: u32, value: flow, maxEntries: ENTRIES })
  const { fd } = map
  loadBaseline().mapFill(fd, spreadKeys(ENTRIES))
  const keys = new Keys(absent ? spreadKeys(ENTRIES, ENTRIES) : spreadKeys(ENTRIES))
  return {
    c: () => {
      const slice = keys.next()
      const duration = c(fd, slice)
      restore?.(fd, slice)
      return duration / SLICE
    },
    ours: () => {
      const slice = keys.next()
      const begin = now()
      ours(map, slice)
      const duration = now() - begin
      restore?.(fd, slice)
      return duration / SLICE
    },
    close: () => map.close(),
  }
}

const get: Calls = (map, keys) => {
  let sum = 0
  for (let index = 0; index < keys.length; index++) {
    const value = map.get(keys[index]!)
    if (value === undefined) throw new Error('an entry is missing')
    sum += value.bytes
  }
  if (sum === 0) throw new Error('the entries are empty')
}

const miss: Calls = (map, keys) => {
  for (let index = 0; index < keys.length; index++) {
    if (map.get(keys[index]!) !== undefined) throw new Error('there is an entry')
  }
}

const set: Calls = (map, keys) => {
  for (let index = 0; index < keys.length; index++) {
    map.set(keys[index]!, { packets: 1n, bytes: index, flags: 2 })
  }
}

const remove: Calls = (map, keys) => {
  for (let index = 0; index < keys.length; index++) {
    if (!map.delete(keys[index]!)) throw new Error('an entry is missing')
  }
}

const common = { unit: 'ns', slices: 200, quickSlices: 60 } as const

export const mapCalls: Comparison[] = [
  {
    ...common,
    name: 'get',
    title: 'get, decoded to an object',
    goal: 1.2,
    prepare: async () => prepare({ c: loadBaseline().mapLookup, ours: get }),
  },
  {
    ...common,
    name: 'miss',
    title: 'get of a key that is not there',
    prepare: async () => prepare({ c: loadBaseline().mapMiss, ours: miss, absent: true }),
  },
  {
    ...common,
    name: 'set',
    title: 'set of an existing entry, from an object',
    prepare: async () => prepare({ c: loadBaseline().mapUpdate, ours: set }),
  },
  {
    ...common,
    name: 'delete',
    title: 'delete',
    prepare: async () =>
      prepare({ c: loadBaseline().mapDelete, ours: remove, restore: (fd, keys) => loadBaseline().mapFill(fd, keys) }),
  },
]
