#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "env.h"

namespace ebpf {
namespace {

// Of linux/pidfd.h, since Linux 6.9. Older kernels know no flag with this bit, and say EINVAL.
constexpr unsigned int kThread = O_EXCL;

UniqueFd Open(int32_t id, unsigned int flags) {
  auto fd = static_cast<int>(syscall(SYS_pidfd_open, id, flags));
  if (fd < 0) return UniqueFd(-errno);
  UniqueFd opened(fd);
  return fd > 2 ? std::move(opened) : Duplicate(opened.get());
}

}  // namespace

Napi::Value PidfdOpen(const Napi::CallbackInfo& info) {
  int32_t id;
  if (!ReadArguments(info, &id)) return {};
  UniqueFd fd = Open(id, kThread);
  if (fd.get() == -EINVAL) fd = Open(id, 0);
  if (!fd.valid()) return Napi::Number::New(info.Env(), fd.get());
  return Napi::Number::New(info.Env(), Environment::Of(info)->handles().Insert(
                                           std::make_unique<Descriptor>(std::move(fd))));
}

Napi::Value DescriptorFd(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  auto* descriptor = Environment::Of(info)->handles().Get<Descriptor>(handle);
  return Napi::Number::New(info.Env(), descriptor == nullptr ? -EBADF : descriptor->fd());
}

}  // namespace ebpf
