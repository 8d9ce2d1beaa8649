/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* A small object to load: two programs, three maps, a global. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ebpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile __u32 only_uid = 0;

struct flow {
  __u64 packets;
  __u32 bytes;
  __u32 flags;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __u32);
  __type(value, struct flow);
} flows SEC(".maps");

struct call {
  __u64 time;
  __u32 uid;
  char comm[16];
};

EBPF_RINGBUF(calls, 64 * 1024, struct call);

SEC("xdp")
int count_packets(struct xdp_md* context) {
  __u32 key = context->ingress_ifindex;
  struct flow* flow = bpf_map_lookup_elem(&flows, &key);
  if (!flow) {
    struct flow first = {.packets = 1, .bytes = context->data_end - context->data};
    bpf_map_update_elem(&flows, &key, &first, BPF_ANY);
    return XDP_PASS;
  }
  __sync_fetch_and_add(&flow->packets, 1);
  flow->bytes += context->data_end - context->data;
  return XDP_PASS;
}

SEC("tracepoint/syscalls/sys_enter_getpid")
int report_call(void* context) {
  __u32 uid = bpf_get_current_uid_gid();
  if (only_uid != 0 && uid != only_uid) return 0;
  struct call* call = ebpf_reserve(calls);
  if (!call) return 0;
  call->time = bpf_ktime_get_ns();
  call->uid = uid;
  bpf_get_current_comm(call->comm, sizeof(call->comm));
  bpf_ringbuf_submit(call, 0);
  return 0;
}
