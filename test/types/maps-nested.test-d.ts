/** What TypeScript knows of maps in maps, and of storages. */
import { expectTypeOf, test } from 'vitest'
import {
  type ArrayMap,
  type ArrayOfMaps,
  type BpfMap,
  type HashMap,
  type HashOfMaps,
  type TaskStorage,
  createMap,
  struct,
  u32,
  u64,
} from '../../lib/index.ts'

declare const template: HashMap<number, { a: number }>

test('maps in a map of maps are of the class that its inner options make', () => {
  const outer = () =>
    createMap({
      type: 'hash_of_maps',
      key: u64,
      maxEntries: 1,
      inner: { type: 'hash', key: u32, value: u64, maxEntries: 1 },
    })
  expectTypeOf(outer).returns.toEqualTypeOf<HashOfMaps<bigint, HashMap<number, bigint>>>()
  const numbers = () =>
    createMap({
      type: 'array_of_maps',
      maxEntries: 1,
      inner: { type: 'array', value: u64, maxEntries: 1, int64: 'number' },
    })
  expectTypeOf(numbers).returns.toEqualTypeOf<ArrayOfMaps<ArrayMap<number>>>()
  const like = () => createMap({ type: 'array_of_maps', maxEntries: 1, inner: template })
  expectTypeOf(like).returns.toEqualTypeOf<ArrayOfMaps<HashMap<number, { a: number }>>>()
})

test('they come and go as that', () => {
  const outer = {} as ArrayOfMaps<HashMap<number, bigint>>
  expectTypeOf(outer.get).toBeCallableWith(1)
  expectTypeOf(outer.createInner).returns.toEqualTypeOf<HashMap<number, bigint>>()
  expectTypeOf(({} as HashOfMaps<number>).createInner).returns.toEqualTypeOf<BpfMap>()
  expectTypeOf(outer.setMany).returns.toEqualTypeOf<Promise<number>>()
})

test('storages have the types of their values', () => {
  const made = () => createMap({ type: 'task_storage', value: struct({ at: u64 }) })
  expectTypeOf(made).returns.toEqualTypeOf<TaskStorage<{ at: bigint }>>()
})
