/* SPDX-License-Identifier: MIT */
/*
 * The C side of each comparison: what a C program over libbpf would do, timed by itself. Every
 * function works on one slice and returns the nanoseconds that the whole slice took, or a negative
 * errno.
 */
#ifndef BASELINE_H
#define BASELINE_H

#include <stdint.h>

/* The value of the maps that are measured. */
struct flow {
  uint64_t packets;
  uint32_t bytes;
  uint32_t flags;
};

/* The clock of bpf_ktime_get_ns. */
int64_t now_ns(void);
/* What this thread has had of a CPU: others that run meanwhile are not in it. */
int64_t thread_cpu_ns(void);

/* Maps from u32 to struct flow. */
int64_t map_lookup(int map, const uint32_t* keys, uint32_t count);
/* Keys that are not there. */
int64_t map_miss(int map, const uint32_t* keys, uint32_t count);
int64_t map_update(int map, const uint32_t* keys, uint32_t count);
int64_t map_delete(int map, const uint32_t* keys, uint32_t count);
/* Writes all entries by batches: to prepare, not to compare. */
int64_t map_fill(int map, const uint32_t* keys, uint32_t count);
/* Reads all entries by batches, every key and value; -ERANGE unless there are `count`. */
int64_t map_dump(int map, uint32_t count);
/* Reads the 512 64-bit counters of a memory-mapped array, one after the other, so many times. */
int64_t map_counter(int map, uint32_t reads);

/* Runs `fill` of events.bpf.c: submits records to the ring. */
int64_t program_fill(int program, uint32_t records);
/* The same, `times` times one record, `interval_ns` apart. */
int64_t program_produce(int program, uint32_t times, int64_t interval_ns);

/* Opens the one ring of this process that ring_drain reads. */
int64_t ring_open(int map);
int64_t ring_close(void);
/* Reads what is in the ring, by a callback that touches nothing; -ERANGE unless that are `records`.
 */
int64_t ring_drain(uint32_t records);
/* Waits for records in a poll loop, and gives for each the nanoseconds from its time on; -ETIMEDOUT
 * after an idle second. */
int64_t ring_latency(int map, double* values, uint32_t count);

/* Opens, loads and closes an object. */
int64_t object_load(const char* path);

/* Opens BTF that is in a file, and finds a struct in it. */
int64_t types_find(const char* path);
/* The same, and looks at the name and the kind of every type; -ERANGE unless some are functions. */
int64_t types_walk(const char* path);

#endif /* BASELINE_H */
