// Hooks of control groups.

#include <bpf/bpf.h>

#include "anchor.h"
#include "convert.h"
#include "kernel_abi.h"

namespace ebpf {

bool ReadCgroupHook(Napi::Value hook, AttachFunction* attach) {
  uint32_t attach_type;
  HeldFd cgroup;
  Anchor anchor;
  if (!ReadProperty(hook, "attachType", &attach_type) || !ReadProperty(hook, "cgroupFd", &cgroup) ||
      !Read(hook, &anchor)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_link_create";
    auto type = kernel::ToAttachType(attach_type);
    if (cgroup.get() < 0) return FromReturn(kOperation, cgroup.get());
    if (anchor.error() != 0) return FromReturn(kOperation, anchor.error());
    LibbpfOptions<bpf_link_create_opts> options;
    options.flags = anchor.flags;
    if (anchor.needs_options()) {
#if EBPF_LIBBPF_AT_LEAST(1, 6)
      anchor.CopyTo(&options.cgroup);
#else
      return NeedsLibbpf("bpf_program__attach_cgroup_opts", "1.6");
#endif
    }
    return attachment->Take(kOperation, bpf_link_create(target.fd, cgroup.get(), type, &options));
  };
  return true;
}

}  // namespace ebpf
