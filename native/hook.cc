#include "hook.h"

#include <string>

#include "convert.h"

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
    {"uprobe", ReadUprobeHook},
    {"xdp", ReadXdpHook},
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

bool ReadHook(Napi::Value hook, AttachFunction* attach) {
  std::string kind;
  if (!ReadProperty(hook, "kind", &kind)) return false;
  for (const Hook& known : kHooks) {
    if (kind == known.kind) return known.read(hook, attach);
  }
  return Expected(hook.Env(), "a known kind of hook");
}

}  // namespace ebpf
