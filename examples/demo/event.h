/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What the demo tells user space; `ebpf types demo.bpf.o` wrote demo.skel.ts from it, which says the same in TypeScript. */
#ifndef EVENT_H
#define EVENT_H

/* Longer texts are cut: a record takes its whole size in the ring, whatever it holds. */
#define TEXT_SIZE 256

enum event_type {
  EXEC,
  EXIT,
  OPEN,
};

struct process {
  __u32 pid;
  __u32 parent;
  char command[16];
};

struct exec {
  enum event_type type;
  /* 0, or a negative errno. */
  __s32 result;
  /* Nanoseconds: of CLOCK_MONOTONIC now, and since the call began (0: that was not seen). */
  __u64 time;
  __u64 duration;
  struct process process;
  /* `size` bytes of arguments, each ended by a NUL. */
  __u32 size;
  __u8 arguments[TEXT_SIZE];
  bool cut;
};

struct exit {
  enum event_type type;
  /* As wait(2) gives it. */
  __s32 status;
  __u64 time;
  /* Nanoseconds that the process lived. */
  __u64 duration;
  struct process process;
};

struct open {
  enum event_type type;
  /* A descriptor, or a negative errno. */
  __s32 result;
  __u64 time;
  __u64 duration;
  struct process process;
  __u64 flags;
  char path[TEXT_SIZE];
  bool cut;
};

union event {
  struct exec exec;
  struct exit exit;
  struct open open;
};

#endif /* EVENT_H */
