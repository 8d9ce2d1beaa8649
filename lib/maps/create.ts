import { inspectBriefly, nonEmptyString } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { Infer, Type } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import type { RingBuffer } from '../events/ring-buffer.ts'
import { type Int64, int64Of } from '../object-types.ts'
import { checkValue } from '../outcome.ts'
import type { ArrayMap } from './array-map.ts'
import { loadMapBtf } from './create-btf.ts'
import { creationError } from './create-refusal.ts'
import { type WantedMap, openOrPin } from './create-pinned.ts'
import { type CreatePlan, type CreateWishes, planMap } from './create-rules.ts'
import { wrapMap } from './factory.ts'
import type { HashMap, LruHashMap } from './hash-map.ts'
import type { MapFlag } from './flags.ts'
import { BpfMap } from './map.ts'
import type { LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap } from './per-cpu.ts'
import { schemaTypes } from './schema-types.ts'
import { type MapType, mapTypeNumber } from './types.ts'

interface CommonOptions<I extends Int64> {
  /** Name in the kernel, at most 15 letters, digits, `_` and `.`; the map's type by default. */
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
  /** Entries; for a ring buffer, bytes: a power of two and a multiple of the page size. */
  maxEntries: number
}

type HashType = 'hash' | 'rhash' | 'lru_hash' | 'percpu_hash' | 'lru_percpu_hash'

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

export interface RingBufferOptions<R extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
  type: 'ringbuf'
  /** The records' type; bytes without it. */
  record?: R
}

/** Map types that have no options of their own. */
type OtherMapType = Exclude<
  MapType,
  HashOptions['type'] | ArrayOptions['type'] | RingBufferOptions['type'] | 'unspec' | 'struct_ops' | 'insn_array'
>

export interface OtherMapOptions extends CommonOptions<Int64> {
  type: OtherMapType
  /** Where keys are not indexes, and not the kernel's own. */
  key?: Type
  /** Where values are not descriptors or the kernel's own. */
  value?: Type
  /**
   * Entries; for a user ring buffer, bytes: a power of two and a multiple of the page size; for an arena, pages; for a
   * perf event array and a cpumap, the number of possible CPUs by default. None for storages, which grow as they have to.
   */
  maxEntries?: number
  /** For a map of maps: a map like those that will be in it, or the options to make one. */
  inner?: BpfMap | CreateMapOptions
  /** For a user ring buffer and a perf event array: the records' type; bytes without it. */
  record?: Type
  /** For a bloom filter: how many bits each value sets, 1 to 15; 5 by default. */
  hashFunctions?: number
}

export type CreateMapOptions = HashOptions | ArrayOptions | RingBufferOptions | OtherMapOptions

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
): HashMap<Infer<K, I>, Infer<V, I>>
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'lru_hash', K, V, I>,
): LruHashMap<Infer<K, I>, Infer<V, I>>
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'percpu_hash', K, V, I>,
): PerCpuHashMap<Infer<K, I>, Infer<V, I>>
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'lru_percpu_hash', K, V, I>,
): LruPerCpuHashMap<Infer<K, I>, Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: ArrayOptions<'array', V, I>,
): ArrayMap<Infer<V, I>>
export function createMap<V extends Type, I extends Int64 = 'bigint'>(
  options: ArrayOptions<'percpu_array', V, I>,
): PerCpuArrayMap<Infer<V, I>>
export function createMap<R extends Type, I extends Int64 = 'bigint'>(
  options: RingBufferOptions<R, I> & { record: R },
): RingBuffer<Infer<R, I>>
export function createMap(options: RingBufferOptions & { record?: never }): RingBuffer<Uint8Array>
export function createMap(options: OtherMapOptions): BpfMap
export function createMap(options: CreateMapOptions): BpfMap {
  return create(options)
}

/** Every option that some type of map takes. */
interface AnyOptions extends CommonOptions<Int64>, CreateWishes {
  record?: Type
  inner?: BpfMap | CreateMapOptions
}

function create(options: CreateMapOptions): BpfMap {
  const { type, record, inner, btf, pinPath, ...wishes } = options as AnyOptions
  const plan = planMap({ type, ...wishes })
  const types = schemaTypes(
    { key: plan.key, value: plan.value, record: recordType(type, record) },
    int64Of(wishes.int64),
  )
  const name = wishes.name === undefined ? type : kernelName(wishes.name)
  const wanted = { type, name, ...types.sizes, maxEntries: plan.maxEntries, flags: plan.flags, mapExtra: plan.mapExtra }
  const make = (): Handle => createHandle(wanted, plan, inner, btf)
  const handle = pinPath === undefined ? make() : openOrPin(pinPath, wanted, make)
  return adopt(handle, name, (init) => wrapMap(init, types.ofMap(name, init.info)))
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
  wrap: (init: Parameters<typeof wrapMap>[0]) => BpfMap,
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
