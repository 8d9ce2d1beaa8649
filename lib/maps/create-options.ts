/** What can be said of a map that is made by itself, for each type. */
import type { Type } from '../btf/schema.ts'
import type { Int64 } from '../object-types.ts'
import type { MapFlag } from './flags.ts'
import type { BpfMap } from './map.ts'

interface CommonOptions<I extends Int64> {
  /** Name in the kernel, at most 15 letters, digits, `_` and `.`; by default the map's type, as much of it as that takes. */
  name?: string
  /** Words, or BPF_F_* of linux/bpf.h as one number. Those that the type must have are set by themselves. */
  flags?: number | readonly MapFlag[]
  /** Memory node, with BPF_F_NUMA_NODE set by itself. */
  numaNode?: number
  /** How 64-bit integers come; `bigint`, exact, by default. */
  int64?: I
  /**
   * Whether the kernel keeps the types, so that whoever opens the map by its id, `bpftool map dump` among them, knows what
   * is in it. By default wherever it can: for hashes, arrays, tries whose keys are structs, bloom filters and storages.
   */
  btf?: boolean
  /** Where it is pinned, in a BPF file system; a map of the same type and sizes that is pinned there already is opened. */
  pinPath?: string
}

interface SizedOptions<I extends Int64> extends CommonOptions<I> {
  /** How many entries it can have. */
  maxEntries: number
}

export type HashType = 'hash' | 'rhash' | 'lru_hash' | 'percpu_hash' | 'lru_percpu_hash'

/** `rhash` grows as it has to: newer than Linux 7.1. */
export interface HashOptions<
  T extends HashType = HashType,
  K extends Type = Type,
  V extends Type = Type,
  I extends Int64 = Int64,
> extends SizedOptions<I> {
  type: T
  key: K
  value: V
}

export interface ArrayOptions<
  T extends 'array' | 'percpu_array' = 'array' | 'percpu_array',
  V extends Type = Type,
  I extends Int64 = Int64,
> extends SizedOptions<I> {
  type: T
  value: V
}

/** Linux 4.11. */
export interface LpmTrieOptions<K extends Type = Type, V extends Type = Type, I extends Int64 = Int64>
  extends SizedOptions<I> {
  type: 'lpm_trie'
  /** 4 bytes of the prefix's length, then 1 to 256 bytes of data: `struct({ prefixLength: u32, address: bytes(4) })`. */
  key: K
  value: V
}

/** Linux 4.20. */
export interface QueueOptions<
  T extends 'queue' | 'stack' = 'queue' | 'stack',
  V extends Type = Type,
  I extends Int64 = Int64,
> extends SizedOptions<I> {
  type: T
  value: V
}

/** Linux 5.16. */
export interface BloomFilterOptions<V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
  type: 'bloom_filter'
  value: V
  /** How many bits each value sets, 1 to 15; 5 by default. */
  hashFunctions?: number
}

/** Linux 4.12. */
export interface ArrayOfMapsOptions<M extends InnerMap = InnerMap> extends SizedOptions<Int64> {
  type: 'array_of_maps'
  inner: M
}

/** Linux 4.12. */
export interface HashOfMapsOptions<K extends Type = Type, M extends InnerMap = InnerMap, I extends Int64 = Int64>
  extends SizedOptions<I> {
  type: 'hash_of_maps'
  key: K
  inner: M
}

/** A map like those that will be in another one, or the options to make one; the outer map does not keep it. */
export type InnerMap = BpfMap | CreateMapOptions

/** Linux 4.2, 4.8 for cgroups. */
export interface DescriptorArrayOptions<
  T extends 'prog_array' | 'cgroup_array' | 'xskmap' = 'prog_array' | 'cgroup_array' | 'xskmap',
> extends SizedOptions<Int64> {
  type: T
}

/** Linux 4.6. */
export interface StackTraceOptions<V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
  type: 'stack_trace'
  /**
   * `array(u64, n)` for stacks of n frames; with the flag `stackBuildId`, 32 bytes a frame. By default 127 frames; no more than
   * the system's `kernel.perf_event_max_stack`.
   */
  value?: V
}

