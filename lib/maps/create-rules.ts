/** What the kernel wants of a new map, by its type. Sources: the `map_alloc_check` of each type in kernel/bpf and net. */
import { inspectBriefly, integer, unsigned64 } from '../arguments.ts'
import { type Type, array, bytes, i32, struct, u32, u64 } from '../btf/schema.ts'
import type { Field, Layout } from '../btf/layout.ts'
import { invalidArgument } from '../errors.ts'
import { possibleCpus } from '../system/cpus.ts'
import { MAP_FLAGS, type MapFlag, mapFlags } from './flags.ts'
import { layoutOfSchema } from './schema-types.ts'
import type { MapType } from './types.ts'

/** How a map of one type is made. */
export interface CreateRule {
  /** Type of its keys: the caller's, or always this one; absent for a map without keys. */
  readonly key?: 'given' | Type
  /** Type of its values: the caller's, or this one; absent for a map without values. */
  readonly value?: 'given' | Type | ((flags: number) => Type)
  /** Bytes that a key or a value may have where the kernel takes several sizes and no others. */
  readonly keySizes?: readonly number[]
  readonly valueSizes?: readonly number[]
  /** Flags that the kernel insists on: set by themselves. */
  readonly flags?: number
  /** How many entries where the caller does not say: `none` for a map that has no number of them. */
  readonly entries?: 'none' | 'cpus'
  /** It holds maps like another one. */
  readonly nested?: true
  /**
   * Which of its types the kernel takes as BTF; none where this is absent: those types are refused with ENOTSUPP (the list
   * is libbpf's, too: bpf_object__create_map).
   */
  readonly btf?: 'optional' | 'required' | 'value'
  /** Which keys it takes BTF of, where that is not any; in words, too. */
  readonly btfKey?: (layout: Layout) => boolean
  readonly btfKeyText?: string
  /** Which kernels have the type, where not all have that this library is for. */
  readonly kernel?: KernelNeed
  /** What the kernel wants besides, where it would only say EINVAL or the like. */
  readonly hint?: string
  /** Why nobody can make one by itself. */
  readonly refusal?: string
}

/** What a kernel must be to have a map type. */
export interface KernelNeed {
  /** The first Linux that has it. */
  readonly since: string
  /** A function of the kernel that is there exactly where the type is. */
  readonly evidence: string
  /** What the kernel may be built without. */
  readonly config?: string
}

/** As many frames as the kernel allows before somebody raises kernel.perf_event_max_stack. */
const STACK_FRAMES = 127

const RING_HINT = 'maxEntries is the size in bytes: a power of two, and a multiple of the page size.'
const NESTED_HINT = 'Maps of maps, of programs, of struct_ops and storages of cgroups cannot be in a map.'

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
  hint: 'Values have at most 64 KiB, less some hundred bytes that the kernel keeps with each.',
}
/** `struct bpf_cgroup_storage_key` of linux/bpf.h. The kernel also takes its first member alone, since 5.9. */
const cgroupStorage: CreateRule = {
  key: struct({ cgroup_inode_id: u64, attach_type: u32 }),
  keySizes: [8, 16],
  value: 'given',
  entries: 'none',
  btf: 'optional',
  btfKey: isCgroupStorageKey,
  btfKeyText: 'u64 or struct({ cgroup_inode_id: u64, attach_type: u32 })',
}
const list: CreateRule = { value: 'given' }

