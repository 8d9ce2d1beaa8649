/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Tells user space of every process execution, every process exit and every file opened, by way of
 * tracepoints. Linux 5.8 and newer, with BTF.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <ebpf.h>

#include "event.h"
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

EBPF_RINGBUF(events, 4 << 20, union event);

/* Who reads the events: a process ID, and the PID namespace that it is of (/proc/self/ns/pid). */
const volatile struct {
  __u32 pid;
  __u64 namespace_device;
  __u64 namespace_inode;
} reader;

/* System calls that went unseen because too many were under way. */
__u64 missed;

/* ---- System calls under way ---- */

struct call {
  __u64 start;
  /* Address of the path in user space. */
  __u64 path;
  __u64 flags;
};

/* By task and not by thread ID: a thread that executes a program takes over its process's ID. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, __u64);
  __type(value, struct call);
} calls SEC(".maps");

static bool is_reader(void) {
  struct bpf_pidns_info ids;

  return !bpf_get_ns_current_pid_tgid(reader.namespace_device, reader.namespace_inode, &ids,
                                      sizeof(ids)) &&
         ids.tgid == reader.pid;
}

static int enter(__u64 path, __u64 flags) {
  __u64 task = bpf_get_current_task();
  struct call call = {.start = bpf_ktime_get_ns(), .path = path, .flags = flags};

  if (!is_reader() && bpf_map_update_elem(&calls, &task, &call, BPF_ANY))
    __sync_fetch_and_add(&missed, 1);
  return 0;
}

/* Copies the call that this task is in, and forgets it. False when its beginning was not seen. */
static bool leave(struct call* call) {
  __u64 task = bpf_get_current_task();
  struct call* found = bpf_map_lookup_elem(&calls, &task);

  if (!found) return false;
  *call = *found;
  bpf_map_delete_elem(&calls, &task);
  return true;
}

/*
 * Copies the path of a call, and returns its size with the NUL. Not done on entry: only when the
 * kernel itself has read it, its page is sure to be in memory.
 */
static __u32 copy_path(char path[TEXT_SIZE], bool* cut, const struct call* call) {
  long size = bpf_probe_read_user_str(path, TEXT_SIZE, (void*)call->path);
  char last = 0;

  if (size < 0) path[0] = 0;
  if (size == TEXT_SIZE) bpf_probe_read_user(&last, 1, (void*)(call->path + TEXT_SIZE - 1));
  *cut = last != 0;
  return size < 0 ? 0 : size;
}

/* Processes are named after their first thread. */
static void describe(struct process* process, struct task_struct* task) {
  process->pid = BPF_CORE_READ(task, tgid);
  process->parent = BPF_CORE_READ(task, real_parent, tgid);
  BPF_CORE_READ_STR_INTO(&process->command, task, group_leader, comm);
}

/* ---- Files ---- */

SEC("tracepoint/syscalls/sys_enter_open")
int enter_open(struct trace_event_raw_sys_enter* context) {
  return enter(context->args[0], context->args[1]);
}

SEC("tracepoint/syscalls/sys_enter_openat")
int enter_openat(struct trace_event_raw_sys_enter* context) {
  return enter(context->args[1], context->args[2]);
}

SEC("tracepoint/syscalls/sys_enter_openat2")
int enter_openat2(struct trace_event_raw_sys_enter* context) {
  __u64 flags = 0;

  /* struct open_how starts with them. */
  bpf_probe_read_user(&flags, sizeof(flags), (void*)context->args[2]);
  return enter(context->args[1], flags);
}

