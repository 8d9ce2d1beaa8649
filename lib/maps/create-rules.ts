/** What the kernel wants of a new map, by its type. Sources: the `map_alloc_check` of each type in kernel/bpf and net. */
import { inspectBriefly, integer, unsigned64 } from '../arguments.ts'
import { type Type, array, bytes, i32, struct, u32, u64 } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import { possibleCpus } from '../system/cpus.ts'
import { MAP_FLAGS, type MapFlag, mapFlags } from './flags.ts'
import type { MapType } from './types.ts'

/** How a map of one type is made. */
export interface CreateRule {
  /** Type of its keys: the caller's, or always this one; absent for a map without keys. */
  readonly key?: 'given' | Type
  /** Type of its values: the caller's, or this one; absent for a map without values. */
  readonly value?: 'given' | Type | ((flags: number) => Type)
  /** Bytes that a value may have where the kernel takes no others. */
  readonly valueSizes?: readonly number[]
  /** Flags that the kernel insists on: set by themselves. */
  readonly flags?: number
  /** How many entries where the caller does not say: `none` for a map that has no number of them. */
  readonly entries?: 'none' | 'cpus'
  /** It holds maps like another one. */
  readonly nested?: true
  /** Which of its types the kernel takes as BTF; none where this is absent. */
  readonly btf?: 'optional' | 'required' | 'value'
  /** Why nobody can make one by itself. */
  readonly refusal?: string
}

/** As many frames as the kernel allows before somebody raises kernel.perf_event_max_stack. */
const STACK_FRAMES = 127

const hash: CreateRule = { key: 'given', value: 'given', btf: 'optional' }
const indexed: CreateRule = { key: u32, value: 'given', btf: 'optional' }
const descriptors: CreateRule = { key: u32, value: u32, valueSizes: [4] }
/** Eight bytes: an interface and a program, or a processor's queue and a program. */
const redirects: CreateRule = { key: u32, value: struct({ target: u32, program: u32 }), valueSizes: [4, 8] }
/** Eight bytes, so that the sockets can be told apart when they are read: by their cookies. */
const sockets: CreateRule = { key: u32, value: u64, valueSizes: [4, 8] }
const storage: CreateRule = {
  key: i32,
  value: 'given',
  flags: MAP_FLAGS.noPreallocation,
  entries: 'none',
  btf: 'required',
}
const cgroupStorage: CreateRule = { key: 'given', value: 'given', entries: 'none', btf: 'optional' }
const list: CreateRule = { value: 'given' }

export const CREATE_RULES: Readonly<Record<Exclude<MapType, 'unspec'>, CreateRule>> = {
  hash,
  lru_hash: hash,
  percpu_hash: hash,
  lru_percpu_hash: hash,
  rhash: { ...hash, flags: MAP_FLAGS.noPreallocation },
  array: indexed,
  percpu_array: indexed,
  lpm_trie: { ...hash, flags: MAP_FLAGS.noPreallocation },
  prog_array: descriptors,
  perf_event_array: { ...descriptors, entries: 'cpus' },
  cgroup_array: descriptors,
  array_of_maps: { ...descriptors, nested: true },
  hash_of_maps: { ...descriptors, key: 'given', nested: true },
  stack_trace: { key: u32, value: stackType },
  queue: list,
  stack: list,
  bloom_filter: { value: 'given', btf: 'value' },
  devmap: redirects,
  devmap_hash: redirects,
  cpumap: { ...redirects, entries: 'cpus' },
  xskmap: descriptors,
  sockmap: sockets,
  sockhash: { ...sockets, key: 'given' },
  reuseport_sockarray: sockets,
  cgroup_storage: cgroupStorage,
  percpu_cgroup_storage: cgroupStorage,
  sk_storage: storage,
  inode_storage: storage,
  task_storage: storage,
  cgrp_storage: storage,
  ringbuf: {},
  user_ringbuf: {},
  arena: { flags: MAP_FLAGS.mmapable },
  struct_ops: { refusal: 'the kernel makes one only for the type of an object: declare it in SEC(".struct_ops")' },
  insn_array: { refusal: 'libbpf makes it for the jump tables of an object, which it also fills' },
}

/** A frame is an address, or with BPF_F_STACK_BUILD_ID `struct bpf_stack_build_id`: where in which file. */
function stackType(flags: number): Type {
  const frame = struct({ status: i32, buildId: bytes(20), offset: u64 })
  return (flags & MAP_FLAGS.stackBuildId) === 0 ? array(u64, STACK_FRAMES) : array(frame, STACK_FRAMES)
}

