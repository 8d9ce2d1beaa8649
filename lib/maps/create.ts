import type { Infer, InferInput, Type } from '../btf/schema.ts'
import type { PerfBuffer } from '../events/perf-buffer.ts'
import type { RingBuffer } from '../events/ring-buffer.ts'
import type { UserRingBuffer } from '../events/user-ring-buffer.ts'
import type { Int64 } from '../object-types.ts'
import type { Arena } from './arena.ts'
import type { ArrayMap } from './array-map.ts'
import type { BloomFilter } from './bloom-filter.ts'
import type { CgroupArray } from './cgroup-array.ts'
import type { CpuMap } from './cpu-map.ts'
import type {
  ArenaOptions,
  ArrayOfMapsOptions,
  ArrayOptions,
  BloomFilterOptions,
  CpuMapOptions,
  CreateMapOptions,
  DescriptorArrayOptions,
  HashOfMapsOptions,
  HashOptions,
  InnerMap,
  LpmTrieOptions,
  OldCgroupStorageOptions,
  OtherMapOptions,
  PerfEventArrayOptions,
  QueueOptions,
  RedirectOptions,
  RingBufferOptions,
  SockHashOptions,
  SocketArrayOptions,
  StackTraceOptions,
  StorageOptions,
  UserRingBufferOptions,
} from './create-options.ts'
import type { DeviceHashMap, DeviceMap } from './device-map.ts'
import type { CreatedMap } from './created-map.ts'
import type { HashMap, LruHashMap } from './hash-map.ts'
import type { LpmTrie } from './lpm-trie.ts'
import type { InferKey } from './key-types.ts'
import { makeMap } from './make.ts'
import type { BpfMap } from './map.ts'
import type { ArrayOfMaps, HashOfMaps } from './nested.ts'
import { wrapAnyMap } from './nested-factory.ts'
import type { LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap } from './per-cpu.ts'
import type { PrefixKey } from './prefix-codec.ts'
import type { ProgramArray } from './program-array.ts'
import type { QueueMap, StackMap } from './queue.ts'
import type { ReuseportSocketArray } from './socket-array.ts'
import type { SockHash, SockMap } from './socket-map.ts'
import type { StackTraceMap } from './stack-trace.ts'
import type { CgroupStorage } from './storage-cgroup.ts'
import type { InodeStorage } from './storage-inode.ts'
import type { OldCgroupStorage, OldPerCpuCgroupStorage } from './storage-old-cgroup.ts'
import type { SocketStorage } from './storage-socket.ts'
import type { TaskStorage } from './storage-task.ts'
import type { XskMap } from './xsk-map.ts'

/**
 * Creates a map that belongs to no object, by explicit types: `createMap({ type: 'hash', key: u32, value: u64, maxEntries:
 * 1024 })`. It can replace a map of an object at load. Types of maps that have no class yet give a {@link BpfMap}.
 *
 * @throws TypeError or RangeError for what the kernel would only call EINVAL: a key or value that this type of map does not
 *   have, or of another size; `struct_ops` and `insn_array`, which only an object makes
 * @throws EbpfError with the kernel's code, such as EINVAL for a ring whose size is not a power of two;
 *   ERR_EBPF_KERNEL when this kernel has no maps of the type; ERR_EBPF_PINNED when another map is pinned at `pinPath`
 */
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'hash' | 'rhash', K, V, I>,
): HashMap<InferKey<K, I>, Infer<V, I>>
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'lru_hash', K, V, I>,
): LruHashMap<InferKey<K, I>, Infer<V, I>>
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'percpu_hash', K, V, I>,
): PerCpuHashMap<InferKey<K, I>, Infer<V, I>>
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'lru_percpu_hash', K, V, I>,
): LruPerCpuHashMap<InferKey<K, I>, Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: ArrayOptions<'array', V, I>,
): ArrayMap<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: ArrayOptions<'percpu_array', V, I>,
): PerCpuArrayMap<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: LpmTrieOptions<Type, V, I>,
): LpmTrie<PrefixKey, Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: QueueOptions<'queue', V, I>,
): QueueMap<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: QueueOptions<'stack', V, I>,
): StackMap<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: BloomFilterOptions<V, I>,
): BloomFilter<Infer<V, I>>
export function createMap<M extends InnerMap>(options: ArrayOfMapsOptions<M>): ArrayOfMaps<CreatedMap<M>>
export function createMap<K extends Type, M extends InnerMap, I extends Int64 = 'bigint'>(
  options: HashOfMapsOptions<K, M, I>,
): HashOfMaps<InferKey<K, I>, CreatedMap<M>>
export function createMap(options: DescriptorArrayOptions<'prog_array'>): ProgramArray
export function createMap(options: DescriptorArrayOptions<'cgroup_array'>): CgroupArray
export function createMap(options: DescriptorArrayOptions<'xskmap'>): XskMap
export function createMap(options: RedirectOptions<'devmap'>): DeviceMap
export function createMap(options: RedirectOptions<'devmap_hash'>): DeviceHashMap
export function createMap(options: CpuMapOptions): CpuMap
export function createMap(options: SocketArrayOptions<'sockmap'>): SockMap
export function createMap(options: SocketArrayOptions<'reuseport_sockarray'>): ReuseportSocketArray
export function createMap<K extends Type, I extends Int64 = 'bigint'>(
  options: SockHashOptions<K, I>,
): SockHash<Infer<K, I>>
export function createMap(options: StackTraceOptions): StackTraceMap
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: StorageOptions<'sk_storage', V, I>,
): SocketStorage<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: StorageOptions<'task_storage', V, I>,
): TaskStorage<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: StorageOptions<'inode_storage', V, I>,
): InodeStorage<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: StorageOptions<'cgrp_storage', V, I>,
): CgroupStorage<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: OldCgroupStorageOptions<'cgroup_storage', V, I>,
): OldCgroupStorage<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: OldCgroupStorageOptions<'percpu_cgroup_storage', V, I>,
): OldPerCpuCgroupStorage<Infer<V, I>>
export function createMap<R extends Type, I extends Int64 = 'bigint'>(
  options: PerfEventArrayOptions<R, I> & { record: R },
): PerfBuffer<Infer<R, I>>
export function createMap(options: PerfEventArrayOptions & { record?: never }): PerfBuffer<Uint8Array>
export function createMap<R extends Type, I extends Int64 = 'bigint'>(
  options: RingBufferOptions<R, I> & { record: R },
): RingBuffer<Infer<R, I>>
export function createMap(options: RingBufferOptions & { record?: never }): RingBuffer<Uint8Array>
export function createMap<R extends Type>(
  options: UserRingBufferOptions<R> & { record: R },
): UserRingBuffer<InferInput<R>>
export function createMap(options: UserRingBufferOptions & { record?: never }): UserRingBuffer<Uint8Array>
export function createMap(options: ArenaOptions): Arena
export function createMap(options: OtherMapOptions): BpfMap
export function createMap(options: CreateMapOptions): BpfMap {
  return makeMap(options, wrapAnyMap)
}
