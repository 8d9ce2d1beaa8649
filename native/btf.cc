#include <bpf/bpf.h>
#include <string.h>

#include <vector>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "env.h"
#include "unique_fd.h"

namespace ebpf {

Napi::Value BtfById(const Napi::CallbackInfo& info) {
  uint32_t id;
  if (!ReadArguments(info, &id)) return {};
  UniqueFd fd(bpf_btf_get_fd_by_id(id));
  if (!fd.valid()) return Napi::Number::New(info.Env(), fd.get());
  // Two calls: the first gives the size. The types of a BTF object never change.
  bpf_btf_info facts;
  memset(&facts, 0, sizeof(facts));
  uint32_t size = sizeof(facts);
  int status = bpf_obj_get_info_by_fd(fd.get(), &facts, &size);
  if (status != 0) return Napi::Number::New(info.Env(), status);
  std::vector<uint8_t> types(facts.btf_size);
  memset(&facts, 0, sizeof(facts));
  facts.btf = reinterpret_cast<uintptr_t>(types.data());
  facts.btf_size = static_cast<uint32_t>(types.size());
  size = sizeof(facts);
  status = bpf_obj_get_info_by_fd(fd.get(), &facts, &size);
  if (status != 0) return Napi::Number::New(info.Env(), status);
  if (facts.btf_size < types.size()) types.resize(facts.btf_size);
  return MakeBytes(info.Env(), types);
}

Napi::Value BtfLoad(const Napi::CallbackInfo& info) {
  std::vector<uint8_t> types;
  if (!ReadArguments(info, &types)) return {};
  UniqueFd fd(bpf_btf_load(types.data(), types.size(), nullptr));
  if (!fd.valid()) return Napi::Number::New(info.Env(), fd.get());
  return Napi::Number::New(info.Env(), Environment::Of(info)->handles().Insert(
                                           std::make_unique<Descriptor>(std::move(fd))));
}

}  // namespace ebpf
