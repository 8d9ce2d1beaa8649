/** What BPF iterators walk over. */
import type { Feature } from './support.ts'

/** The first Linux that has each target of `SEC("iter/…")`: its `DEFINE_BPF_ITER_FUNC` in the kernel's sources. */
export const ITERATOR_TARGETS = {
  bpf_map: '5.8',
  ipv6_route: '5.8',
  netlink: '5.8',
  task: '5.8',
  task_file: '5.8',
  bpf_map_elem: '5.9',
  bpf_prog: '5.9',
  bpf_sk_storage_map: '5.9',
  tcp: '5.9',
  udp: '5.9',
  sockmap: '5.10',
  task_vma: '5.12',
  unix: '5.15',
  bpf_link: '5.19',
  ksym: '6.0',
  cgroup: '6.1',
  kmem_cache: '6.14',
  dmabuf: '6.16',
} as const

/** What an iterator over `target` asks of the kernel; without a target, any iterator. */
export function iteratorFeature(target: string): Feature {
  const known = Object.hasOwn(ITERATOR_TARGETS, target)
  return {
    what: target === '' ? 'iter' : `iter/${target}`,
    since: known ? ITERATOR_TARGETS[target as keyof typeof ITERATOR_TARGETS] : '5.8',
    evidence: [known ? `bpf_iter_${target}` : 'bpf_iter_link_attach'],
    config: undefined,
  }
}
