// Hooks of control groups.

#include <bpf/bpf.h>
#include <sys/stat.h>

#include <string>

#include "anchor.h"
#include "convert.h"
#include "kernel_abi.h"
#include "placement.h"

namespace ebpf {
namespace {

// The name of the place's Slot: the same program may be attached again, unless several may.
std::string SlotOf(int cgroup_fd, bpf_attach_type type, uint32_t flags) {
  struct stat facts;
  if ((flags & BPF_F_ALLOW_MULTI) != 0 || fstat(cgroup_fd, &facts) != 0) return "";
  return "cgroup " + std::to_string(facts.st_dev) + " " + std::to_string(facts.st_ino) + " " +
         std::to_string(type);
}

// For the ways in which no link attaches: links are always BPF_F_ALLOW_MULTI.
class CgroupPlacement final : public ProgramPlacement {
 public:
  CgroupPlacement(HeldFd cgroup, bpf_attach_type type, uint32_t flags)
      : ProgramPlacement(SlotOf(cgroup.get(), type, flags)),
        cgroup_(std::move(cgroup)),
        type_(type),
        flags_(flags) {}

 protected:
  Status DoAttach(int program_fd) override { return Attach(program_fd, flags_, 0); }

  Status DoReplace(int program_fd, int current_fd) override {
    // Among several the kernel has to be told which; the only one is replaced by attaching again.
    if ((flags_ & BPF_F_ALLOW_MULTI) != 0) {
      return Attach(program_fd, flags_ | BPF_F_REPLACE, current_fd);
    }
    return IsOurs(current_fd) ? Attach(program_fd, flags_, 0)
                              : Status{-ENOLINK, "bpf_prog_attach_opts", nullptr};
  }

  Status DoDetach(int current_fd) override {
    // The only one is detached whatever program the kernel is told (find_detach_entry,
    // kernel/bpf/cgroup.c).
    if ((flags_ & BPF_F_ALLOW_MULTI) == 0 && !IsOurs(current_fd)) return {};
    Status status =
        FromReturn("bpf_prog_detach2", bpf_prog_detach2(current_fd, cgroup_.get(), type_));
    return status.error == -ENOENT ? Status{} : status;
  }

 private:
  Status Attach(int program_fd, uint32_t flags, int replaced_fd) {
    LibbpfOptions<struct bpf_prog_attach_opts> options;
    options.flags = flags;
    options.replace_prog_fd = replaced_fd;
    return FromReturn("bpf_prog_attach_opts",
                      bpf_prog_attach_opts(program_fd, cgroup_.get(), type_, &options));
  }

  bool IsOurs(int current_fd) {
    uint32_t ids[64];
    uint32_t count = 64;
    uint32_t flags;
    if (bpf_prog_query(cgroup_.get(), type_, 0, &flags, ids, &count) != 0) return false;
    uint32_t id = ProgramId(current_fd);
    for (uint32_t index = 0; index < count; ++index) {
      if (ids[index] == id) return true;
    }
    return false;
  }

  HeldFd cgroup_;
  bpf_attach_type type_;
  uint32_t flags_;
};

}  // namespace

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
    if ((anchor.flags & (BPF_F_ALLOW_OVERRIDE | BPF_F_ALLOW_MULTI)) != 0) {
      return attachment->Take(std::make_shared<CgroupPlacement>(cgroup, type, anchor.flags),
                              target.fd);
    }
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
