import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ArrayOfMaps, type BpfMap, HashMap, HashOfMaps, createMap, struct, u8, u32, u64 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

const inner = (): HashMap<number, bigint> => createMap({ type: 'hash', key: u32, value: u64, maxEntries: 16 })
const template = { type: 'hash', key: u32, value: u64, maxEntries: 16 } as const
const hashOfMaps = (): HashOfMaps<number> =>
  createMap({ type: 'hash_of_maps', key: u32, maxEntries: 2, inner: template }) as BpfMap as HashOfMaps<number>

// First of all, while standard input is still what it was.
it('deletes without closing a descriptor of somebody else', async () => {
  using map = hashOfMaps()
  using other = inner()
  await map.set(1, other)
  const descriptors = readdirSync('/proc/self/fd').toSorted()
  expect([await map.delete(1), await map.delete(1)]).toEqual([true, false])
  expect(readdirSync('/proc/self/fd').toSorted()).toEqual(descriptors)
})

describe('an array of maps', () => {
  it('gives and takes the maps that programs read', () =>
    withObject('maps-nested', async (object) => {
      const byIndex = object.map('by_index', ArrayOfMaps)
      expect(byIndex.length).toBe(4)
      expect([...byIndex]).toEqual([[1, { id: object.map('first', HashMap).id }]])
      using first = byIndex.get(1) as HashMap<number, bigint>
      expect(first).toBeInstanceOf(HashMap)
      first.set(7, 70n)
      expect(await run(object, 'read_by_index')).toBe(70)

      using other = inner()
      other.set(7, 77n)
      expect(await byIndex.set(1, other)).toBe(true)
      expect(await run(object, 'read_by_index')).toBe(77)
      expect(await byIndex.set(3, other)).toBe(true)
      expect([...byIndex.keys()]).toEqual([1, 3])
      expect([await byIndex.delete(1), await byIndex.delete(1), byIndex.count()]).toEqual([true, false, 1])
      expect([byIndex.has(1), byIndex.get(1)]).toEqual([false, undefined])
      expect(await run(object, 'read_by_index')).toBe(-2)
    }))
})

describe('a hash of maps', () => {
  it('gives and takes the maps that programs read', () =>
    withObject('maps-nested', async (object) => {
      const byKey = object.map('by_key', HashOfMaps<number>)
      expect([...byKey]).toEqual([])
      const other = inner()
      other.set(7, 5n)
      await byKey.set(1, other)
      other.close()
      expect(await run(object, 'read_by_key')).toBe(5)
      using again = byKey.get(1) as HashMap<number, bigint>
      again.set(7, 6n)
      expect(await run(object, 'read_by_key')).toBe(6)
    }))

  it('has conditions, and says when it is full', async () => {
    using map = hashOfMaps()
    using other = inner()
    expect(await map.set(1, other, { if: 'present' })).toBe(false)
    expect(await map.set(1, other, { if: 'absent' })).toBe(true)
    expect(await map.set(1, other, { if: 'absent' })).toBe(false)
    await map.set(2, other)
    await expect(map.set(3, other)).rejects.toThrowError(
      expect.objectContaining({ code: 'E2BIG', message: expect.stringContaining('map is full') }),
    )
    expect(new Map(map)).toEqual(
      new Map([
        [1, { id: other.id }],
        [2, { id: other.id }],
      ]),
    )
  })

  it('puts a map in that is closed meanwhile', async () => {
    using map = hashOfMaps()
    const other = inner()
    const { id } = other
    const put = map.set(1, other)
    other.close()
    expect(await put).toBe(true)
    expect([...map]).toEqual([[1, { id }]])
  })
})

describe('refuses', () => {
  let map: HashOfMaps<number>
  beforeAll(() => {
    map = hashOfMaps()
  })
  afterAll(() => map.close())
  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  refuses([
    { name: 'a number for a map', act: () => map.set(1, 5 as never), code: INVALID, message: /BpfMap/ },
    { name: 'a look-alike of a map', act: () => map.set(1, { fd: 0 } as never), code: INVALID },
    { name: 'another condition', act: () => map.set(1, map, { if: 'maybe' as never }), code: INVALID },
    { name: 'a key that does not fit', act: () => map.get(-1), code: 'ERR_EBPF_OUT_OF_RANGE' },
    { name: 'a key of another type', act: () => map.delete('1' as never), code: INVALID },
    {
      name: 'a map of other sizes',
      act: async () => {
        using other = createMap({ type: 'hash', key: u32, value: u8, maxEntries: 16 })
        await map.set(1, other)
      },
      code: 'EINVAL',
      message: /all maps in it have the type/,
    },
    { name: 'itself', act: () => map.set(1, map), code: 'EINVAL' },
    {
      name: 'a closed map',
      act: async () => {
        const other = inner()
        other.close()
        await map.set(1, other)
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'to be used when it is closed',
      act: async () => {
        const closed = hashOfMaps()
        closed.close()
        await closed.delete(1)
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'an index past the end',
      act: async () => {
        using array = createMap({ type: 'array_of_maps', maxEntries: 2, inner: template }) as BpfMap as ArrayOfMaps
        using other = inner()
        await array.set(2, other)
      },
      code: 'ERR_EBPF_OUT_OF_RANGE',
      message: /which has 2 entries/,
    },
    {
      name: 'a key whose getter closes the map',
      act: async () => {
        const key = struct({ a: u32 })
        const closing = createMap({ type: 'hash_of_maps', key, maxEntries: 1, inner: template }) as BpfMap as HashOfMaps
        await closing.delete({
          get a() {
            closing.close()
            return 1
          },
        })
      },
      code: 'ERR_EBPF_CLOSED',
    },
  ])
  it('and is empty after all of that', () => expect(map.count()).toBe(0))
})
