/** A map's class follows its type. */
import { inspectBriefly } from '../arguments.ts'
import { type Codec, createCodec } from '../btf/codec.ts'
import { invalidArgument, ruleError } from '../errors.ts'
import { RingBuffer, type RecordTypes } from '../events/ring-buffer.ts'
import { ArrayMap } from './array-map.ts'
import { HashMap, LruHashMap } from './hash-map.ts'
import { BpfMap, type MapInit } from './map.ts'
import { LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap, perCpuCodec } from './per-cpu.ts'
import { StructOpsMap } from './struct-ops.ts'
import { mapTypeName } from './types.ts'

/** Where the factory finds types; asked only for what the map's class needs. */
export interface MapTypes {
  key(): Codec<unknown>
  value(): Codec<unknown>
  records(): RecordTypes
}

/** Array indexes, whatever integer type the declaration names for them. */
const indexCodec: Codec<number> = createCodec<number>(
  { kind: 'integer', name: '__u32', size: 4, signed: false },
  { int64: 'bigint', name: 'index' },
)

/** The object for a map's handle. Types without a class of their own give a plain {@link BpfMap}. */
export function wrapMap(init: MapInit, types: MapTypes): BpfMap {
  const type = mapTypeName(init.info.type)
  const value = (): Codec<unknown> => types.value()
  const perCpu = (): Codec<unknown[]> => perCpuCodec(types.value())
  switch (type) {
    case 'hash':
      return new HashMap(init, types.key(), value())
    case 'lru_hash':
      return new LruHashMap(init, types.key(), value())
    case 'array':
      return new ArrayMap(init, indexCodec, value())
    case 'percpu_hash':
      return new PerCpuHashMap(init, types.key(), perCpu())
    case 'lru_percpu_hash':
      return new LruPerCpuHashMap(init, types.key(), perCpu())
    case 'percpu_array':
      return new PerCpuArrayMap(init, indexCodec, perCpu())
    case 'ringbuf':
      return new RingBuffer(init, types.records())
    case 'struct_ops':
      return new StructOpsMap(init)
    default:
      return new BpfMap(init)
  }
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
