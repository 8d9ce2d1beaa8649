#include <bpf/bpf.h>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "link.h"

namespace ebpf {

Napi::Value LinkInfo(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Link* link = Environment::Of(info)->handles().Get<Link>(handle);
  if (link == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  bpf_link_info facts;
  memset(&facts, 0, sizeof(facts));
  uint32_t size = sizeof(facts);
  int status = link->state->CheckKind();
  if (status == 0) status = bpf_obj_get_info_by_fd(link->state->fd(), &facts, &size);
  if (status != 0) return Napi::Number::New(info.Env(), status);
  auto result = Napi::Object::New(info.Env());
  result.Set("id", facts.id);
  result.Set("type", facts.type);
  result.Set("programId", facts.prog_id);
  return result;
}

}  // namespace ebpf
