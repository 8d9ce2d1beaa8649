import { describe, expect, it } from 'vitest'
import {
  type ArrayMap,
  ArrayOfMaps,
  HashMap,
  HashOfMaps,
  type QueueMap,
  createMap,
  openMap,
  struct,
  u32,
  u64,
} from '../../lib/index.ts'
import { refuses, thrownBy } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

const inner = { type: 'hash', key: u32, value: u64, maxEntries: 16, int64: 'number' } as const
const hashOfMaps = (maxEntries = 8) => createMap({ type: 'hash_of_maps', key: u32, maxEntries, inner })

/** Before Linux 6.2 no map of maps has values with locks (`bpf_map_meta_alloc`). */
const withoutLocks = { maps: { locks: { autocreate: false } } }

interface Job {
  id: bigint
  name: string
}

describe('an inner map', () => {
  it('is made like the options for it, and read by their types', async () => {
    using outer = hashOfMaps()
    using made = outer.createInner({ name: 'tenant_7', maxEntries: 4 })
    expect(made).toBeInstanceOf(HashMap)
    expect([made.name, made.maxEntries, made.set(1, 2)]).toEqual(['tenant_7', 4, true])
    expect(await outer.set(7, made)).toBe(true)
    using got = outer.get(7)
    expect([got?.id, got?.get(1)]).toEqual([made.id, 2])
    using raw = outer.get(7, { raw: true }) as HashMap
    expect([...raw]).toEqual([[Uint8Array.of(1, 0, 0, 0), Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0)]])
  })

  it('is made like the map that was the template, also when that is closed', async () => {
    const template = createMap({ type: 'queue', value: struct({ a: u32 }), maxEntries: 2 })
    using outer = createMap({ type: 'array_of_maps', maxEntries: 2, inner: template })
    template.close()
    using made = outer.createInner()
    made.push({ a: 5 })
    await outer.set(0, made)
    using got = outer.get(0)
    expect(got?.pop()).toEqual({ a: 5 })
  })

  it('is made like a template that this process only opened', async () => {
    using original = createMap({
      type: 'hash',
      key: u32,
      value: struct({ a: u32 }),
      maxEntries: 3,
      flags: ['noPreallocation'],
    })
    using template = openMap({ id: original.id })
    using outer = createMap({ type: 'hash_of_maps', key: u32, maxEntries: 2, inner: template })
    using made = outer.createInner() as HashMap<number, { a: number }>
    made.set(1, { a: 2 })
    expect([made.get(1), made.info().flags, await outer.set(1, made)]).toEqual([{ a: 2 }, 1, true])
  })

  it('is made like one that is in it, where nothing else is known', async () => {
    using outer = hashOfMaps()
    using opened = openMap({ id: outer.id }, HashOfMaps<Uint8Array>)
    expect(() => opened.createInner()).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_NO_BTF', message: expect.stringMatching(/It is empty/) }),
    )
    using first = outer.createInner()
    await outer.set(1, first)
    using made = opened.createInner() as HashMap<number, bigint>
    made.set(3, 4n)
    expect(await opened.set(Uint8Array.of(2, 0, 0, 0), made)).toBe(true)
    using got = outer.get(2)
    expect(got?.get(3)).toBe(4)
  })

  it('is made like the declaration in an object', () =>
    withObject('maps-nested', async (object) => {
      const byKey = object.map('by_key', HashOfMaps<number, HashMap<number, bigint>>)
      using made = byKey.createInner()
      expect([made.type, made.keySize, made.valueSize, made.maxEntries]).toEqual(['hash', 4, 8, 16])
      made.set(7, 8n)
      await byKey.set(1, made)
      expect(await run(object, 'read_by_key')).toBe(8)
    }))

  it('has the types of the declaration where the kernel keeps none', () =>
    withObject(
      'maps-nested-inner',
      async (object) => {
        const queues = object.map('queues', ArrayOfMaps<QueueMap<Job>>)
        using made = queues.createInner()
        await queues.set(0, made)
        using got = queues.get(0)
        got?.push({ id: 1n << 40n, name: 'Ada' })
        expect(await run(object, 'pop')).toBe('A'.charCodeAt(0))
        expect([object.globals.last, await run(object, 'pop')]).toEqual([{ id: 1n << 40n, name: 'Ada' }, -1])
        const sized = object.map('sized', HashOfMaps<number, HashMap<Uint8Array, Uint8Array>>)
        using bytes = sized.createInner({ maxEntries: 9 })
        expect([bytes.keySize, bytes.valueSize, bytes.maxEntries, bytes.info().flags]).toEqual([4, 12, 9, 1])
        expect(await sized.set(1, bytes)).toBe(true)
      },
      withoutLocks,
    ))

  it.skipIf(olderThan('6.2'))('cannot be made where its values have what only an object has', () =>
    withObject('maps-nested-inner', (object) => {
      const locks = object.map('locks', ArrayOfMaps<ArrayMap>)
      expect(() => locks.createInner()).toThrow(/values of the maps in 'locks' have a lock/)
    }),
  )
})

