/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Fills a ring with as many records as its context asks for. Linux 5.17 (bpf_loop).
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ebpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* What events of tracers mostly are: 64 bytes, ten fields, one of them the name of a process. */
struct event {
  __u64 time;
  __u64 duration;
  __u64 bytes;
  __u32 pid;
  __u32 tid;
  __u32 uid;
  __u32 cpu;
  __u32 flags;
  __u32 result;
  char comm[16];
};

/* Room for 200 000 records with their headers of 8 bytes. */
EBPF_RINGBUF(events, 16 << 20, struct event);

/* Names that occur: as many as a busy machine has. */
#define NAMES 64

struct context {
  __u32 records;
};

struct progress {
  __u64 time;
  __u32 refused;
};

static long submit(__u32 index, struct progress* progress) {
  struct event* event = ebpf_reserve(events);
  if (!event) {
    progress->refused++;
    return 0;
  }
  event->time = progress->time;
  event->duration = index;
  event->bytes = index * 4096ull;
  event->pid = 1000 + index % NAMES;
  event->tid = index;
  event->uid = 0;
  event->cpu = 1;
  event->flags = index & 0xff;
  event->result = 0;
  __builtin_memcpy(event->comm, "worker-00\0\0\0\0\0\0", sizeof(event->comm));
  event->comm[7] += index % NAMES / 10;
  event->comm[8] += index % NAMES % 10;
  bpf_ringbuf_submit(event, 0);
  return 0;
}

/* Returns how many records the ring had no room for. */
SEC("syscall")
int fill(struct context* context) {
  struct progress progress = {.time = bpf_ktime_get_ns()};
  bpf_loop(context->records, submit, &progress, 0);
  return progress.refused;
}
