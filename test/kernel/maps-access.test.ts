/** Calls on single entries: those that were made for one map do what those do that all maps share. */
import { describe, expect, it, vi } from 'vitest'
import { binding } from '../../lib/binding.ts'
import {
  type HashMap,
  type Type,
  array,
  bool,
  bytes,
  char,
  createMap,
  f64,
  i32,
  i64,
  possibleCpus,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from '../../lib/index.ts'
import { codeMayBeGenerated } from '../support/code-generation.ts'
import { randomNumbers } from '../support/random.ts'

const CALLS = 4000

type AnyMap = HashMap<unknown, unknown>

/** What a call gave or threw, as it can be compared. */
function outcome(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    const { name, message, code, errno } = error as Error & { code?: string; errno?: number }
    return { name, message, code, errno }
  }
}

/** A map whose calls stay those that all maps share. */
function withoutCode(make: () => AnyMap, key: unknown): AnyMap {
  function Refuse(): never {
    throw new EvalError('Code generation from strings disallowed for this context')
  }
  vi.stubGlobal('Function', Refuse)
  try {
    const map = make()
    for (let call = 0; call < CALLS; call++) map.has(key)
    return map
  } finally {
    vi.unstubAllGlobals()
  }
}

const CALLS_OF_MAPS: ((map: AnyMap, key: unknown, value: unknown) => unknown)[] = [
  (map, key) => map.get(key),
  (map, key) => map.get(key),
  (map, key) => map.get(key, { raw: true }),
  (map, key) => map.has(key),
  (map, key, value) => map.set(key, value),
  (map, key, value) => map.set(key, value),
  (map, key, value) => map.set(key, value, { if: 'absent' }),
  (map, key) => map.delete(key),
]

const random = randomNumbers(4)
const small = (): number => random() % 32

/** Keys and values of each type, mostly good ones, out of few keys. */
const TYPES: [name: string, key: Type<unknown>, value: Type<unknown>, key: () => unknown, value: () => unknown][] = [
  [
    'u32 to a struct',
    u32,
    struct({ packets: u64, size: u32, flags: u32 }),
    () => odd(small()),
    () => ({ packets: BigInt(small()), size: small(), flags: 1 }),
  ],
  ['i32 to a float', i32, f64, () => odd(small() - 16), () => small() / 7],
  ['u64 to bool', u64, bool, () => odd(BigInt(small())), () => small() % 2 === 0],
  ['i64 to text', i64, char(8), () => odd(small() - 16), () => 'x'.repeat(small() % 10)],
  ['text to u16', char(6), u16, () => odd(`k${small()}`), () => small() * 3000],
  [
    'bytes to bytes',
    bytes(3),
    bytes(5),
    () => odd(Uint8Array.of(1, 2, small())),
    () => new Uint8Array(4 + (small() % 2)),
  ],
  [
    'a struct to an array',
    struct({ id: u8, name: char(4) }),
    array(u16, 3),
    () => odd({ id: small(), name: 'n' }),
    () => [1, 2, small() * 3000],
  ],
  ['u16 to a union', u16, union({ word: u32, low: u8 }), () => odd(small()), () => ({ word: small() })],
]

/** Now and then something that is no key. */
function odd(key: unknown): unknown {
  switch (random() % 24) {
    case 0:
      return undefined
    case 1:
      return -0
    case 2:
      return 2 ** 32 + 1
    case 3:
      return 1.5
    case 4:
      return new Uint8Array(random() % 9).fill(random())
    case 5:
      return null
    case 6:
      return String(random() % 4)
    case 7:
      return BigInt(random() % 4)
    default:
      return key
  }
}

