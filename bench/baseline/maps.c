/* SPDX-License-Identifier: MIT */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "baseline.h"

enum { CHUNK_ENTRIES = 4096, COUNTERS = 512 };

/* What was read, so that no compiler can drop the reading. */
static volatile uint64_t sink;

int64_t map_lookup(int map, const uint32_t* keys, uint32_t count) {
  struct flow value;
  uint64_t sum = 0;
  int64_t begin = now_ns();
  for (uint32_t index = 0; index < count; index++) {
    uint32_t key = keys[index];
    int status = bpf_map_lookup_elem(map, &key, &value);
    if (status != 0) return status;
    sum += value.packets + value.bytes + value.flags;
  }
  int64_t end = now_ns();
  sink = sum;
  return end - begin;
}

int64_t map_miss(int map, const uint32_t* keys, uint32_t count) {
  struct flow value;
  int64_t begin = now_ns();
  for (uint32_t index = 0; index < count; index++) {
    uint32_t key = keys[index];
    if (bpf_map_lookup_elem(map, &key, &value) != -ENOENT) return -EEXIST;
  }
  return now_ns() - begin;
}

int64_t map_update(int map, const uint32_t* keys, uint32_t count) {
  int64_t begin = now_ns();
  for (uint32_t index = 0; index < count; index++) {
    uint32_t key = keys[index];
    struct flow value = {.packets = 1, .bytes = index, .flags = 2};
    int status = bpf_map_update_elem(map, &key, &value, BPF_ANY);
    if (status != 0) return status;
  }
  return now_ns() - begin;
}

int64_t map_delete(int map, const uint32_t* keys, uint32_t count) {
  int64_t begin = now_ns();
  for (uint32_t index = 0; index < count; index++) {
    uint32_t key = keys[index];
    int status = bpf_map_delete_elem(map, &key);
    if (status != 0) return status;
  }
  return now_ns() - begin;
}

int64_t map_fill(int map, const uint32_t* keys, uint32_t count) {
  static struct flow values[CHUNK_ENTRIES];
  int64_t begin = now_ns();
  for (uint32_t done = 0; done < count;) {
    uint32_t chunk = count - done < CHUNK_ENTRIES ? count - done : CHUNK_ENTRIES;
    for (uint32_t index = 0; index < chunk; index++) {
      values[index] = (struct flow){.packets = done + index, .bytes = 1500, .flags = index};
    }
    int status = bpf_map_update_batch(map, keys + done, values, &chunk, NULL);
    if (status != 0) return status;
    done += chunk;
  }
  return now_ns() - begin;
}

int64_t map_dump(int map, uint32_t count) {
  uint32_t* keys = malloc(CHUNK_ENTRIES * sizeof(*keys));
  struct flow* values = malloc(CHUNK_ENTRIES * sizeof(*values));
  uint64_t sum = 0;
  uint32_t seen = 0;
  /* The kernel's cursor: a bucket of the hash. */
  uint32_t cursor = 0;
  int status = keys != NULL && values != NULL ? 0 : -ENOMEM;
  int64_t begin = now_ns();
  for (int first = 1; status == 0; first = 0) {
    uint32_t chunk = CHUNK_ENTRIES;
    status = bpf_map_lookup_batch(map, first ? NULL : &cursor, &cursor, keys, values, &chunk, NULL);
    if (status != 0 && status != -ENOENT) break;
    for (uint32_t index = 0; index < chunk; index++) {
      sum += keys[index] + values[index].packets + values[index].bytes + values[index].flags;
    }
    seen += chunk;
  }
  int64_t end = now_ns();
  sink = sum;
  free(keys);
  free(values);
  if (status != -ENOENT) return status;
  return seen == count ? end - begin : -ERANGE;
}

int64_t map_counter(int map, uint32_t reads) {
  size_t size = COUNTERS * sizeof(uint64_t);
  const volatile uint64_t* counters = mmap(NULL, size, PROT_READ, MAP_SHARED, map, 0);
  if (counters == MAP_FAILED) return -errno;
  uint64_t sum = 0;
  int64_t begin = now_ns();
  for (uint32_t index = 0; index < reads; index++) sum += counters[index % COUNTERS];
  int64_t end = now_ns();
  sink = sum;
  munmap((void*)counters, size);
  return end - begin;
}
