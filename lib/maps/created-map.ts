/** Which class options make, for TypeScript. */
import type { Infer, Type } from '../btf/schema.ts'
import type { RingBuffer } from '../events/ring-buffer.ts'
import type { Int64 } from '../object-types.ts'
import type { ArrayMap } from './array-map.ts'
import type { BloomFilter } from './bloom-filter.ts'
import type { InnerMap } from './create-options.ts'
import type { HashMap, LruHashMap } from './hash-map.ts'
import type { InferKey } from './key-types.ts'
import type { LpmTrie } from './lpm-trie.ts'
import type { BpfMap } from './map.ts'
import type { LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap } from './per-cpu.ts'
import type { PrefixKey } from './prefix-codec.ts'
import type { QueueMap, StackMap } from './queue.ts'

type Int64Option<O> = O extends { int64: infer I extends Int64 } ? I : 'bigint'
type Part<O, Name extends string> = O extends Record<Name, infer T extends Type> ? Infer<T, Int64Option<O>> : Uint8Array

type Key<O> = O extends { key: infer T extends Type } ? InferKey<T, Int64Option<O>> : Uint8Array

interface Classes<O> {
  hash: HashMap<Key<O>, Part<O, 'value'>>
  rhash: HashMap<Key<O>, Part<O, 'value'>>
  lru_hash: LruHashMap<Key<O>, Part<O, 'value'>>
  percpu_hash: PerCpuHashMap<Key<O>, Part<O, 'value'>>
  lru_percpu_hash: LruPerCpuHashMap<Key<O>, Part<O, 'value'>>
  array: ArrayMap<Part<O, 'value'>>
  percpu_array: PerCpuArrayMap<Part<O, 'value'>>
  lpm_trie: LpmTrie<PrefixKey, Part<O, 'value'>>
  queue: QueueMap<Part<O, 'value'>>
  stack: StackMap<Part<O, 'value'>>
  bloom_filter: BloomFilter<Part<O, 'value'>>
  ringbuf: RingBuffer<Part<O, 'record'>>
}

/** The map that `inner` stands for: itself, or the one that its options make. */
export type CreatedMap<O> = InnerMap extends O
  ? BpfMap
  : O extends BpfMap
    ? O
    : O extends { type: infer T extends keyof Classes<unknown> }
      ? Classes<O>[T]
      : BpfMap
