/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What the demo reads of the kernel. The structs are declared only as far as that: libbpf fits each
 * access to the kernel that it loads into (CO-RE). So no vmlinux.h is needed, and one object file
 * is right for all kernels.
 */
#ifndef KERNEL_H
#define KERNEL_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
  int counter;
} atomic_t;

struct mm_struct {
  unsigned long arg_start;
  unsigned long arg_end;
};

struct signal_struct {
  atomic_t live;
};

struct task_struct {
  int tgid;
  int exit_code;
  __u64 start_time;
  char comm[16];
  struct mm_struct* mm;
  struct signal_struct* signal;
  struct task_struct* group_leader;
  struct task_struct* real_parent;
};

struct trace_event_raw_sys_enter {
  unsigned long args[6];
};

struct trace_event_raw_sys_exit {
  long ret;
};

struct trace_event_raw_sched_process_exit {
  bool group_dead;
};

#pragma clang attribute pop

#endif /* KERNEL_H */
