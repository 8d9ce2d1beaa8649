import { inspectBriefly, nonEmptyString } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { Infer, Type } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import type { RingBuffer } from '../events/ring-buffer.ts'
import { type Int64, int64Of } from '../object-types.ts'
import { check, checkValue } from '../outcome.ts'
import type { ArrayMap } from './array-map.ts'
import { type CreateWishes, planMap } from './create-rules.ts'
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
  /** For a bloom filter: how many bits each value sets, 1 to 15; 5 by default. */
  hashFunctions?: number
}

export type CreateMapOptions = HashOptions | ArrayOptions | RingBufferOptions | OtherMapOptions

/**
 * Creates a map that belongs to no object, by explicit types: `createMap({ type: 'hash', key: u32, value: u64, maxEntries:
 * 1024 })`. It can replace a map of an object at load.
 *
 * @throws EbpfError with the kernel's code, such as EINVAL for a ring whose size is not a power of two
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
interface AnyOptions extends CreateWishes {
  record?: Type
  inner?: BpfMap | CreateMapOptions
  name?: string
  int64?: Int64
}

function create(options: CreateMapOptions): BpfMap {
  const wishes = options as AnyOptions
  const { type, record, inner } = wishes
  const plan = planMap(wishes)
  const types = schemaTypes({ key: plan.key, value: plan.value, record }, int64Of(options.int64))
  const name = options.name === undefined ? type : kernelName(options.name)
  const template = plan.rule.nested === undefined ? refuseInner(type, inner) : innerMap(type, inner)
  try {
    const handle = check(
      binding.mapCreate({
        type: mapTypeNumber(type),
        name,
        ...types.sizes,
        maxEntries: plan.maxEntries,
        flags: plan.flags,
        numaNode: plan.numaNode,
        mapExtra: plan.mapExtra,
        innerMap: template?.borrow('be the template of a map of maps') ?? 0,
        btf: 0,
        keyTypeId: 0,
        valueTypeId: 0,
      }),
      'bpf_map_create',
      { map: name },
    )
    return adopt(handle, name, (init) => wrapMap(init, types.ofMap(name, init.info)))
  } finally {
    if (template !== inner) template?.close()
  }
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