describe('many maps', () => {
  it('go in and out by few calls, and are counted', async () => {
    using outer = hashOfMaps(1000)
    using first = outer.createInner()
    using second = outer.createInner()
    const entries = Array.from({ length: 600 }, (_, key) => [key, key % 2 === 0 ? first : second] as const)
    expect(await outer.setMany(entries)).toBe(600)
    expect(new Map(outer)).toEqual(new Map(entries.map(([key, { id }]) => [key, { id }])))
    expect(
      await outer.setMany(
        [
          [1, first],
          [1000, first],
        ],
        { if: 'absent' },
      ),
    ).toBe(1)
    expect(
      await outer.setMany(
        [
          [1, first],
          [1001, first],
        ],
        { if: 'present' },
      ),
    ).toBe(1)
    expect(await outer.setMany([])).toBe(0)
    expect(await outer.deleteMany([0, 1, 5000, 2])).toBe(3)
    expect([await outer.clear(), outer.count(), await outer.clear()]).toEqual([598, 0, 0])
  })

  it('go into arrays', async () => {
    using outer = createMap({ type: 'array_of_maps', maxEntries: 300, inner })
    using made = outer.createInner()
    expect(await outer.setMany(Array.from({ length: 300 }, (_, index) => [index, made] as const))).toBe(300)
    expect(outer.count()).toBe(300)
    expect([await outer.deleteMany([3, 3, 4]), await outer.clear()]).toEqual([2, 298])
  })

  it('say how many were done before one failed', async () => {
    using outer = hashOfMaps(4)
    using made = outer.createInner()
    using other = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 16 })
    const wrong = await thrownBy(() =>
      outer.setMany([
        [1, made],
        [2, made],
        [3, other as never],
        [4, made],
      ]),
    )
    expect(wrong).toMatchObject({
      code: 'EINVAL',
      done: 2,
      message: expect.stringMatching(/all maps in it have the type/),
    })
    expect(outer.count()).toBe(2)
    const full = await thrownBy(() => outer.setMany([11, 12, 13, 14].map((key) => [key, made] as const)))
    expect(full).toMatchObject({ code: 'E2BIG', done: 2, message: expect.stringMatching(/map is full/) })
    const bad = await thrownBy(() =>
      outer.setMany([
        [1, made],
        [-1, made],
      ]),
    )
    expect(bad).toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE', done: 0, message: expect.stringMatching(/^item 1: /) })
  })

  it.skipIf(olderThan('5.19'))('need one call of the kernel for all', async () => {
    using outer = createMap({ type: 'array_of_maps', maxEntries: 4, inner })
    using made = outer.createInner()
    const failed = await thrownBy(() =>
      outer.setMany([
        [0, made],
        [4, made],
        [1, made],
      ]),
    )
    expect(failed).toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE', done: 1 })
    expect([...outer.keys()]).toEqual([0])
  })
})

describe('refuses', () => {
  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  const withOuter = (act: (outer: ReturnType<typeof hashOfMaps>) => unknown) => async () => {
    using outer = hashOfMaps()
    return await act(outer)
  }
  refuses([
    {
      name: 'another option',
      act: withOuter((outer) => outer.createInner({ key: u32 } as never)),
      code: INVALID,
      message: /unknown option "key" of createInner/,
    },
    { name: 'options that are none', act: withOuter((outer) => outer.createInner(5 as never)), code: INVALID },
    {
      name: 'a size that is none',
      act: withOuter((outer) => outer.createInner({ maxEntries: 0 })),
      code: 'ERR_EBPF_OUT_OF_RANGE',
    },
    {
      name: 'entries that are none',
      act: withOuter((outer) => outer.setMany([[1, {} as never]])),
      code: INVALID,
      message: /item 0: map must be a BpfMap/,
    },
    {
      name: 'entries that cannot be gone through',
      act: withOuter((outer) => outer.setMany(5 as never)),
      type: TypeError as never,
      code: undefined,
    },
    {
      name: 'another condition',
      act: withOuter((outer) => outer.setMany([], { if: 'maybe' as never })),
      code: INVALID,
    },
    {
      name: 'a map that was closed',
      act: withOuter(async (outer) => {
        const made = outer.createInner()
        made.close()
        await outer.setMany([[1, made]])
      }),
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'a key whose getter closes the map',
      act: async () => {
        using outer = createMap({ type: 'hash_of_maps', key: struct({ a: u32 }), maxEntries: 2, inner })
        using made = outer.createInner()
        const key = {
          get a() {
            outer.close()
            return 1
          },
        }
        await outer.setMany([[key, made]])
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'to be used when it is closed',
      act: () => {
        const outer = hashOfMaps()
        outer.close()
        outer.createInner()
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'to be emptied when it is closed',
      act: () => {
        const outer = hashOfMaps()
        outer.close()
        return outer.clear()
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'another this',
      act: () => HashOfMaps.prototype.createInner.call({} as never),
      type: TypeError as never,
      code: undefined,
    },
  ])
})
