// Hooks of network interfaces: XDP, TCX, netkit.

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "anchor.h"
#include "convert.h"
#include "interface.h"
#include "kernel_abi.h"
#include "log.h"
#include "placement.h"

namespace ebpf {
namespace {

// XDP by netlink. A program that is there already is not replaced.
class XdpPlacement final : public ProgramPlacement {
 public:
  XdpPlacement(int index, uint32_t flags, NetnsReference netns)
      : index_(index), flags_(flags), netns_(std::move(netns)) {}

 protected:
  Status DoAttach(int program_fd) override {
    return netns_.Enter([&] {
      trace_ = OpenTrace(index_);
      return Set(program_fd, flags_ | XDP_FLAGS_UPDATE_IF_NOEXIST, 0);
    });
  }

  Status DoReplace(int program_fd, int current_fd) override {
    return netns_.Enter([&] { return Set(program_fd, flags_, current_fd); });
  }

  Status DoDetach(int current_fd) override {
    Status status = netns_.Enter([&] { return Set(-1, flags_, current_fd); });
    if (status.error == -ENODEV && StillExists(trace_)) {
      LogWarning(
          "the interface was moved into another network namespace, and its XDP program with it: "
          "'ip link set dev … xdp off' takes it off there\n");
      return status;
    }
    // The namespace or the interface is gone; another program is there (dev_xdp_attach,
    // net/core/dev.c), or a link.
    bool not_ours = status.error == -ENOLINK || status.error == -ENODEV ||
                    status.error == -EEXIST || status.error == -EBUSY;
    return not_ours ? Status{} : status;
  }

 private:
  Status Set(int program_fd, uint32_t flags, int current_fd) {
    LibbpfOptions<bpf_xdp_attach_opts> options;
    options.old_prog_fd = current_fd;
    return FromReturn("bpf_xdp_attach", bpf_xdp_attach(index_, program_fd, flags, &options));
  }

  int index_;
  uint32_t flags_;
  NetnsReference netns_;
  UniqueFd trace_;
};

Status AttachByNetlink(const Interface& interface, int index, uint32_t flags, int program_fd,
                       Attachment* attachment) {
  NetnsReference netns;
  Status status = netns.Remember(interface);
  if (!status.ok()) return status;
  return attachment->Take(std::make_shared<XdpPlacement>(index, flags, std::move(netns)),
                          program_fd);
}

struct MultiProgram {
  Interface interface;
  Anchor anchor;
  uint32_t attach_type;
};

bool Read(Napi::Value value, MultiProgram* result) {
  return Read(value, &result->interface) && Read(value, &result->anchor) &&
         ReadProperty(value, "attachType", &result->attach_type);
}

Status AttachMultiProgram(const MultiProgram& hook, bool netkit, const AttachTarget& target,
                          Attachment* attachment) {
  constexpr const char* kOperation = "bpf_link_create";
  if (hook.anchor.error() != 0) return {hook.anchor.error(), kOperation, nullptr};
  LibbpfOptions<bpf_link_create_opts> options;
  options.flags = hook.anchor.flags;
#if EBPF_LIBBPF_AT_LEAST(1, 3)
  if (netkit) {
    hook.anchor.CopyTo(&options.netkit);
  } else {
    hook.anchor.CopyTo(&options.tcx);
  }
#else
  if (hook.anchor.needs_options()) {
    return NeedsLibbpf(netkit ? "bpf_program__attach_netkit" : "bpf_program__attach_tcx", "1.3");
  }
#endif
  return OnInterface(hook.interface, [&](int index) {
    return attachment->Take(
        kOperation,
        bpf_link_create(target.fd, index, kernel::ToAttachType(hook.attach_type), &options));
  });
}

}  // namespace

bool ReadXdpHook(Napi::Value hook, AttachFunction* attach) {
  Interface interface;
  uint32_t flags;
  bool netlink;
  if (!Read(hook, &interface) || !ReadProperty(hook, "flags", &flags) ||
      !ReadProperty(hook, "netlink", &netlink)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    return OnInterface(interface, [&](int index) {
      if (netlink) return AttachByNetlink(interface, index, flags, target.fd, attachment);
      LibbpfOptions<bpf_link_create_opts> options;
      options.flags = flags;
      // bpf_program__attach_xdp takes no flags.
      return attachment->Take("bpf_link_create",
                              bpf_link_create(target.fd, index, BPF_XDP, &options));
    });
  };
  return true;
}

bool ReadTcxHook(Napi::Value hook, AttachFunction* attach) {
  MultiProgram tcx;
  if (!Read(hook, &tcx)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    return AttachMultiProgram(tcx, false, target, attachment);
  };
  return true;
}

bool ReadNetkitHook(Napi::Value hook, AttachFunction* attach) {
  MultiProgram netkit;
  if (!Read(hook, &netkit)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    return AttachMultiProgram(netkit, true, target, attachment);
  };
  return true;
}

}  // namespace ebpf
