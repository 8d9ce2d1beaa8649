import { inspectBriefly, nonEmptyString, optionsObject } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { Infer, InferInput, Type } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import type { RingBuffer } from '../events/ring-buffer.ts'
import type { UserRingBuffer } from '../events/user-ring-buffer.ts'
import type { NativeMapInfo } from '../native-object.ts'
import { type Int64, int64Of } from '../object-types.ts'
import { checkValue } from '../outcome.ts'
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
  QueueOptions,
  RedirectOptions,
  RingBufferOptions,
  SockHashOptions,
  SocketArrayOptions,
  StackTraceOptions,
  StorageOptions,
  UserRingBufferOptions,
} from './create-options.ts'
import { loadMapBtf } from './create-btf.ts'
import { creationError } from './create-refusal.ts'
import { type WantedMap, openOrPin } from './create-pinned.ts'
import { type CreatePlan, type CreateWishes, planMap } from './create-rules.ts'
import type { DeviceHashMap, DeviceMap } from './device-map.ts'
import { wrapMap } from './factory.ts'
import type { HashMap, LruHashMap } from './hash-map.ts'
import type { LpmTrie } from './lpm-trie.ts'
import type { InferKey } from './key-types.ts'
import { BpfMap, type MapInit } from './map.ts'
import type { ArrayOfMaps, HashOfMaps } from './nested.ts'
import type { LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap } from './per-cpu.ts'
import type { PrefixKey } from './prefix-codec.ts'
import type { ProgramArray } from './program-array.ts'
import type { QueueMap, StackMap } from './queue.ts'
import { schemaTypes } from './schema-types.ts'
import type { ReuseportSocketArray } from './socket-array.ts'
import type { SockHash, SockMap } from './socket-map.ts'
import type { StackTraceMap } from './stack-trace.ts'
import type { CgroupStorage } from './storage-cgroup.ts'
import type { InodeStorage } from './storage-inode.ts'
import type { OldCgroupStorage, OldPerCpuCgroupStorage } from './storage-old-cgroup.ts'
import type { SocketStorage } from './storage-socket.ts'
import type { TaskStorage } from './storage-task.ts'
import { mapTypeNumber } from './types.ts'
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
export function createMap(options: ArrayOfMapsOptions): ArrayOfMaps
export function createMap<K extends Type, I extends Int64 = 'bigint'>(
  options: HashOfMapsOptions<K, InnerMap, I>,
): HashOfMaps<InferKey<K, I>>
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
  return create(options)
}

/** Every option that some type of map takes. */
interface AnyOptions extends CreateWishes {
  record?: Type
  inner?: unknown
  name?: string
  int64?: Int64
  btf?: boolean
  pinPath?: string
}

function create(options: CreateMapOptions): BpfMap {
  const { type, record, inner, btf, pinPath, ...wishes } = knownOptions(options)
  const plan = planMap({ type, ...wishes })
  const types = schemaTypes(
    { key: plan.key, value: plan.value, record: recordType(type, record) },
    int64Of(wishes.int64),
  )
  const name = wishes.name === undefined ? type : kernelName(wishes.name)
  const wanted = { type, name, ...types.sizes, maxEntries: plan.maxEntries, flags: plan.flags, mapExtra: plan.mapExtra }
  const wrap = (handle: Handle): BpfMap => adopt(handle, name, (init) => wrapMap(init, types.ofMap(name, init.info)))
  const make = (): BpfMap => wrap(createHandle(wanted, plan, inner, btf))
  return pinPath === undefined ? make() : openOrPin(pinPath, wanted, make, wrap)
}

const OPTIONS: ReadonlySet<string> = new Set<keyof AnyOptions>([
  'type',
  'name',
  'key',
  'value',
  'record',
  'inner',
  'maxEntries',
  'hashFunctions',
  'flags',
  'numaNode',
  'int64',
  'btf',
  'pinPath',
])

/** A misspelt option would make another map than was meant. */
function knownOptions(options: CreateMapOptions): AnyOptions {
  for (const name of Object.keys(optionsObject(options))) {
    if (!OPTIONS.has(name)) {
      throw invalidArgument(`unknown option ${inspectBriefly(name)} of createMap: there are ${[...OPTIONS].join(', ')}`)
    }
  }
  return options
}

/** What the kernel takes only for the length of the call is closed after it. */
function createHandle(wanted: WantedMap, plan: CreatePlan, inner: unknown, wishForBtf: unknown): Handle {
  const { type, name } = wanted
  const template = plan.rule.nested === undefined ? refuseInner(type, inner) : innerMap(type, inner)
  try {
    const types = loadMapBtf(type, plan, wishForBtf)
    try {
      const made = binding.mapCreate({
        ...wanted,
        type: mapTypeNumber(type),
        numaNode: plan.numaNode,
        innerMap: template?.borrow('be the template of a map of maps') ?? 0,
        ...types,
      })
      if (made < 0) throw creationError(made, type, name, plan.rule)
      return made
    } finally {
      if (types.btf !== 0) binding.descriptorClose(types.btf)
    }
  } finally {
    if (template !== inner) template?.close()
  }
}

function recordType(type: string, record: Type | undefined): Type | undefined {
  if (record === undefined || type === 'ringbuf' || type === 'user_ringbuf' || type === 'perf_event_array')
    return record
  throw invalidArgument(`record does not apply: a map of type ${type} has no records`)
}

function refuseInner(type: string, inner: unknown): undefined {
  if (inner !== undefined) throw invalidArgument(`inner does not apply: a map of type ${type} holds no maps`)
}

/** A map like those that will be in it; the kernel looks at it only while it makes the outer one. */
function innerMap(type: string, inner: unknown): BpfMap {
  if (inner instanceof BpfMap) return inner
  if (typeof inner === 'object' && inner !== null) return create(inner as CreateMapOptions)
  throw invalidArgument(
    `inner must be a map like those that will be in a map of type ${type}, or the options to make one, not ${inspectBriefly(inner)}`,
  )
}

/** Makes the object for a new handle; the handle is closed when that fails. */
export function adopt(
  handle: Handle,
  name: string | undefined,
  wrap: (init: MapInit & { info: NativeMapInfo }) => BpfMap,
): BpfMap {
  try {
    const info = checkValue(binding.mapInfo(handle), 'bpf_map_get_info_by_fd', { map: name })
    return wrap({ handle, name: name ?? info.name, info })
  } catch (error) {
    binding.mapClose(handle)
    throw error
  }
}

/** BPF_OBJ_NAME_LEN of linux/bpf.h is 16, with the NUL. */
function kernelName(name: unknown): string {
  const text = nonEmptyString(name, 'name')
  if (/^[A-Za-z0-9_.]{1,15}$/.test(text)) return text
  throw invalidArgument(`name must be 1 to 15 letters, digits, '_' and '.', not ${inspectBriefly(text)}`)
}
