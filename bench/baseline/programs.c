/* SPDX-License-Identifier: MIT */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <time.h>

#include "baseline.h"

static int64_t clock_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

int64_t thread_cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

int64_t program_fill(int program, uint32_t records) {
  LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &records, .ctx_size_in = sizeof(records));
  int64_t begin = now_ns();
  int status = bpf_prog_test_run_opts(program, &options);
  if (status != 0) return status;
  /* What the ring had no room for. */
  return options.retval == 0 ? now_ns() - begin : -ENOSPC;
}

int64_t program_produce(int program, uint32_t times, int64_t interval_ns) {
  struct timespec interval = {.tv_nsec = interval_ns};
  int64_t begin = now_ns();
  for (uint32_t index = 0; index < times; index++) {
    nanosleep(&interval, NULL);
    int64_t status = program_fill(program, 1);
    if (status < 0) return status;
  }
  return now_ns() - begin;
}

int64_t object_load(const char* path) {
  int64_t begin = now_ns();
  struct bpf_object* object = bpf_object__open_file(path, NULL);
  if (object == NULL) return -errno;
  int status = bpf_object__load(object);
  bpf_object__close(object);
  return status != 0 ? status : now_ns() - begin;
}
