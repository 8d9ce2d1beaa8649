import { inspectBriefly, integer, nonEmptyString, unsigned64 } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { Infer, Type } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import type { RingBuffer } from '../events/ring-buffer.ts'
import { type Int64, int64Of } from '../object-types.ts'
import { check, checkValue } from '../outcome.ts'
import type { ArrayMap } from './array-map.ts'
import { wrapMap } from './factory.ts'
import type { HashMap, LruHashMap } from './hash-map.ts'
import type { BpfMap } from './map.ts'
import type { LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap } from './per-cpu.ts'
import { schemaTypes } from './schema-types.ts'
import { mapTypeNumber } from './types.ts'

interface CommonOptions<I extends Int64> {
  /** Entries; for a ring buffer, bytes: a power of two and a multiple of the page size. */
  maxEntries: number
  /** Name in the kernel, at most 15 letters, digits, `_` and `.`; the map's type by default. */
  name?: string
  /** BPF_F_* of linux/bpf.h. */
  flags?: number
  /** Memory node, with BPF_F_NUMA_NODE set by itself. */
  numaNode?: number
  /** How 64-bit integers come; `bigint`, exact, by default. */
  int64?: I
}

export interface HashOptions<
  T extends 'hash' | 'lru_hash' | 'percpu_hash' | 'lru_percpu_hash' =
    | 'hash'
    | 'lru_hash'
    | 'percpu_hash'
    | 'lru_percpu_hash',
  K extends Type = Type,
  V extends Type = Type,
  I extends Int64 = Int64,
> extends CommonOptions<I> {
  type: T
  key: K
  value: V
}

export interface ArrayOptions<
  T extends 'array' | 'percpu_array' = 'array' | 'percpu_array',
  V extends Type = Type,
  I extends Int64 = Int64,
> extends CommonOptions<I> {
  type: T
  value: V
}

export interface RingBufferOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
  type: 'ringbuf'
  /** The records' type; bytes without it. */
  record?: R
}

export type CreateMapOptions = HashOptions | ArrayOptions | RingBufferOptions

/** BPF_F_NUMA_NODE of linux/bpf.h. */
const NUMA_NODE_FLAG = 1 << 2

/**
 * Creates a map that belongs to no object, by explicit types: `createMap({ type: 'hash', key: u32, value: u64, maxEntries:
 * 1024 })`. It can replace a map of an object at load.
 *
 * @throws EbpfError with the kernel's code, such as EINVAL for a ring whose size is not a power of two
 */
export function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(
  options: HashOptions<'hash', K, V, I>,
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
export function createMap(options: CreateMapOptions): BpfMap {
  const { type } = options
  requireTypes(options)
  const types = schemaTypes(options, int64Of(options.int64))
  const sizes = types.sizes
  const number = mapTypeNumber(type)
  if (number < 0) throw invalidArgument(`type must be a map type such as 'hash', not ${inspectBriefly(type)}`)
  const name = options.name === undefined ? type : kernelName(options.name)
  const names = { map: name }
  const flags = integer(options.flags ?? 0, 'flags', 0, 0xffff_ffff)
  const handle = check(
    binding.mapCreate({
      type: number,
      name,
      ...sizes,
      maxEntries: integer(options.maxEntries, 'maxEntries', 1, 0xffff_ffff),
      flags: options.numaNode === undefined ? flags : (flags | NUMA_NODE_FLAG) >>> 0,
      numaNode: integer(options.numaNode ?? 0, 'numaNode', 0, 0x7fff_ffff),
      mapExtra: unsigned64(0, 'mapExtra'),
    }),
    'bpf_map_create',
    names,
  )
  return adopt(handle, name, (init) => wrapMap(init, types.ofMap(name, init.info)))
}

/** The kernel would only say EINVAL of a key or a value without a size. */
function requireTypes({ type, key, value }: { type: string; key?: Type; value?: Type }): void {
  const isHash = ['hash', 'lru_hash', 'percpu_hash', 'lru_percpu_hash'].includes(type)
  const isArray = ['array', 'percpu_array'].includes(type)
  const missing = isHash && key === undefined ? 'key' : (isHash || isArray) && value === undefined ? 'value' : undefined
  if (missing !== undefined) {
    throw invalidArgument(
      `${missing} is missing: a map of type ${type} needs a type for it, such as u32 or struct({ … })`,
    )
  }
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
