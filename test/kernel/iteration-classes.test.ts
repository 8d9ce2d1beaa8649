/** What walks promise, for each class of maps that can be walked over, and what closing one of them does to its walk. */
import { afterEach, describe, expect, it } from 'vitest'
import {
  type ArrayOfMaps,
  type BpfMap,
  type HashOfMaps,
  type KeyedMap,
  type LpmTrie,
  type PrefixKey,
  createMap,
  possibleCpus,
  struct,
  bytes,
  u32,
} from '../../lib/index.ts'

/** More than one batch. */
const ENTRIES = 9000

/** A map as this test sees it: keys are numbers here. */
interface Walked {
  map: BpfMap & { count(): number; [Symbol.iterator](): Iterator<[unknown, unknown]> }
  numberOf(key: unknown): number
  /** Absent where nothing can be deleted. */
  remove?(number: number): void
  add?(number: number): void
}

const perCpu = (value: number): number[] => Array.from({ length: possibleCpus() }, () => value)
const prefixOf = (number: number): PrefixKey => `10.${number >>> 16}.${(number >>> 8) & 255}.${number & 255}/32`

function keyed<V>(map: KeyedMap<number, V>, value: (number: number) => V, entries: number = ENTRIES): Walked {
  map.setMany(Array.from({ length: entries }, (_, key): [number, V] => [key, value(key)]))
  const walked = { map, numberOf: (key: unknown) => key as number }
  if (map.type.includes('array')) return walked
  const remove = (number: number): void => void (map as unknown as { delete(key: number): boolean }).delete(number)
  return { ...walked, remove, add: (number) => void map.set(number, value(number)) }
}

function trie(): Walked {
  const key = struct({ prefixLength: u32, data: bytes(4) })
  const map = createMap({ type: 'lpm_trie', key, value: bytes(1024), maxEntries: 1_000_000 }) as LpmTrie<
    PrefixKey,
    Uint8Array
  >
  map.setMany(Array.from({ length: ENTRIES }, (_, number) => [prefixOf(number), new Uint8Array(1024)] as const))
  return {
    map,
    numberOf: (prefix) => {
      const [, a, b, c] = (prefix as string).split(/[./]/).map(Number)
      return (a! << 16) | (b! << 8) | c!
    },
    remove: (number) => void map.delete(prefixOf(number)),
    add: (number) => void map.set(prefixOf(number), new Uint8Array(1024)),
  }
}

const roomy = { key: u32, value: u32, maxEntries: 4 * ENTRIES } as const

/** The classes of docs/maps.md that have entries to walk over, but those of maps. */
const CLASSES: readonly [string, () => Walked][] = [
  ['HashMap', () => keyed(createMap({ type: 'hash', ...roomy }), (number) => number)],
  // Room for far more: what an LRU hash drops is its own choice.
  ['LruHashMap', () => keyed(createMap({ type: 'lru_hash', ...roomy, maxEntries: 40 * ENTRIES }), (number) => number)],
  ['PerCpuHashMap', () => keyed(createMap({ type: 'percpu_hash', ...roomy }), perCpu)],
  ['LruPerCpuHashMap', () => keyed(createMap({ type: 'lru_percpu_hash', ...roomy, maxEntries: 40 * ENTRIES }), perCpu)],
  ['ArrayMap', () => keyed(createMap({ type: 'array', value: u32, maxEntries: ENTRIES }), (number) => number)],
  ['PerCpuArrayMap', () => keyed(createMap({ type: 'percpu_array', value: u32, maxEntries: ENTRIES }), perCpu)],
  ['LpmTrie', trie],
]

const closed = expect.objectContaining({ code: 'ERR_EBPF_CLOSED' })

let opened: Walked | undefined

afterEach(() => {
  opened?.map.close()
  opened = undefined
})

describe.each(CLASSES)('%s', (name, make) => {
  const open = (): Walked => {
    opened = make()
    expect(opened.map.constructor.name).toBe(name)
    return opened
  }

  it('gives each untouched entry exactly once while others are deleted and added', () => {
    const { map, numberOf, remove, add } = open()
    const times = new Map<number, number>()
    let fresh = ENTRIES
    let next = 0
    for (const [key] of map as Iterable<[unknown, unknown]>) {
      const number = numberOf(key)
      times.set(number, (times.get(number) ?? 0) + 1)
      // Every third goes sooner or later, seen or not; others come.
      if (next < ENTRIES) remove?.(next)
      next += 3
      if (fresh < 2 * ENTRIES) add?.(fresh++)
    }
    const touched = (number: number): boolean => remove !== undefined && number % 3 === 0
    const wrong = Array.from({ length: ENTRIES }, (_, number) => number).filter(
      (number) => !touched(number) && times.get(number) !== 1,
    )
    expect(wrong, 'untouched entries that did not come exactly once').toEqual([])
    expect(Math.max(...times.values())).toBe(1)
  })

  it('throws when it is closed in the middle of a walk', () => {
    const { map } = open()
    const walk = map[Symbol.iterator]()
    walk.next()
    map.close()
    let left = 0
    expect(() => {
      for (; walk.next().done !== true; left++);
    }).toThrow(closed)
    expect(left, 'entries that were read before').toBeLessThan(ENTRIES)
  })

  it('throws when a callback closes it, and when one throws', () => {
    const { map } = open() as unknown as { map: KeyedMap<number, unknown> }
    const mine = new Error('mine')
    const fail = (): never => {
      throw mine
    }
    expect(() => map.forEach(fail)).toThrow(mine)
    expect(() => map.top(3, fail)).toThrow(mine)
    expect(map.count(), 'the map is as it was').toBe(ENTRIES)
    expect(() => map.forEach(() => void map.close())).toThrow(closed)
    expect(() => map.toArray()).toThrow(closed)
    expect(() => map.count()).toThrow(closed)
  })

  it('throws when the entries that are written close it, and says how many were', () => {
    const { map } = open() as unknown as { map: KeyedMap<number, unknown> }
    const [[key, value]] = [...map].slice(0, 1) as [[number, unknown]]
    function* closing(): Generator<[number, unknown]> {
      yield [key, value]
      map.close()
      yield [key, value]
    }
    expect(() => map.setMany(closing() as never)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_CLOSED', done: 0 }))
  })
})

describe.each(['array_of_maps', 'hash_of_maps'] as const)('%s', (type) => {
  const inner = { type: 'array', value: u32, maxEntries: 1 } as const
  const COUNT = 40

  it('gives each map once while others are taken out, and throws when it is closed', async () => {
    const outer = (
      type === 'array_of_maps'
        ? createMap({ type, maxEntries: COUNT, inner })
        : createMap({ type, key: u32, maxEntries: COUNT, inner })
    ) as ArrayOfMaps | HashOfMaps<number>
    using one = createMap(inner)
    for (let key = 0; key < COUNT; key++) await outer.set(key, one)
    const seen: unknown[] = []
    for (const [key, { id }] of outer) {
      expect(id).toBe(one.id)
      seen.push(key)
    }
    expect(seen.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, key) => key))
    outer.close()
    expect(() => [...outer]).toThrow(closed)
    expect(() => outer.count()).toThrow(closed)
  })
})