describe('single calls', () => {
  it.each(TYPES)('%s', (_, key, value, someKey, someValue) => {
    const make = (): AnyMap => createMap({ type: 'hash', key, value, maxEntries: 20 }) as AnyMap
    using made = make()
    using shared = withoutCode(make, new Uint8Array(made.keySize))
    for (let call = 0; call < CALLS; call++) {
      const [k, v] = [someKey(), someValue()]
      const act = CALLS_OF_MAPS[random() % CALLS_OF_MAPS.length]!
      expect(
        outcome(() => act(made, k, v)),
        `${act} ${call}`,
      ).toEqual(outcome(() => act(shared, k, v)))
    }
    expect(made.count()).toBe(shared.count())
    expect(made.count()).toBeGreaterThan(3)
    const native = vi.spyOn(binding, 'mapLookup')
    try {
      made.has(new Uint8Array(made.keySize))
      // A map with calls of its own does not use the one that all share.
      expect(native).toHaveBeenCalledTimes(codeMayBeGenerated ? 0 : 1)
      native.mockClear()
      shared.has(new Uint8Array(made.keySize))
      expect(native).toHaveBeenCalledOnce()
    } finally {
      native.mockRestore()
    }
  })

  it('of a map with the values of all CPUs', () => {
    using map = createMap({ type: 'percpu_hash', key: u32, value: u64, maxEntries: 4 })
    const each = (value: bigint): bigint[] => Array.from({ length: possibleCpus() }, (_, cpu) => value + BigInt(cpu))
    for (let call = 0; call < CALLS; call++) {
      const key = call % 4
      expect(map.set(key, each(BigInt(call)))).toBe(true)
      expect(map.get(key)).toEqual(each(BigInt(call)))
      expect(map.delete(key)).toBe(true)
      expect(map.get(key)).toBeUndefined()
    }
    expect(() => map.set(1, [1n, 'x' as never])).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }),
    )
  })

  it('of an array refuse an index outside of it, before and after', () => {
    using map = createMap({ type: 'array', value: u32, maxEntries: 3 })
    for (let call = 0; call < CALLS; call++) {
      expect(map.get(3)).toBeUndefined()
      expect(() => map.set(3, 1)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
      map.set(call % 3, call)
    }
    expect([...map.values()]).toEqual([3999, 3997, 3998])
  })

  it('of a full map, and of one that is closed, fail as before', () => {
    const map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
    const full = (): unknown => outcome(() => map.set(2, 2))
    map.set(1, 1)
    const before = full()
    expect(before).toMatchObject({ code: 'E2BIG', message: expect.stringContaining('1 entries') })
    for (let call = 0; call < CALLS; call++) map.get(1)
    expect(full()).toEqual(before)
    map.close()
    for (const [operation, act] of [
      ['get', () => map.get(1)],
      ['has', () => map.has(1)],
      ['set', () => map.set(1, 1)],
      ['delete', () => map.delete(1)],
    ] as const) {
      expect(act).toThrowError(
        expect.objectContaining({ code: 'ERR_EBPF_CLOSED', message: expect.stringContaining(`(${operation})`) }),
      )
    }
  })

  it('that outlive their map answer that it is closed', () => {
    const map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
    map.set(1, 1)
    const functions = binding.mapFunctions(map.borrow('test'))
    if (typeof functions === 'number') throw new Error(`no functions: ${functions}`)
    for (const call of functions) expect(call()).toBeUndefined()
    // The entry is gone now.
    expect(functions[0]()).toBe(-2)
    expect(functions[2]()).toBe(-2)
    map.close()
    using _other = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
    const EBADF = 9
    for (const call of functions) expect(call()).toBe(-EBADF)
    expect(binding.mapFunctions(0)).toBe(-EBADF)
  })
})

describe('while a value is encoded by calls made for the map', () => {
  it('whatever else the map can do leaves the outer entry right', () => {
    using map = createMap({ type: 'hash', key: u32, value: struct({ a: u32, b: u64 }), maxEntries: 64 })
    for (let call = 0; call < CALLS; call++) map.has(0)
    map.set(50, { a: 50, b: 50n })
    const noBatches = vi.spyOn(binding, 'mapLookupBatch').mockImplementation((...args) => {
      args[4][0] = 0
      return -524
    })
    const acts: (() => unknown)[] = [
      () => map.get(50),
      () => map.get(50, { raw: true }),
      () => map.has(51),
      () => map.set(52, { a: 1, b: 2n }),
      () => map.set(52, { a: 3, b: 4n }, { if: 'present' }),
      () => map.delete(52),
      () => [...map],
      () => map.count(),
      () => map.setMany([[53, { a: 5, b: 6n }]], { if: 'absent' }),
      () => map.getMany([53, 54]),
      () => map.toMap(),
      () => outcome(() => map.get('no key' as never)),
    ]
    for (const [index, act] of acts.entries()) {
      const value = {
        get a() {
          act()
          return index
        },
        get b() {
          act()
          return BigInt(index)
        },
      }
      map.set(index, value)
      expect(map.get(index), String(act)).toEqual({ a: index, b: BigInt(index) })
    }
    noBatches.mockRestore()
    expect([...map.keys()].sort((x, y) => x - y)).toEqual([...acts.keys(), 50, 53])
  })
})
