/** Maps of an object -> their classes in TypeScript, with the types of what is in them. */
import { type DeclaredInnerMap, declaredInnerMap } from '../btf/inner-map.ts'
import { checkLayout } from '../btf/layout-check.ts'
import type { Layout } from '../btf/layout.ts'
import { areAddresses } from '../maps/prefix-codec.ts'
import { type MapType, mapTypeName } from '../maps/types.ts'
import type { NativeMapDescription } from '../native-object.ts'
import { bytesLayout, type ObjectTypes } from '../object-types.ts'
import { pascalCase } from './names.ts'
import { commented, type TypeExpression } from './text.ts'
import type { ValueTypes } from './value-types.ts'

/** A map's type, and what is to be said of it. */
export interface MapText {
  readonly type: TypeExpression
  readonly notes: readonly string[]
}

/** A type that cannot be used says why. */
type Part = Layout | Error | undefined

interface Parts {
  readonly name: string
  readonly keySize: number
  readonly maxEntries: number
  key(): Part
  value(): Part
  record(): Part
}

interface Context {
  readonly values: ValueTypes
  readonly parts: Parts
  readonly notes: string[]
}

/** What a class is called, and what its type parameters are. */
interface Row {
  readonly class: string
  readonly arguments?: readonly ((context: Context) => string)[]
}

const key = ({ values, parts, notes }: Context): string => {
  const layout = parts.key()
  if (isUsable(layout)) return values.key(layout, [pascalCase(parts.name), 'Key'])
  notes.push(`Keys are bytes: ${reasonOf(layout)}.`)
  return 'Uint8Array'
}

const prefix = ({ parts }: Context): string => {
  const layout = parts.key()
  return areAddresses(parts.keySize, isUsable(layout) ? layout : undefined) ? 'string' : 'Prefix'
}

const value = ({ values, parts, notes }: Context): string => {
  const layout = parts.value()
  if (isUsable(layout)) return values.of(layout, [pascalCase(parts.name), 'Value'])
  notes.push(`Values cannot be decoded, only read with { raw: true }: ${reasonOf(layout)}.`)
  return 'never'
}

const record =
  (macro: (parts: Parts) => string) =>
  ({ values, parts, notes }: Context): string => {
    const layout = parts.record()
    if (layout === undefined) {
      notes.push(`Records are bytes. For typed ones declare it by: ${commented(macro(parts))}, struct type);`)
      return 'Uint8Array'
    }
    try {
      if (isUsable(layout)) return values.records(layout, parts.name)
      notes.push(`Records cannot be decoded, only read by raw(): ${reasonOf(layout)}.`)
    } catch (error) {
      notes.push(`Records cannot be decoded, only read by raw(): ${reasonOf(error)}.`)
    }
    return 'never'
  }

const entries: Row['arguments'] = [key, value]

/** As `CLASSES` of maps/factory.ts; types that are not here give a plain `BpfMap` there, too. */
const ROWS: Readonly<Partial<Record<MapType, Row>>> = {
  hash: { class: 'HashMap', arguments: entries },
  lru_hash: { class: 'LruHashMap', arguments: entries },
  rhash: { class: 'HashMap', arguments: entries },
  array: { class: 'ArrayMap', arguments: [value] },
  percpu_hash: { class: 'PerCpuHashMap', arguments: entries },
  lru_percpu_hash: { class: 'LruPerCpuHashMap', arguments: entries },
  percpu_array: { class: 'PerCpuArrayMap', arguments: [value] },
  lpm_trie: { class: 'LpmTrie', arguments: [prefix, value] },
  queue: { class: 'QueueMap', arguments: [value] },
  stack: { class: 'StackMap', arguments: [value] },
  bloom_filter: { class: 'BloomFilter', arguments: [value] },
  prog_array: { class: 'ProgramArray' },
  stack_trace: { class: 'StackTraceMap' },
  cgroup_array: { class: 'CgroupArray' },
  devmap: { class: 'DeviceMap' },
  devmap_hash: { class: 'DeviceHashMap' },
  cpumap: { class: 'CpuMap' },
  xskmap: { class: 'XskMap' },
  sockmap: { class: 'SockMap' },
  sockhash: { class: 'SockHash', arguments: [key] },
  reuseport_sockarray: { class: 'ReuseportSocketArray' },
  perf_event_array: { class: 'PerfBuffer', arguments: [record(({ name }) => `EBPF_PERF_BUFFER(${name}`)] },
  ringbuf: {
    class: 'RingBuffer',
    arguments: [record(({ name, maxEntries }) => `EBPF_RINGBUF(${name}, ${maxEntries}`)],
  },
  user_ringbuf: {
    class: 'UserRingBuffer',
    arguments: [record(({ name, maxEntries }) => `EBPF_USER_RINGBUF(${name}, ${maxEntries}`)],
  },
  arena: { class: 'Arena' },
  sk_storage: { class: 'SocketStorage', arguments: [value] },
  task_storage: { class: 'TaskStorage', arguments: [value] },
  inode_storage: { class: 'InodeStorage', arguments: [value] },
  cgrp_storage: { class: 'CgroupStorage', arguments: [value] },
  cgroup_storage: { class: 'OldCgroupStorage', arguments: [value] },
  percpu_cgroup_storage: { class: 'OldPerCpuCgroupStorage', arguments: [value] },
  struct_ops: { class: 'StructOpsMap' },
}

