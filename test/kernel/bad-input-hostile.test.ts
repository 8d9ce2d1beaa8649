/** Values that act while they are read: they call back into the map, close it, throw, lie, or are not what they seem. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HashMap, type PerCpuHashMap, createMap, possibleCpus, struct, u32, u64 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { resizableBuffer } from '../support/resizable.ts'
import { olderThan } from '../support/kernel-features.ts'

type Pair = { a: number; b: bigint }

/** After so many calls a map gets some that were made for it. */
const CALLS_WORTH_COMPILING = 1000

/** By the calls that all maps share, and by those made for one. */
const WAYS = [
  ['shared', 0],
  ['made for the map', CALLS_WORTH_COMPILING],
] as const

let callsBefore = 0

function byWay(calls: number): void {
  beforeAll(() => {
    callsBefore = calls
  })
  afterAll(() => {
    callsBefore = 0
  })
}

function make(): HashMap<Pair, Pair> {
  const type = struct({ a: u32, b: u64 })
  const map = createMap({ type: 'hash', key: type, value: type, maxEntries: 64 })
  for (let call = 0; call < callsBefore; call++) map.has({ a: 0, b: 0n })
  return map
}

const pair = (a: number, b: bigint = BigInt(a)): Pair => ({ a, b })

/** A pair whose first field acts when it is read. */
const acting = (act: () => void, a = 7, b = 70n): Pair => ({
  get a() {
    act()
    return a
  },
  b,
})

describe.each(WAYS)('a value that uses the map while it is encoded, by calls %s', (_, calls) => {
  byWay(calls)

  it('leaves the outer entry right, however deep it goes', () => {
    using map = make()
    map.set(pair(1), pair(100))
    let depth = 0
    const recurse = (): void => {
      const level = ++depth
      if (level > 20) return
      map.set(
        acting(recurse, 1000 + level),
        acting(() => map.get(pair(1)), level, 0n),
      )
      expect(map.get(pair(1))).toEqual(pair(100))
      expect(map.has(acting(() => map.has(pair(2)), 1))).toBe(false)
    }
    map.set(acting(recurse, 5, 50n), acting(recurse, 6, 60n))
    expect(map.get({ a: 5, b: 50n })).toEqual({ a: 6, b: 60n })
    for (let level = 1; level <= 20; level++) expect(map.get({ a: 1000 + level, b: 70n })).toEqual({ a: level, b: 0n })
    expect(map.count()).toBe(22)
  })

  it('leaves the outer key right in get, has, delete and take', () => {
    using map = make()
    map.set(pair(7, 70n), pair(1))
    map.set(pair(9), pair(2))
    const meddle = (): void => {
      map.set(pair(9), pair(3))
      map.get(pair(9))
      map.delete(pair(10))
      for (const _ of map) break
    }
    expect(map.get(acting(meddle))).toEqual(pair(1))
    expect(map.has(acting(meddle))).toBe(true)
    expect(map.set(pair(7, 70n), acting(meddle, 8, 80n))).toBe(true)
    if (!olderThan('5.14')) expect(map.take(acting(meddle))).toEqual({ a: 8, b: 80n })
    expect(map.delete(acting(meddle))).toBe(olderThan('5.14'))
    expect([...map]).toEqual([[pair(9), pair(3)]])
  })

  it('leaves the other entries of setMany right', () => {
    using map = make()
    const entries = Array.from({ length: 30 }, (_, index): [Pair, Pair] => [
      acting(() => map.set(pair(500), pair(index)), index, 1n),
      acting(() => map.setMany([[pair(501), pair(index)]]), index, 2n),
    ])
    map.setMany(entries)
    for (let index = 0; index < 30; index++) expect(map.get({ a: index, b: 1n })).toEqual({ a: index, b: 2n })
    expect(map.count()).toBe(32)
  })

  it('leaves the values of all CPUs right', () => {
    using map: PerCpuHashMap<number, Pair> = createMap({
      type: 'percpu_hash',
      key: u32,
      value: struct({ a: u32, b: u64 }),
      maxEntries: 4,
    })
    const cpus = possibleCpus()
    const other = Array.from({ length: cpus }, () => pair(0xffff, (1n << 64n) - 1n))
    map.set(
      1,
      Array.from({ length: cpus }, (_, cpu) => acting(() => map.set(2, other), cpu, BigInt(cpu))),
    )
    expect(map.get(1)).toEqual(Array.from({ length: cpus }, (_, cpu) => pair(cpu)))
    expect(map.get(2)).toEqual(other)
  })

  it('may be the options: they are read before anything is encoded', () => {
    using map = make()
    map.set(pair(1), pair(10))
    map.set(pair(2), pair(20))
    const meddle = <T>(value: T): T => {
      map.set(pair(9), pair(90))
      return value
    }
    const condition = {
      get if() {
        return meddle('absent' as const)
      },
    }
    expect(map.set(pair(3), pair(30), condition)).toBe(true)
    expect(map.get(pair(3))).toEqual(pair(30))
    const raw = {
      get raw() {
        return meddle(false) as true
      },
    }
    expect(map.get(pair(1), raw)).toEqual(pair(10))
    if (olderThan('5.14')) map.delete(pair(2))
    else expect(map.take(pair(2), raw)).toEqual(pair(20))
    expect([...map.keys()].sort((a, b) => (a as Pair).a - (b as Pair).a)).toEqual([pair(1), pair(3), pair(9)])
  })

  it('may be an array that changes while it is read', () =>
    withObject('maps-types', ({ maps: { values } }) => {
      values.set(1, values.get(0) ?? zero(values))
      const samples: number[] = [0, 0, 0]
      Object.defineProperty(samples, 0, {
        get() {
          samples.length = 1
          return 5
        },
      })
      expect(() => values.set(1, { ...zero(values), samples })).toThrowError(
        expect.objectContaining({
          code: expect.stringMatching(/^ERR_EBPF_/),
          message: expect.stringContaining('samples'),
        }),
      )
      expect(values.get(1).samples).toEqual([0, 0, 0])
    }))
})

