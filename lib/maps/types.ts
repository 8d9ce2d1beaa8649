/** The kernel's map types, by bpftool's names. */

/** Index is the kernel's number: `enum bpf_map_type` of linux/bpf.h. */
const NAMES = [
  'unspec',
  'hash',
  'array',
  'prog_array',
  'perf_event_array',
  'percpu_hash',
  'percpu_array',
  'stack_trace',
  'cgroup_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'array_of_maps',
  'hash_of_maps',
  'devmap',
  'sockmap',
  'cpumap',
  'xskmap',
  'sockhash',
  'cgroup_storage',
  'reuseport_sockarray',
  'percpu_cgroup_storage',
  'queue',
  'stack',
  'sk_storage',
  'devmap_hash',
  'struct_ops',
  'ringbuf',
  'inode_storage',
  'task_storage',
  'bloom_filter',
  'user_ringbuf',
  'cgrp_storage',
  'arena',
  'insn_array',
  'rhash',
] as const

export type MapType = (typeof NAMES)[number]

/** The type's name, or `unknown (n)` for one that is newer than this library. */
export function mapTypeName(type: number): MapType | `unknown (${number})` {
  return NAMES[type] ?? `unknown (${type})`
}

/** The kernel's number; -1 when there is no such type. */
export function mapTypeNumber(name: string): number {
  return (NAMES as readonly string[]).indexOf(name)
}
