/* SPDX-License-Identifier: MIT */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>

#include "baseline.h"

enum { IDLE_MS = 1000 };

static struct ring_buffer* ring;

static int touch_nothing(void* context, void* data, size_t size) {
  (void)context;
  (void)data;
  (void)size;
  return 0;
}

int64_t ring_open(int map) {
  if (ring != NULL) return -EBUSY;
  ring = ring_buffer__new(map, touch_nothing, NULL, NULL);
  return ring != NULL ? 0 : -errno;
}

int64_t ring_close(void) {
  ring_buffer__free(ring);
  ring = NULL;
  return 0;
}

int64_t ring_drain(uint32_t records) {
  int64_t begin = now_ns();
  int consumed = ring_buffer__consume(ring);
  int64_t end = now_ns();
  if (consumed < 0) return consumed;
  return (uint32_t)consumed == records ? end - begin : -ERANGE;
}

struct latencies {
  double* values;
  uint32_t count;
  uint32_t seen;
};

static int measure_latency(void* context, void* data, size_t size) {
  struct latencies* latencies = context;
  /* The first field of struct event. */
  int64_t submitted = *(const int64_t*)data;
  (void)size;
  if (latencies->seen < latencies->count)
    latencies->values[latencies->seen++] = (double)(now_ns() - submitted);
  return 0;
}

int64_t ring_latency(int map, double* values, uint32_t count) {
  struct latencies latencies = {.values = values, .count = count};
  struct ring_buffer* own = ring_buffer__new(map, measure_latency, &latencies, NULL);
  if (own == NULL) return -errno;
  int64_t begin = now_ns();
  int64_t status = 0;
  while (status >= 0 && latencies.seen < count) {
    status = ring_buffer__poll(own, IDLE_MS);
    if (status == 0) status = -ETIMEDOUT;
  }
  ring_buffer__free(own);
  return status < 0 ? status : now_ns() - begin;
}
