/* SPDX-License-Identifier: MIT */
/*
 * What a BPF program may include to work well with the npm package `ebpf`: ring buffers and perf buffers whose records come
 * typed, and whose losses are counted. Include it after <linux/bpf.h> or "vmlinux.h", and after <bpf/bpf_helpers.h>.
 */
#ifndef EBPF_H
#define EBPF_H

/*
 * EBPF_RINGBUF(name, bytes, type): a ring buffer whose records are of `type`.
 *
 *   bytes  size of the ring, a power of two and a multiple of the page size
 *   type   a struct, or a union of structs when the ring carries several kinds of records
 *
 * libbpf takes the map's type from the array's length; the package takes the records' type from its element. Records that
 * ebpf_reserve() and ebpf_output() could not submit are counted in `<name>_dropped`, which the package reads: the kernel
 * itself keeps no such count.
 */
#define EBPF_RINGBUF(name, bytes, record)                                                          \
  __u64 name##_dropped __attribute__((section(".data.ebpf"), used));                                \
  struct {                                                                                         \
    record(*type)[BPF_MAP_TYPE_RINGBUF];                                                           \
    __uint(max_entries, bytes);                                                                    \
  } name SEC(".maps")

/*
 * EBPF_USER_RINGBUF(name, bytes, type): a ring whose records, of `type`, come from user space; bpf_user_ringbuf_drain() gives
 * them to the program. Linux 6.1.
 */
#define EBPF_USER_RINGBUF(name, bytes, record)                                                     \
  struct {                                                                                         \
    record(*type)[BPF_MAP_TYPE_USER_RINGBUF];                                                      \
    __uint(max_entries, bytes);                                                                    \
  } name SEC(".maps")

/*
 * In the callback of bpf_user_ringbuf_drain(): the record, or NULL when it is shorter than the ring's type. User space can
 * still write to this memory: use bpf_dynptr_read() for a copy of what you check before you use it.
 */
#define ebpf_record(name, dynptr)                                                                  \
  ((__typeof__((*(name).type)[0]) *)bpf_dynptr_data(dynptr, 0, sizeof((*(name).type)[0])))

/*
 * Room for one record of the ring's type, or NULL when the ring is full. Submit or discard it in the same C function:
 * older verifiers, such as that of Linux 6.1, refuse a function that returns it ("Unreleased reference").
 */
#define ebpf_reserve(name) ebpf_reserve_as(name, __typeof__((*(name).type)[0]))

/* Room for one record of another type, such as a member of the ring's union. */
#define ebpf_reserve_as(name, record)                                                              \
  ({                                                                                               \
    record *ebpf_record_ = bpf_ringbuf_reserve(&(name), sizeof(record), 0);                        \
    if (!ebpf_record_) __sync_fetch_and_add(&name##_dropped, 1);                                   \
    ebpf_record_;                                                                                  \
  })

/* Copies `size` bytes into the ring: for records of varying length. 0, or a negative error when the ring is full. */
#define ebpf_output(name, data, size, flags)                                                       \
  ({                                                                                               \
    long ebpf_error_ = bpf_ringbuf_output(&(name), data, size, flags);                             \
    if (ebpf_error_) __sync_fetch_and_add(&name##_dropped, 1);                                     \
    ebpf_error_;                                                                                   \
  })

/*
 * EBPF_PERF_BUFFER(name, type): a perf event array whose records are of `type`: for kernels before Linux 5.8, which have no
 * ring buffers, and for a buffer of each CPU. Records that ebpf_perf_output() could not write are counted in
 * `<name>_dropped`: those that had no room, and those that came while nobody read.
 */
#define EBPF_PERF_BUFFER(name, record)                                                             \
  __u64 name##_dropped __attribute__((section(".data.ebpf"), used));                                \
  struct {                                                                                         \
    record(*type)[BPF_MAP_TYPE_PERF_EVENT_ARRAY];                                                  \
    __uint(key_size, sizeof(__u32));                                                               \
    __uint(value_size, sizeof(__u32));                                                             \
  } name SEC(".maps")

/* Copies `size` bytes into this CPU's buffer. `ctx` is the program's context. 0, or a negative error. */
#define ebpf_perf_output(ctx, name, data, size)                                                    \
  ({                                                                                               \
    long ebpf_error_ = bpf_perf_event_output(ctx, &(name), BPF_F_CURRENT_CPU, data, size);         \
    if (ebpf_error_) __sync_fetch_and_add(&name##_dropped, 1);                                     \
    ebpf_error_;                                                                                   \
  })

#endif /* EBPF_H */
