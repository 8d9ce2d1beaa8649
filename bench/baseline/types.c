/* SPDX-License-Identifier: MIT */
#include <bpf/btf.h>
#include <errno.h>

#include "baseline.h"

int64_t types_find(const char* path) {
  int64_t begin = now_ns();
  struct btf* btf = btf__parse(path, NULL);
  if (btf == NULL) return -errno;
  int id = btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT);
  btf__free(btf);
  return id < 0 ? id : now_ns() - begin;
}

int64_t types_walk(const char* path) {
  int64_t begin = now_ns();
  struct btf* btf = btf__parse(path, NULL);
  if (btf == NULL) return -errno;
  uint32_t count = btf__type_cnt(btf);
  uint32_t functions = 0;
  for (uint32_t id = 1; id < count; id++) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    const char* name = btf__name_by_offset(btf, type->name_off);
    if (btf_is_func(type) && name[0] != '\0') functions++;
  }
  btf__free(btf);
  return functions == 0 ? -ERANGE : now_ns() - begin;
}
