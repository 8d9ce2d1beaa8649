/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Tells of every time that a CPU goes from one task to another. Linux 5.8 and newer. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <ebpf.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* What a task did until now. */
struct stretch {
  /* Nanoseconds of CLOCK_MONOTONIC. */
  __u64 end;
  /* Nanoseconds that it had the CPU. */
  __u64 duration;
  __u32 pid;
  __u32 cpu;
  char command[16];
};

EBPF_RINGBUF(stretches, 4 << 20, struct stretch);

/* When each CPU went to its task. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} since SEC(".maps");

/* As /sys/kernel/tracing/events/sched/sched_switch/format has it. */
struct sched_switch {
  __u64 common;
  char command[16];
  __u32 pid;
};

SEC("tracepoint/sched/sched_switch")
int on_switch(struct sched_switch* context) {
  __u32 first = 0;
  __u64* begin = bpf_map_lookup_elem(&since, &first);
  if (!begin) return 0;
  __u64 end = bpf_ktime_get_ns();
  __u64 start = *begin;
  *begin = end;
  /* Task 0 is the idle one. */
  if (start == 0 || context->pid == 0) return 0;
  struct stretch* stretch = ebpf_reserve(stretches);
  if (!stretch) return 0;
  stretch->end = end;
  stretch->duration = end - start;
  stretch->pid = context->pid;
  stretch->cpu = bpf_get_smp_processor_id();
  __builtin_memcpy(stretch->command, context->command, sizeof(stretch->command));
  /* Nobody has to look at once: the reader comes by every 100 ms. */
  bpf_ringbuf_submit(stretch, BPF_RB_NO_WAKEUP);
  return 0;
}
