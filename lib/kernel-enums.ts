/** Names of the kernel's program and link types, as bpftool writes them. */

/** Index is the kernel's number: `enum bpf_prog_type` of linux/bpf.h. */
const PROGRAM_TYPES = [
  'unspec',
  'socket_filter',
  'kprobe',
  'sched_cls',
  'sched_act',
  'tracepoint',
  'xdp',
  'perf_event',
  'cgroup_skb',
  'cgroup_sock',
  'lwt_in',
  'lwt_out',
  'lwt_xmit',
  'sock_ops',
  'sk_skb',
  'cgroup_device',
  'sk_msg',
  'raw_tracepoint',
  'cgroup_sock_addr',
  'lwt_seg6local',
  'lirc_mode2',
  'sk_reuseport',
  'flow_dissector',
  'cgroup_sysctl',
  'raw_tracepoint_writable',
  'cgroup_sockopt',
  'tracing',
  'struct_ops',
  'ext',
  'lsm',
  'sk_lookup',
  'syscall',
  'netfilter',
]

/** Index is the kernel's number: `enum bpf_link_type` of linux/bpf.h. */
const LINK_TYPES = [
  'unspec',
  'raw_tracepoint',
  'tracing',
  'cgroup',
  'iter',
  'netns',
  'xdp',
  'perf_event',
  'kprobe_multi',
  'struct_ops',
  'netfilter',
  'tcx',
  'uprobe_multi',
  'netkit',
  'sockmap',
]

/** The type's name, or `unknown (n)` for one that is newer than this library. */
export function programTypeName(type: number): string {
  return PROGRAM_TYPES[type] ?? `unknown (${type})`
}

/** The type's name, or `unknown (n)` for one that is newer than this library. */
export function linkTypeName(type: number): string {
  return LINK_TYPES[type] ?? `unknown (${type})`
}