/** What a caller says of a map to be made, of whatever type it is. */
export interface CreateWishes {
  type: MapType
  key?: Type | undefined
  value?: Type | undefined
  maxEntries?: number | undefined
  flags?: number | readonly MapFlag[] | undefined
  numaNode?: number | undefined
  hashFunctions?: number | undefined
}

/** What the kernel is asked for. */
export interface CreatePlan {
  readonly rule: CreateRule
  readonly key: Type | undefined
  readonly value: Type | undefined
  readonly maxEntries: number
  readonly flags: number
  readonly numaNode: number
  readonly mapExtra: bigint
}

const U32_MAX = 0xffff_ffff

/**
 * Holds the wishes against the rule of their type.
 *
 * @throws TypeError or RangeError that says what the kernel would only call EINVAL
 */
export function planMap(wishes: CreateWishes): CreatePlan {
  const { type } = wishes
  const rule = ruleOf(type)
  const chosen = mapFlags(wishes.flags ?? 0)
  const node = wishes.numaNode === undefined ? 0 : MAP_FLAGS.numaNode
  const flags = (chosen | node | (rule.flags ?? 0)) >>> 0
  return {
    rule,
    key: partType('key', rule.key, wishes.key, type),
    value: valueType(rule, wishes, flags),
    maxEntries: entriesOf(rule, wishes),
    flags,
    numaNode: integer(wishes.numaNode ?? 0, 'numaNode', 0, 0x7fff_ffff),
    mapExtra: unsigned64(hashFunctionsOf(wishes), 'hashFunctions'),
  }
}

function ruleOf(type: unknown): CreateRule {
  if (typeof type !== 'string' || !Object.hasOwn(CREATE_RULES, type)) {
    throw invalidArgument(`type must be a map type such as 'hash', not ${inspectBriefly(type)}`)
  }
  const rule = CREATE_RULES[type as keyof typeof CREATE_RULES]
  if (rule.refusal !== undefined) {
    throw invalidArgument(`a map of type ${type} cannot be created by itself: ${rule.refusal}`)
  }
  return rule
}

function valueType(rule: CreateRule, { type, value }: CreateWishes, flags: number): Type | undefined {
  const declared = typeof rule.value === 'function' ? rule.value(flags) : rule.value
  const { valueSizes } = rule
  if (valueSizes === undefined) return partType('value', declared, value, type, typeof rule.value === 'function')
  const size = value?.layout?.size
  if (value !== undefined && size !== undefined && !valueSizes.includes(size)) {
    throw invalidArgument(`value has ${size} bytes: a map of type ${type} has values of ${valueSizes.join(' or ')}`)
  }
  return value ?? (declared as Type)
}

function partType(
  part: 'key' | 'value',
  declared: 'given' | Type | undefined,
  wish: Type | undefined,
  type: string,
  anySize: boolean = false,
): Type | undefined {
  if (declared === undefined) {
    if (wish === undefined) return undefined
    throw invalidArgument(`${part} does not apply: a map of type ${type} has no ${part}s`)
  }
  if (declared === 'given' && wish === undefined) {
    throw invalidArgument(`${part} is missing: a map of type ${type} needs a type for it, such as u32 or struct({ … })`)
  }
  const size = wish?.layout?.size
  if (size === 0) {
    throw invalidArgument(`${part} has no bytes: the kernel has no maps of empty ${part}s; use u8`)
  }
  if (declared !== 'given' && !anySize && size !== undefined && size !== declared.layout.size) {
    throw invalidArgument(`${part} has ${size} bytes: a map of type ${type} has ${part}s of ${declared.layout.size}`)
  }
  return wish ?? (declared as Type)
}

function entriesOf({ entries }: CreateRule, { type, maxEntries }: CreateWishes): number {
  if (entries === 'none') {
    if (maxEntries === undefined) return 0
    throw invalidArgument(`maxEntries does not apply: a map of type ${type} grows as it has to`)
  }
  return integer(maxEntries ?? (entries === 'cpus' ? possibleCpus() : maxEntries), 'maxEntries', 1, U32_MAX)
}

/** The low four bits of a bloom filter's map_extra; 0 is the kernel's own choice of 5. */
function hashFunctionsOf({ type, hashFunctions }: CreateWishes): number {
  if (hashFunctions === undefined) return 0
  if (type === 'bloom_filter') return integer(hashFunctions, 'hashFunctions', 1, 15)
  throw invalidArgument(`hashFunctions does not apply: only a bloom_filter has them, and this is a map of type ${type}`)
}
