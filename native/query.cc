#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <time.h>

#include <string_view>

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
  return name == kNames[static_cast<int>(kind)] ? 0 : -EINVAL;
}

napi_value LibbpfVersion(napi_env env, napi_callback_info) {
  const char* version = libbpf_version_string();
  return MakeString(env, *version == 'v' ? version + 1 : version);
}

napi_value PossibleCpus(napi_env env, napi_callback_info) {
  return MakeInt(env, libbpf_num_possible_cpus());
}

napi_value Clock(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t clock;
  if (!arguments.Read(&clock)) return nullptr;
  timespec time;
  if (clock_gettime(clock, &time) != 0) {
    Expected(env, "the number of a clock");
    return nullptr;
  }
  return MakeBigInt(
      env, static_cast<uint64_t>(time.tv_sec) * 1000000000U + static_cast<uint64_t>(time.tv_nsec));
}

napi_value LiveHandles(napi_env env, napi_callback_info info) {
  Arguments<0> arguments(env, info);
  const HandleTable& handles = arguments.environment()->handles();
  return ObjectMaker(env)
      .Number("object", handles.Count(Kind::kObject))
      .Number("program", handles.Count(Kind::kProgram))
      .Number("map", handles.Count(Kind::kMap))
      .Number("link", handles.Count(Kind::kLink))
      .Number("ring", handles.Count(Kind::kRing))
      .Number("mapping", *arguments.environment()->mappings())
      .Number("descriptor", handles.Count(Kind::kDescriptor))
      .object();
}

napi_value EnableRunStatistics(napi_env env, napi_callback_info info) {
  Arguments<0> arguments(env, info);
  UniqueFd fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!fd.valid()) return MakeInt(env, fd.get());
  return MakeInt(
      env, arguments.environment()->handles().Insert(std::make_unique<Descriptor>(std::move(fd))));
}

napi_value DescriptorClose(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  bool closed = arguments.environment()->handles().Take<Descriptor>(handle) != nullptr;
  return MakeInt(env, closed ? 0 : -EBADF);
}

}  // namespace ebpf
