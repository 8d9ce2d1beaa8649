/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * An object of eight programs whose accesses to kernel structs are relocated when it is loaded
 * (CO-RE), as those of tracers are. The structs hold only the fields that are read; the kernel's
 * own have them elsewhere.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "ebpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
  unsigned int inum;
};

struct pid_namespace {
  unsigned int level;
  struct ns_common ns;
};

struct nsproxy {
  struct pid_namespace* pid_ns_for_children;
};

struct signal_struct {
  int nr_threads;
  unsigned long min_flt;
  unsigned long maj_flt;
};

struct mm_struct {
  unsigned long total_vm;
  unsigned long start_stack;
};

struct cred {
  struct {
    unsigned int val;
  } uid;
};

struct task_struct {
  int pid;
  int tgid;
  int exit_code;
  unsigned int flags;
  char comm[16];
  unsigned long nvcsw;
  unsigned long nivcsw;
  __u64 start_time;
  struct task_struct* real_parent;
  struct task_struct* group_leader;
  struct signal_struct* signal;
  struct nsproxy* nsproxy;
  struct mm_struct* mm;
  const struct cred* cred;
};

#pragma clang attribute pop

struct event {
  __u64 time;
  __u64 age;
  __u64 switches;
  __u64 faults;
  __u64 pages;
  __u32 pid;
  __u32 parent;
  __u32 uid;
  __u32 space;
  __u32 threads;
  __u32 program;
  char comm[16];
};

EBPF_RINGBUF(events, 64 * 1024, struct event);

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __u32);
  __type(value, __u64);
} started SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 8);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

static __always_inline void describe(struct task_struct* task, struct event* event) {
  event->time = bpf_ktime_get_ns();
  event->age = event->time - BPF_CORE_READ(task, group_leader, start_time);
  event->switches = BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
  event->faults = BPF_CORE_READ(task, signal, min_flt) + BPF_CORE_READ(task, signal, maj_flt);
  event->pages = BPF_CORE_READ(task, mm, total_vm);
  event->pid = BPF_CORE_READ(task, tgid);
  event->parent = BPF_CORE_READ(task, real_parent, tgid);
  event->uid = BPF_CORE_READ(task, cred, uid.val);
  event->space = BPF_CORE_READ(task, nsproxy, pid_ns_for_children, ns.inum);
  event->threads = BPF_CORE_READ(task, signal, nr_threads);
  BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
}

static __always_inline int report(__u32 program) {
  struct task_struct* task = (struct task_struct*)bpf_get_current_task();
  __u64* count = bpf_map_lookup_elem(&counts, &program);
  if (count) *count += 1;
  struct event* event = ebpf_reserve(events);
  if (!event) return 0;
  describe(task, event);
  event->program = program;
  if (bpf_core_field_exists(task->exit_code)) event->faults += BPF_CORE_READ(task, exit_code);
  __u32 pid = event->pid;
  bpf_map_update_elem(&started, &pid, &event->time, BPF_ANY);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec(void* context) { return report(0); }

SEC("tracepoint/sched/sched_process_exit")
int on_exit(void* context) { return report(1); }

SEC("tracepoint/sched/sched_process_fork")
int on_fork(void* context) { return report(2); }

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(void* context) { return report(3); }

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args* context) { return report(4); }

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args* context) { return report(5); }

SEC("tp_btf/task_newtask")
int on_new_task(__u64* context) { return report(6); }

SEC("tp_btf/sched_wakeup")
int on_wakeup(__u64* context) { return report(7); }
