// What the kernel says of a map, and who owns it.
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "map.h"

namespace ebpf {
namespace {

// What bpf_map_info does not have and fdinfo has (bpf_map_show_fdinfo, kernel/bpf/syscall.c). What
// the kernel does not print stays absent.
void SetFileInfo(int fd, Napi::Object result) {
  result.Set("frozen", false);
  char line[128];
  snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
  FILE* file = fopen(line, "re");
  if (file == nullptr) return;
  while (fgets(line, sizeof(line), file) != nullptr) {
    unsigned long long number = 0;
    char name[32] = "";
    if (sscanf(line, "%31[^:]: %llu", name, &number) != 2) continue;
    if (strcmp(name, "frozen") == 0) result.Set("frozen", number != 0);
    if (strcmp(name, "memlock") == 0) result.Set("memory", static_cast<double>(number));
    if (strcmp(name, "owner_jited") == 0) result.Set("ownerJited", number != 0);
    if (strcmp(name, "owner_prog_type") == 0)
      result.Set("ownerProgramType", static_cast<double>(number));
  }
  fclose(file);
}

}  // namespace

Napi::Value MapInfo(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Map* map = Environment::Of(info)->handles().Get<Map>(handle);
  if (map == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  bpf_map_info facts;
  memset(&facts, 0, sizeof(facts));
  uint32_t size = sizeof(facts);
  int status = bpf_obj_get_info_by_fd(map->fd(), &facts, &size);
  if (status != 0) return Napi::Number::New(info.Env(), status);
  auto result = Napi::Object::New(info.Env());
  result.Set("id", facts.id);
  result.Set("type", facts.type);
  result.Set("name", facts.name);
  result.Set("keySize", facts.key_size);
  result.Set("valueSize", facts.value_size);
  result.Set("maxEntries", facts.max_entries);
  result.Set("flags", facts.map_flags);
  result.Set("mapExtra", Napi::BigInt::New(info.Env(), uint64_t{facts.map_extra}));
  result.Set("btfId", facts.btf_id);
  result.Set("keyTypeId", facts.btf_key_type_id);
  result.Set("valueTypeId", facts.btf_value_type_id);
  SetFileInfo(map->fd(), result);
  return result;
}

}  // namespace ebpf
