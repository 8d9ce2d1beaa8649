/** A map's class follows its type. */
import { inspectBriefly } from '../arguments.ts'
import { type Codec, createCodec } from '../btf/codec.ts'
import { invalidArgument, ruleError } from '../errors.ts'
import { PerfBuffer } from '../events/perf-buffer.ts'
import type { RecordTypes } from '../events/record-map.ts'
import { RingBuffer } from '../events/ring-buffer.ts'
import { type RecordEncoders, UserRingBuffer } from '../events/user-ring-buffer.ts'
import { Arena } from './arena.ts'
import { ArrayMap } from './array-map.ts'
import { BloomFilter } from './bloom-filter.ts'
import { CgroupArray } from './cgroup-array.ts'
import { CpuMap } from './cpu-map.ts'
import { DeviceHashMap, DeviceMap } from './device-map.ts'
import { HashMap, LruHashMap } from './hash-map.ts'
import type { InnerDefinition } from './inner-definition.ts'
import { LpmTrie } from './lpm-trie.ts'
import { BpfMap, type MapInit } from './map.ts'
import { LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap } from './per-cpu.ts'
import { perCpuCodec } from './per-cpu-codec.ts'
import { ProgramArray } from './program-array.ts'
import { QueueMap, StackMap } from './queue.ts'
import { ReuseportSocketArray } from './socket-array.ts'
import { SockHash, SockMap } from './socket-map.ts'
import { StackTraceMap } from './stack-trace.ts'
import { CgroupStorage } from './storage-cgroup.ts'
import { InodeStorage } from './storage-inode.ts'
import { OldCgroupStorage, OldPerCpuCgroupStorage } from './storage-old-cgroup.ts'
import { SocketStorage } from './storage-socket.ts'
import { TaskStorage } from './storage-task.ts'
import { StructOpsMap } from './struct-ops.ts'
import { placeCodec } from './target-map.ts'
import { type MapType, mapTypeName } from './types.ts'
import { XskMap } from './xsk-map.ts'

/** Where the factory finds types; asked only for what the map's class needs. */
export interface MapTypes {
  key(): Codec<unknown>
  value(): Codec<unknown>
  records(): RecordTypes
  encoders(): RecordEncoders
  /** What maps in it are like, of a map of maps of which that is known. */
  inner?(): InnerDefinition | undefined
}

/** What makes the object for a map's handle. */
export type WrapMap = (init: MapInit, types: MapTypes) => BpfMap

/** Array indexes, whatever integer type the declaration names for them. */
export const indexCodec: Codec<number> = createCodec<number>(
  { kind: 'integer', name: '__u32', size: 4, signed: false },
  { int64: 'bigint', name: 'index' },
)

const placesOf = ({ info }: MapInit, argument?: string) => placeCodec(info.maxEntries, argument)

type MapMaker = (init: MapInit, types: MapTypes) => BpfMap

/** Each family's row. Types that are not here give a plain {@link BpfMap}, but for maps of maps (nested-factory.ts). */
const CLASSES: Readonly<Partial<Record<MapType, MapMaker>>> = {
  hash: (init, types) => new HashMap(init, types.key(), types.value()),
  lru_hash: (init, types) => new LruHashMap(init, types.key(), types.value()),
  rhash: (init, types) => new HashMap(init, types.key(), types.value()),
  array: (init, types) => new ArrayMap(init, indexCodec, types.value()),
  percpu_hash: (init, types) => new PerCpuHashMap(init, types.key(), perCpuCodec(types.value())),
  lru_percpu_hash: (init, types) => new LruPerCpuHashMap(init, types.key(), perCpuCodec(types.value())),
  percpu_array: (init, types) => new PerCpuArrayMap(init, indexCodec, perCpuCodec(types.value())),
  lpm_trie: (init, types) => new LpmTrie(init, types.key(), types.value()),
  queue: (init, types) => new QueueMap(init, types.value()),
  stack: (init, types) => new StackMap(init, types.value()),
  bloom_filter: (init, types) => new BloomFilter(init, types.value()),
  prog_array: (init) => new ProgramArray(init),
  stack_trace: (init) => new StackTraceMap(init),
  cgroup_array: (init) => new CgroupArray(init),
  devmap: (init) => new DeviceMap(init, placesOf(init)),
  devmap_hash: (init) => new DeviceHashMap(init, indexCodec),
  cpumap: (init) => new CpuMap(init, placesOf(init, 'cpu')),
  xskmap: (init) => new XskMap(init, placesOf(init)),
  sockmap: (init) => new SockMap(init, placesOf(init)),
  sockhash: (init, types) => new SockHash(init, types.key()),
  reuseport_sockarray: (init) => new ReuseportSocketArray(init, placesOf(init)),
  perf_event_array: (init, types) => new PerfBuffer(init, types.records()),
  ringbuf: (init, types) => new RingBuffer(init, types.records()),
  user_ringbuf: (init, types) => new UserRingBuffer(init, types.encoders()),
  arena: (init) => new Arena(init),
  sk_storage: (init, types) => new SocketStorage(init, types.value()),
  task_storage: (init, types) => new TaskStorage(init, types.value()),
  inode_storage: (init, types) => new InodeStorage(init, types.value()),
  cgrp_storage: (init, types) => new CgroupStorage(init, types.value()),
  cgroup_storage: (init, types) => new OldCgroupStorage(init, types.key(), types.value()),
  percpu_cgroup_storage: (init, types) => new OldPerCpuCgroupStorage(init, types.key(), perCpuCodec(types.value())),
  struct_ops: (init) => new StructOpsMap(init),
}

/** The object of a map that can be in a map of maps: of the class of its type. */
export function wrapMap(init: MapInit, types: MapTypes): BpfMap {
  const type = mapTypeName(init.info.type)
  const make = Object.hasOwn(CLASSES, type) ? CLASSES[type as MapType] : undefined
  return make === undefined ? new BpfMap(init) : make(init, types)
}

// biome-ignore lint/suspicious/noExplicitAny: any constructor at all, its arguments are never used
export type MapClass<M extends BpfMap> = abstract new (...args: any[]) => M

/**
 * The map as the class that the caller names.
 *
 * @throws EbpfError ERR_EBPF_MAP_CLASS when its type makes it another one
 */
export function narrow<M extends BpfMap>(map: BpfMap, expected: MapClass<M>): M {
  if (typeof expected !== 'function') {
    throw invalidArgument(`expected must be a class of maps such as HashMap, not ${inspectBriefly(expected)}`)
  }
  if (map instanceof expected) return map
  throw ruleError(
    'ERR_EBPF_MAP_CLASS',
    `map '${map.name}' is of type ${map.type}, a ${map.constructor.name}, not a ${expected.name}`,
    { operation: 'narrow', map: map.name },
  )
}
