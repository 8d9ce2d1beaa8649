#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <time.h>

#include <string_view>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "env.h"

namespace ebpf {

int CheckDescriptorKind(int fd, DescriptorKind kind) {
  // BPF_OBJ_GET_INFO_BY_FD answers for each kind without saying which it was. The names are those
  // that the kernel gives to the anonymous inodes (kernel/bpf/syscall.c, kernel/events/core.c).
  constexpr std::string_view kNames[] = {"anon_inode:bpf-prog", "anon_inode:bpf-map",
                                         "anon_inode:bpf_link", "anon_inode:[perf_event]"};
  char path[32];
  char target[64];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  ssize_t length = readlink(path, target, sizeof(target));
  if (length < 0) return -errno;
  std::string_view name(target, static_cast<size_t>(length));
  // That of a link which was opened by its id, or by its pin (bpf_link_new_fd).
  if (kind == DescriptorKind::kLink && name == "anon_inode:bpf-link") return 0;
  return name == kNames[static_cast<int>(kind)] ? 0 : -EINVAL;
}

Napi::Value LibbpfVersion(const Napi::CallbackInfo& info) {
  const char* version = libbpf_version_string();
  return Napi::String::New(info.Env(), *version == 'v' ? version + 1 : version);
}

Napi::Value PossibleCpus(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), libbpf_num_possible_cpus());
}

Napi::Value Clock(const Napi::CallbackInfo& info) {
  int32_t clock;
  if (!ReadArguments(info, &clock)) return {};
  timespec time;
  if (clock_gettime(clock, &time) != 0) {
    Expected(info.Env(), "the number of a clock");
    return {};
  }
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(time.tv_sec) * 1000000000U +
                                           static_cast<uint64_t>(time.tv_nsec));
}

Napi::Value LiveHandles(const Napi::CallbackInfo& info) {
  const HandleTable& handles = Environment::Of(info)->handles();
  auto result = Napi::Object::New(info.Env());
  result.Set("object", handles.Count(Kind::kObject));
  result.Set("program", handles.Count(Kind::kProgram));
  result.Set("map", handles.Count(Kind::kMap));
  result.Set("link", handles.Count(Kind::kLink));
  result.Set("reader", handles.Count(Kind::kReader));
  result.Set("userRing", handles.Count(Kind::kUserRing));
  result.Set("mapping", *Environment::Of(info)->mappings());
  result.Set("descriptor", handles.Count(Kind::kDescriptor));
  return result;
}

Napi::Value EnableRunStatistics(const Napi::CallbackInfo& info) {
  UniqueFd fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!fd.valid()) return Napi::Number::New(info.Env(), fd.get());
  return Napi::Number::New(info.Env(), Environment::Of(info)->handles().Insert(
                                           std::make_unique<Descriptor>(std::move(fd))));
}

Napi::Value InstructionsProbe(const Napi::CallbackInfo& info) {
  std::vector<uint8_t> bytes;
  if (!ReadArguments(info, &bytes)) return {};
  if (bytes.empty() || bytes.size() % sizeof(bpf_insn) != 0) {
    return Napi::Number::New(info.Env(), -EINVAL);
  }
  UniqueFd fd(bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, nullptr, "GPL",
                            reinterpret_cast<const bpf_insn*>(bytes.data()),
                            bytes.size() / sizeof(bpf_insn), nullptr));
  return Napi::Number::New(info.Env(), fd.valid() ? 0 : fd.get());
}

Napi::Value DescriptorClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  bool closed = Environment::Of(info)->handles().Take<Descriptor>(handle) != nullptr;
  return Napi::Number::New(info.Env(), closed ? 0 : -EBADF);
}

}  // namespace ebpf