export const CREATE_RULES: Readonly<Record<Exclude<MapType, 'unspec'>, CreateRule>> = {
  hash,
  lru_hash: hash,
  percpu_hash: hash,
  lru_percpu_hash: hash,
  rhash: { ...hash, flags: MAP_FLAGS.noPreallocation, kernel: { since: '7.2', evidence: 'rhtab_map_alloc' } },
  array: indexed,
  percpu_array: indexed,
  lpm_trie: {
    ...hash,
    flags: MAP_FLAGS.noPreallocation,
    btfKey: ({ kind }) => kind === 'struct',
    btfKeyText: 'a struct',
    hint: 'Keys are 4 bytes of the length of the prefix and 1 to 256 bytes of data.',
  },
  prog_array: descriptors,
  perf_event_array: { ...descriptors, entries: 'cpus' },
  cgroup_array: descriptors,
  array_of_maps: { ...descriptors, nested: true, hint: NESTED_HINT },
  hash_of_maps: { ...descriptors, key: 'given', nested: true, hint: NESTED_HINT },
  stack_trace: {
    key: u32,
    value: stackType,
    hint: 'Values are 8 bytes for each frame, 32 with stackBuildId, of as many frames as kernel.perf_event_max_stack allows.',
  },
  queue: list,
  stack: list,
  bloom_filter: { value: 'given', btf: 'value', kernel: { since: '5.16', evidence: 'bloom_map_alloc' } },
  devmap: redirects,
  devmap_hash: redirects,
  cpumap: {
    ...redirects,
    entries: 'cpus',
    hint: 'maxEntries cannot be more than the CPUs that the kernel is built for (CONFIG_NR_CPUS).',
  },
  xskmap: { ...descriptors, kernel: { since: '4.18', evidence: 'xsk_map_alloc', config: 'CONFIG_XDP_SOCKETS' } },
  sockmap: sockets,
  sockhash: { ...sockets, key: 'given' },
  reuseport_sockarray: sockets,
  cgroup_storage: cgroupStorage,
  percpu_cgroup_storage: cgroupStorage,
  sk_storage: storage,
  inode_storage: {
    ...storage,
    kernel: { since: '5.10', evidence: 'inode_storage_map_alloc', config: 'CONFIG_BPF_LSM' },
  },
  task_storage: { ...storage, kernel: { since: '5.11', evidence: 'task_storage_map_alloc' } },
  cgrp_storage: { ...storage, kernel: { since: '6.2', evidence: 'bpf_cgrp_storage_free', config: 'CONFIG_CGROUPS' } },
  ringbuf: { hint: RING_HINT },
  user_ringbuf: { hint: RING_HINT, kernel: { since: '6.1', evidence: 'bpf_user_ringbuf_drain' } },
  arena: {
    hint: 'An arena is a number of pages, at most 4 GiB of them, and needs a kernel whose JIT knows arenas.',
    flags: MAP_FLAGS.mmapable,
    kernel: { since: '6.9', evidence: 'arena_map_alloc', config: 'CONFIG_MMU' },
  },
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
  key?: Type
  value?: Type
  maxEntries?: number
  flags?: number | readonly MapFlag[]
  numaNode?: number
  hashFunctions?: number
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
    key: partType('key', rule.key, wishes.key, type, rule.keySizes),
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

function valueType(rule: CreateRule, wishes: CreateWishes, flags: number): Type | undefined {
  if (typeof rule.value !== 'function') return partType('value', rule.value, wishes.value, wishes.type, rule.valueSizes)
  return partType(
    'value',
    wishes.value === undefined ? rule.value(flags) : 'given',
    wishes.value,
    wishes.type,
    undefined,
  )
}

function partType(
  part: 'key' | 'value',
  declared: 'given' | Type | undefined,
  wish: Type | undefined,
  type: string,
  several: readonly number[] | undefined,
): Type | undefined {
  if (declared === undefined) {
    if (wish === undefined) return undefined
    throw invalidArgument(`${part} does not apply: a map of type ${type} has no ${part}s`)
  }
  if (wish === undefined) {
    if (declared !== 'given') return declared
    throw invalidArgument(`${part} is missing: a map of type ${type} needs a type for it, such as u32 or struct({ … })`)
  }
  const size = layoutOfSchema(wish, part).size
  if (size === 0) throw invalidArgument(`${part} has no bytes: the kernel has no maps of empty ${part}s; use u8`)
  const sizes = declared === 'given' ? undefined : (several ?? [declared.layout.size])
  if (sizes === undefined || sizes.includes(size)) return wish
  throw invalidArgument(`${part} has ${size} bytes: a map of type ${type} has ${part}s of ${sizes.join(' or ')} bytes`)
}

/** `cgroup_storage_check_btf` of kernel/bpf/local_storage.c: integers of these sizes, whatever their names. */
function isCgroupStorageKey(layout: Layout): boolean {
  if (layout.kind !== 'struct') return layout.kind === 'integer' && layout.size === 8
  const [inode, attachType, ...others] = layout.fields
  const isInteger = (field: Field | undefined, size: number): boolean =>
    field?.layout.kind === 'integer' && field.layout.size === size
  return isInteger(inode, 8) && isInteger(attachType, 4) && others.length === 0
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