/** Linux 4.14. */
export interface RedirectOptions<T extends 'devmap' | 'devmap_hash' = 'devmap' | 'devmap_hash'>
  extends SizedOptions<Int64> {
  type: T
  /** 8 bytes by default, which can name a program, too (Linux 5.8); `u32` for older kernels. */
  value?: Type
}

/** Linux 4.15. */
export interface CpuMapOptions extends CommonOptions<Int64> {
  type: 'cpumap'
  /** The number of possible CPUs by default. */
  maxEntries?: number
  /** 8 bytes by default, which can name a program, too (Linux 5.9); `u32` for older kernels. */
  value?: Type
}

/** Linux 4.14; 4.18 for hashes, 4.19 for groups of reuseport. */
export interface SocketArrayOptions<T extends 'sockmap' | 'reuseport_sockarray' = 'sockmap' | 'reuseport_sockarray'>
  extends SizedOptions<Int64> {
  type: T
  /** 8 bytes by default, so that the sockets' cookies can be read; `u32` otherwise. */
  value?: Type
}

export interface SockHashOptions<K extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
  type: 'sockhash'
  key: K
  /** 8 bytes by default, so that the sockets' cookies can be read; `u32` otherwise. */
  value?: Type
}

export type StorageType = 'sk_storage' | 'inode_storage' | 'task_storage' | 'cgrp_storage'

/** Linux 5.2 for sockets, 5.10 for inodes, 5.11 for tasks, 6.2 for cgroups. It grows as it has to. */
export interface StorageOptions<T extends StorageType = StorageType, V extends Type = Type, I extends Int64 = Int64>
  extends CommonOptions<I> {
  type: T
  value: V
}

export type OldStorageType = 'cgroup_storage' | 'percpu_cgroup_storage'

/** Linux 4.19, 4.20 for the per-CPU form. It has an entry for each cgroup that a program which uses it was attached to. */
export interface OldCgroupStorageOptions<
  T extends OldStorageType = OldStorageType,
  V extends Type = Type,
  I extends Int64 = Int64,
> extends CommonOptions<I> {
  type: T
  /** `struct({ cgroup_inode_id: u64, attach_type: u32 })` by default; `u64` for one entry for all attach types (Linux 5.9). */
  key?: Type
  value: V
}

/** Linux 4.3. */
export interface PerfEventArrayOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
  type: 'perf_event_array'
  /** The number of possible CPUs by default. */
  maxEntries?: number
  /** The records' type; bytes without it. */
  record?: R
}

/** Linux 5.8. */
export interface RingBufferOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
  type: 'ringbuf'
  /** Bytes: a power of two and a multiple of the page size. */
  maxEntries: number
  /** The records' type; bytes without it. */
  record?: R
}

/** Linux 6.1. */
export interface UserRingBufferOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
  type: 'user_ringbuf'
  /** Bytes: a power of two and a multiple of the page size. */
  maxEntries: number
  /** The records' type; bytes without it. */
  record?: R
}

/** Linux 6.9, on machines for which the kernel has a JIT. */
export interface ArenaOptions extends CommonOptions<Int64> {
  type: 'arena'
  /** Pages, at most 4 GiB. */
  maxEntries: number
}

/** Those of types that have no class of their own yet. */
export type OtherMapOptions = PerfEventArrayOptions

export type CreateMapOptions =
  | HashOptions
  | ArrayOptions
  | LpmTrieOptions
  | QueueOptions
  | BloomFilterOptions
  | ArrayOfMapsOptions
  | HashOfMapsOptions
  | DescriptorArrayOptions
  | RedirectOptions
  | CpuMapOptions
  | SocketArrayOptions
  | SockHashOptions
  | StackTraceOptions
  | RingBufferOptions
  | UserRingBufferOptions
  | ArenaOptions
  | StorageOptions
  | OldCgroupStorageOptions
  | OtherMapOptions