/** All names that the types of maps may be made of. */
export const MAP_CLASSES: readonly string[] = [
  ...Object.values(ROWS).map((row) => row.class),
  ...['ArrayOfMaps', 'HashOfMaps', 'BpfMap', 'Prefix'],
]

/** The class of a map of an object, as the map factory makes it. */
export function mapText(map: NativeMapDescription, types: ObjectTypes, values: ValueTypes): MapText {
  const { name, keySize, valueSize, maxEntries, keyTypeId, valueTypeId } = map
  const parts: Parts = {
    name,
    keySize,
    maxEntries,
    key: () => usable(() => types.entryLayout(keyTypeId, keySize)),
    value: () => usable(() => types.entryLayout(valueTypeId, valueSize)),
    record: () => usable(() => types.recordLayout(name)),
  }
  const type = mapTypeName(map.type)
  const notes: string[] = []
  if (type === 'array_of_maps' || type === 'hash_of_maps') {
    const inner = innerType(name, types, values, notes)
    const class_ = type === 'array_of_maps' ? 'ArrayOfMaps' : 'HashOfMaps'
    const arguments_ = type === 'array_of_maps' ? [inner] : [key({ values, parts, notes }), inner]
    return { type: { name: class_, arguments: arguments_ }, notes }
  }
  return { type: classType(type, { values, parts, notes }), notes }
}

function classType(type: string, context: Context): TypeExpression {
  const row = Object.hasOwn(ROWS, type) ? ROWS[type as MapType] : undefined
  if (row === undefined) return { name: 'BpfMap', arguments: [] }
  return { name: row.class, arguments: (row.arguments ?? []).map((argument) => argument(context)) }
}

function innerType(outer: string, types: ObjectTypes, values: ValueTypes, notes: string[]): TypeExpression {
  let declared: DeclaredInnerMap | undefined
  try {
    declared = types.btf && declaredInnerMap(types.btf, outer)
  } catch (error) {
    notes.push(`Maps in it cannot be opened by their declaration: ${reasonOf(error)}.`)
  }
  if (declared === undefined) return { name: 'BpfMap', arguments: [] }
  const { type, keySize, valueSize, maxEntries, key, value, record } = declared
  const parts: Parts = {
    name: `${outer}_inner`,
    keySize: key?.layout.size ?? keySize,
    maxEntries,
    key: () => usable(() => key?.layout ?? bytesLayout(keySize)),
    value: () => usable(() => value?.layout ?? bytesLayout(valueSize)),
    record: () => usable(() => record?.layout),
  }
  return classType(mapTypeName(type), { values, parts, notes })
}

/** What a codec can be made for. */
function usable(find: () => Layout | undefined): Part {
  try {
    const layout = find()
    if (layout !== undefined) checkLayout(layout)
    return layout
  } catch (error) {
    return error as Error
  }
}

function isUsable(part: Part): part is Layout {
  return part !== undefined && !(part instanceof Error)
}

function reasonOf(error: unknown): string {
  return commented(error instanceof Error ? error.message : 'its type is not known')
}
