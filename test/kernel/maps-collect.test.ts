/** A whole map at once: to a callback, an array and a `Map`, by the loop that maps share and by the one made for a map. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { char, createMap, possibleCpus, struct, u32, u64 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'

/** Beyond this a map gets a loop of its own. */
const MANY = 25_000
const FEW = 10

describe.each([
  ['with code made for the map', true],
  ['where code generation is disallowed', false],
])('entries %s', (_, generates) => {
  beforeEach(() => {
    if (generates) return
    function Refuse(): never {
      throw new EvalError('Code generation from strings disallowed for this context')
    }
    vi.stubGlobal('Function', Refuse)
  })

  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it.each([0, FEW, MANY])('come as pairs, as a Map and to a callback: %i', (count) => {
    using map = createMap({
      type: 'hash',
      key: u32,
      value: struct({ id: u64, name: char(8) }),
      maxEntries: MANY,
    })
    const entries = Array.from({ length: count }, (_, key) => [key, { id: BigInt(key), name: `n${key}` }] as const)
    expect(map.setMany(entries)).toBe(count)
    // Twice: the first walk is what makes the second one's loop.
    for (let walk = 0; walk < 2; walk++) {
      const array = map.toArray()
      expect(array.sort(([a], [b]) => a - b)).toEqual(entries)
      const collected = map.toMap()
      expect(collected).toBeInstanceOf(Map)
      expect(collected.size).toBe(count)
      expect(collected).toEqual(new Map(entries))
      const called = new Map<unknown, unknown>()
      map.forEach((value, key, given) => {
        if (given !== map) throw new Error('another map')
        called.set(key, value)
      })
      expect(called).toEqual(collected)
    }
  })

  it('have bytes for keys that no decoded form can hold', () => {
    using map = createMap({ type: 'hash', key: char(4), value: u32, maxEntries: MANY })
    const odd = Uint8Array.of(97, 0, 98, 0)
    map.set(odd, 1)
    map.set('ab', 2)
    const inOrder = map.toArray().sort(([, a], [, b]) => a - b)
    expect(inOrder).toEqual([
      [odd, 1],
      ['ab', 2],
    ])
    expect(map.delete(inOrder[0]![0])).toBe(true)
    expect(map.toMap()).toEqual(new Map([['ab', 2]]))
  })

  it('have the values of all CPUs, and the indexes of an array in order', () => {
    const each = (value: number): number[] => Array.from({ length: possibleCpus() }, () => value)
    using perCpu = createMap({ type: 'percpu_array', value: u32, maxEntries: 3 })
    perCpu.set(1, each(7))
    expect(perCpu.toArray()).toEqual([
      [0, each(0)],
      [1, each(7)],
      [2, each(0)],
    ])
    expect([...perCpu.toMap().keys()]).toEqual([0, 1, 2])
  })
})

describe('a whole map', () => {
  refuses([
    {
      name: 'to what is no function',
      act: () => {
        using map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
        map.forEach(5 as never)
      },
      type: TypeError,
      code: 'ERR_EBPF_INVALID_ARGUMENT',
    },
    {
      name: 'of one that is closed: toArray',
      act: () => {
        const map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
        map.close()
        map.toArray()
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'of one that is closed: toMap',
      act: () => {
        const map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
        map.close()
        map.toMap()
      },
      code: 'ERR_EBPF_CLOSED',
    },
  ])
})
