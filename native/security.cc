#include <sys/syscall.h>
#include <unistd.h>

#include "bindings.h"
#include "convert.h"

namespace ebpf {

// Of linux/lsm.h and the system call tables, since Linux 6.8.
Napi::Value HasBpfSecurityModule(const Napi::CallbackInfo& info) {
  constexpr long kListModules = 461;
  constexpr uint64_t kBpf = 110;
  uint64_t ids[64];
  uint32_t size = sizeof(ids);
  long count = syscall(kListModules, ids, &size, 0);
  if (count < 0) return Napi::Number::New(info.Env(), -errno);
  int found = 0;
  for (long index = 0; index < count; index++) found |= ids[index] == kBpf ? 1 : 0;
  return Napi::Number::New(info.Env(), found);
}

}  // namespace ebpf
