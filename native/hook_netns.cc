// Hooks of a whole network namespace: netfilter, the flow dissector, socket lookup.

#include <bpf/bpf.h>

#include "convert.h"
#include "interface.h"
#include "kernel_abi.h"

namespace ebpf {

bool ReadNetfilterHook(Napi::Value hook, AttachFunction* attach) {
  uint32_t family;
  uint32_t number;
  int32_t priority;
  uint32_t flags;
  HeldFd netns;
  if (!ReadProperty(hook, "family", &family) || !ReadProperty(hook, "hook", &number) ||
      !ReadProperty(hook, "priority", &priority) || !ReadProperty(hook, "flags", &flags) ||
      !ReadProperty(hook, "netnsFd", &netns)) {
    return false;
  }
#if EBPF_LIBBPF_AT_LEAST(1, 3)
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    return InNetns(netns, [&] {
      LibbpfOptions<bpf_link_create_opts> options;
      options.netfilter.pf = family;
      options.netfilter.hooknum = number;
      options.netfilter.priority = priority;
      options.netfilter.flags = flags;
      return attachment->Take("bpf_link_create",
                              bpf_link_create(target.fd, 0, kernel::kNetfilter, &options));
    });
  };
#else
  *attach = [](const AttachTarget&, Attachment*) {
    return NeedsLibbpf("bpf_program__attach_netfilter", "1.3");
  };
#endif
  return true;
}

bool ReadNetnsHook(Napi::Value hook, AttachFunction* attach) {
  uint32_t attach_type;
  HeldFd netns;
  if (!ReadProperty(hook, "attachType", &attach_type) || !ReadProperty(hook, "netnsFd", &netns)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    UniqueFd own;
    if (!netns.given()) {
      own.Reset(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
      if (!own.valid()) return FromSyscall("open(/proc/thread-self/ns/net)", -1);
    }
    int fd = netns.given() ? netns.get() : own.get();
    if (fd < 0) return FromReturn("bpf_link_create", fd);
    return attachment->Take(
        "bpf_link_create",
        bpf_link_create(target.fd, fd, kernel::ToAttachType(attach_type), nullptr));
  };
  return true;
}

}  // namespace ebpf
