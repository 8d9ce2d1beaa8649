#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include <memory>

#include "bindings.h"
#include "convert.h"
#include "unique_fd.h"

namespace ebpf {

napi_value BtfById(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  uint32_t id;
  if (!arguments.Read(&id)) return nullptr;
  UniqueFd fd(bpf_btf_get_fd_by_id(id));
  if (!fd.valid()) return MakeInt(env, fd.get());
  // Two calls: the first gives the size. The types of a BTF object never change.
  bpf_btf_info facts;
  memset(&facts, 0, sizeof(facts));
  uint32_t size = sizeof(facts);
  int status = bpf_obj_get_info_by_fd(fd.get(), &facts, &size);
  if (status != 0) return MakeInt(env, status);
  uint32_t room = facts.btf_size;
  std::unique_ptr<void, decltype(&free)> types(malloc(room), free);
  if (types == nullptr) return MakeInt(env, -ENOMEM);
  memset(&facts, 0, sizeof(facts));
  facts.btf = reinterpret_cast<uintptr_t>(types.get());
  facts.btf_size = room;
  size = sizeof(facts);
  status = bpf_obj_get_info_by_fd(fd.get(), &facts, &size);
  if (status != 0) return MakeInt(env, status);
  return MakeBytes(env, types.get(), facts.btf_size < room ? facts.btf_size : room);
}

}  // namespace ebpf