static int leave_open(long result) {
  struct call call;

  if (!leave(&call)) return 0;
  struct open* event = ebpf_reserve_as(events, struct open);
  if (!event) return 0;
  event->type = OPEN;
  event->result = result;
  event->time = bpf_ktime_get_ns();
  event->duration = event->time - call.start;
  event->flags = call.flags;
  describe(&event->process, (void*)bpf_get_current_task());
  copy_path(event->path, &event->cut, &call);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

SEC("tracepoint/syscalls/sys_exit_open")
int exit_open(struct trace_event_raw_sys_exit* context) { return leave_open(context->ret); }

SEC("tracepoint/syscalls/sys_exit_openat")
int exit_openat(struct trace_event_raw_sys_exit* context) { return leave_open(context->ret); }

SEC("tracepoint/syscalls/sys_exit_openat2")
int exit_openat2(struct trace_event_raw_sys_exit* context) { return leave_open(context->ret); }

/* ---- Programs ---- */

SEC("tracepoint/syscalls/sys_enter_execve")
int enter_execve(struct trace_event_raw_sys_enter* context) { return enter(context->args[0], 0); }

SEC("tracepoint/syscalls/sys_enter_execveat")
int enter_execveat(struct trace_event_raw_sys_enter* context) { return enter(context->args[1], 0); }

static void fill_exec(struct exec* event, long result, __u64 start) {
  event->type = EXEC;
  event->result = result;
  event->time = bpf_ktime_get_ns();
  event->duration = start ? event->time - start : 0;
  describe(&event->process, (void*)bpf_get_current_task());
}

/* Only successes come here, those without a system call too: the kernel itself starts programs. */
SEC("tracepoint/sched/sched_process_exec")
int process_exec(void* context) {
  struct task_struct* task = (void*)bpf_get_current_task();
  struct call call = {};

  leave(&call);
  struct exec* event = ebpf_reserve_as(events, struct exec);
  if (!event) return 0;
  fill_exec(event, 0, call.start);
  unsigned long start = BPF_CORE_READ(task, mm, arg_start);
  __u32 size = BPF_CORE_READ(task, mm, arg_end) - start;
  __u32 kept = size;
  /* Without the barrier clang compares `size` and passes `kept`: no bound, says the verifier. */
  barrier_var(kept);
  if (kept > TEXT_SIZE) kept = TEXT_SIZE;
  event->cut = size > TEXT_SIZE;
  event->size = bpf_probe_read_user(event->arguments, kept, (void*)start) ? 0 : kept;
  bpf_ringbuf_submit(event, 0);
  return 0;
}

/* A failed execution has no arguments yet: it is told by the path of the program. */
static int leave_exec(long result) {
  struct call call;

  if (result == 0 || !leave(&call)) return 0;
  struct exec* event = ebpf_reserve_as(events, struct exec);
  if (!event) return 0;
  fill_exec(event, result, call.start);
  event->size = copy_path((char*)event->arguments, &event->cut, &call);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

SEC("tracepoint/syscalls/sys_exit_execve")
int exit_execve(struct trace_event_raw_sys_exit* context) { return leave_exec(context->ret); }

SEC("tracepoint/syscalls/sys_exit_execveat")
int exit_execveat(struct trace_event_raw_sys_exit* context) { return leave_exec(context->ret); }

/* ---- Exits ---- */

struct exited {
  __u64 start_time;
  __u32 pid;
  __u32 padding;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1024);
  __type(key, struct exited);
  __type(value, __u8);
} exited SEC(".maps");

/*
 * A process ends with its last thread. Linux 6.16 says which one that is. Before, several threads
 * that end at once may all see that no thread is alive: the first of them tells.
 */
static bool ends_process(struct trace_event_raw_sched_process_exit* context,
                         struct task_struct* task) {
  if (bpf_core_field_exists(context->group_dead)) return context->group_dead;
  if (BPF_CORE_READ(task, signal, live.counter) > 0) return false;
  struct exited process = {
      .start_time = BPF_CORE_READ(task, group_leader, start_time),
      .pid = BPF_CORE_READ(task, tgid),
  };
  __u8 told = 1;
  return !bpf_map_update_elem(&exited, &process, &told, BPF_NOEXIST);
}

SEC("tracepoint/sched/sched_process_exit")
int process_exit(struct trace_event_raw_sched_process_exit* context) {
  struct task_struct* task = (void*)bpf_get_current_task();

  if (!ends_process(context, task)) return 0;
  struct exit* event = ebpf_reserve_as(events, struct exit);
  if (!event) return 0;
  event->type = EXIT;
  event->status = BPF_CORE_READ(task, exit_code);
  event->time = bpf_ktime_get_ns();
  event->duration = event->time - BPF_CORE_READ(task, group_leader, start_time);
  describe(&event->process, task);
  bpf_ringbuf_submit(event, 0);
  return 0;
}
