#include "hook.h"

#include <string>
#include <utility>

#include "convert.h"
#include "log.h"

namespace ebpf {
namespace {

struct Hook {
  const char* kind;
  HookReader read;
};

// A new kind of hook is one more row here, and its reader in the file of its family.
constexpr Hook kHooks[] = {
    {"section", ReadSectionHook},
    {"tracepoint", ReadTracepointHook},
    {"raw_tracepoint", ReadRawTracepointHook},
    {"tracing", ReadTracingHook},
    {"freplace", ReadFreplaceHook},
    {"kprobe", ReadKprobeHook},
    {"ksyscall", ReadKsyscallHook},
    {"kprobe_multi", ReadKprobeMultiHook},
    {"uprobe", ReadUprobeHook},
    {"uprobe_multi", ReadUprobeMultiHook},
    {"usdt", ReadUsdtHook},
    {"perf_event", ReadPerfEventHook},
    {"open_perf_event", ReadOpenPerfEventHook},
    {"xdp", ReadXdpHook},
    {"tc", ReadTcHook},
    {"tcx", ReadTcxHook},
    {"netkit", ReadNetkitHook},
    {"netfilter", ReadNetfilterHook},
    {"netns", ReadNetnsHook},
    {"cgroup", ReadCgroupHook},
    {"socket_filter", ReadSocketFilterHook},
    {"reuseport", ReadReuseportHook},
    {"sockmap", ReadSockmapHook},
    {"iterator", ReadIteratorHook},
    {"lirc", ReadLircHook},
};

}  // namespace

Status Attachment::Take(const char* operation, bpf_link* created) {
  link = created;
  return FromPointer(operation, created);
}

Status Attachment::Take(const char* operation, int created_fd) {
  if (created_fd >= 0) fd.Reset(created_fd);
  return FromReturn(operation, created_fd);
}

Status Attachment::Take(std::shared_ptr<ProgramPlacement> place, int program_fd) {
  Status status = place->Attach(program_fd);
  if (status.ok()) placement = std::move(place);
  return status;
}

bool HasProgram(const AttachTarget& target, const char* operation, Status* status) {
  if (target.program != nullptr) return true;
  LogWarning("%s needs a program of an object that was loaded here\n", operation);
  *status = {-EOPNOTSUPP, operation, nullptr};
  return false;
}

bool Read(Napi::Value value, HeldFd* result) {
  int32_t fd;
  if (!Read(value, &fd)) return false;
  if (fd >= 0) result->fd_ = std::make_shared<UniqueFd>(Duplicate(fd));
  return true;
}

bool ReadHook(Napi::Value hook, AttachFunction* attach) {
  std::string kind;
  if (!ReadProperty(hook, "kind", &kind)) return false;
  for (const Hook& known : kHooks) {
    if (kind == known.kind) return known.read(hook, attach);
  }
  return Expected(hook.Env(), "a known kind of hook");
}

}  // namespace ebpf