/** A value of which every field is zero. */
function zero(map: HashMap<unknown, object>): object {
  map.set(99, new Uint8Array(map.valueSize))
  const value = map.get(99) as object
  map.delete(99)
  return value
}

describe.each(WAYS)('a value that closes the map while it is encoded, by calls %s', (_, calls) => {
  byWay(calls)

  const closing = (use: (map: HashMap<Pair, Pair>, key: Pair) => unknown) => () => {
    const map = make()
    map.set(pair(1), pair(1))
    return use(
      map,
      acting(() => map.close()),
    )
  }
  const code = 'ERR_EBPF_CLOSED'

  refuses([
    { name: 'get', act: closing((map, key) => map.get(key)), code },
    { name: 'has', act: closing((map, key) => map.has(key)), code },
    { name: 'delete', act: closing((map, key) => map.delete(key)), code },
    { name: 'take', act: closing((map, key) => map.take(key)), code },
    { name: 'set by key', act: closing((map, key) => map.set(key, pair(1))), code },
    { name: 'set to value', act: closing((map, value) => map.set(pair(1), value)), code },
    { name: 'getMany', act: closing((map, key) => map.getMany([key])), code },
    { name: 'setMany', act: closing((map, key) => map.setMany([[key, pair(1)]])), code },
    { name: 'deleteMany', act: closing((map, key) => map.deleteMany([key])), code },
    {
      name: 'set, with another map opened in its place',
      act: () => {
        const map = make()
        const others: HashMap<Pair, Pair>[] = []
        try {
          map.set(
            acting(() => {
              map.close()
              for (let count = 0; count < 50; count++) others.push(make())
            }),
            pair(1),
          )
        } finally {
          expect(others.map((other) => other.count())).toEqual(others.map(() => 0))
          for (const other of others) other.close()
        }
      },
      code,
    },
    {
      name: 'the iterable of setMany',
      act: () => {
        const map = make()
        map.setMany(
          (function* () {
            yield [pair(1), pair(1)] as [Pair, Pair]
            map.close()
            yield [pair(2), pair(2)] as [Pair, Pair]
          })(),
        )
      },
      code,
    },
    {
      name: 'the callback of forEach',
      act: () => {
        const map = createMap({ type: 'array', value: u32, maxEntries: 10_000 })
        map.forEach(() => {
          map.close()
        })
      },
      code,
    },
    {
      name: 'the options of set',
      act: () => {
        const map = make()
        map.set(pair(1), pair(1), {
          get if() {
            map.close()
            return 'absent' as const
          },
        })
      },
      code,
    },
  ])
})

