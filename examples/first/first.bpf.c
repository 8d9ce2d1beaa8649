/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Tells user space of every program that is executed. Linux 5.8 and newer. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <ebpf.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct execution {
  __u32 pid;
  char comm[16];
  char filename[128];
};

EBPF_RINGBUF(events, 256 * 1024, struct execution);

/* As /sys/kernel/tracing/events/sched/sched_process_exec/format has it. */
struct sched_process_exec {
  __u64 common;
  /* Where the name is: its offset in the low half. */
  __u32 filename;
};

SEC("tracepoint/sched/sched_process_exec")
int on_exec(struct sched_process_exec* context) {
  struct execution* event = ebpf_reserve(events);
  if (!event) return 0;
  event->pid = bpf_get_current_pid_tgid() >> 32;
  bpf_get_current_comm(event->comm, sizeof(event->comm));
  bpf_probe_read_kernel_str(event->filename, sizeof(event->filename),
                            (void*)context + (context->filename & 0xffff));
  bpf_ringbuf_submit(event, 0);
  return 0;
}
