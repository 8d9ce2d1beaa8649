#include "bindings.h"
#include "convert.h"

namespace ebpf {

// Without this a mapping lives until the buffer is collected. A buffer that was transferred is
// detached already: its pages are those of another one, which has to be collected.
Napi::Value MemoryDetach(const Napi::CallbackInfo& info) {
  Napi::ArrayBuffer buffer;
  if (!ReadArguments(info, &buffer)) return {};
  napi_status status = napi_detach_arraybuffer(info.Env(), buffer);
  return Napi::Number::New(info.Env(), status == napi_ok ? 0 : -EINVAL);
}

}  // namespace ebpf