describe.each(WAYS)('a value that throws, by calls %s', (_, calls) => {
  byWay(calls)

  const mine = new Error('mine')
  const throwing: Pair = {
    get a(): number {
      throw mine
    },
    b: 1n,
  }
  const trap = new Proxy(pair(1), {
    ownKeys() {
      throw mine
    },
  })

  it.each([
    ['a getter', throwing],
    ['a proxy', trap],
    ['a revoked proxy', revoked()],
  ])('%s throws its own error, and changes nothing', (_, hostile) => {
    using map = make()
    map.set(pair(1), pair(2))
    for (const act of [
      () => map.set(hostile, pair(1)),
      () => map.set(pair(1), hostile),
      () => map.get(hostile),
      () => map.delete(hostile),
      () =>
        map.setMany([
          [pair(3), pair(3)],
          [hostile, pair(1)],
        ]),
    ]) {
      expect(act).toThrowError()
    }
    expect([...map]).toEqual([[pair(1), pair(2)]])
    map.set(pair(1), pair(5))
    expect(map.get(pair(1)), 'the map works as before').toEqual(pair(5))
  })

  it('a proxy that lies about its fields is read once for each', () => {
    using map = make()
    let reads = 0
    const liar = new Proxy(pair(1), {
      get: (_target, property) => (property === 'a' ? ++reads : 9n),
    })
    map.set(pair(1), liar)
    expect(map.get(pair(1))).toEqual({ a: 1, b: 9n })
    expect(reads).toBe(1)
  })
})

function revoked(): Pair {
  const { proxy, revoke } = Proxy.revocable(pair(1), {})
  revoke()
  return proxy
}

describe('buffers that change', () => {
  it('after a test run was started do not change its input', () =>
    withObject('programs', async ({ programs }) => {
      const buffer = resizableBuffer(60, 120)
      const data = new Uint8Array(buffer).fill(0xff)
      const running = programs.pass_or_drop!.testRun({ data })
      data.fill(0)
      buffer.resize(0)
      expect((await running).returnValue).toBe(1)
      const fixed = new Uint8Array(60).fill(0xff)
      const second = programs.pass_or_drop!.testRun({ data: fixed })
      structuredClone(fixed.buffer, { transfer: [fixed.buffer] })
      expect((await second).returnValue).toBe(1)
      // Older kernels run a program on no packet at all.
      if (olderThan('5.13')) return
      await expect(programs.pass_or_drop!.testRun({ data: fixed })).rejects.toMatchObject({ code: 'EINVAL' })
      await expect(programs.pass_or_drop!.testRun({ data })).rejects.toMatchObject({ code: 'EINVAL' })
    }))

  it('that were given as a value may be changed at once', () => {
    using map = make()
    const raw = new Uint8Array(16).fill(1)
    map.set(raw, raw)
    raw.fill(2)
    expect(map.get(new Uint8Array(16).fill(1), { raw: true })).toEqual(new Uint8Array(16).fill(1))
  })
})
