// Hooks of maps and devices without links: programs attached by BPF_PROG_ATTACH.

#include <bpf/bpf.h>

#include <string>
#include <utility>

#include "convert.h"
#include "hook.h"
#include "kernel_abi.h"
#include "placement.h"

namespace ebpf {
namespace {

// Attached by BPF_PROG_ATTACH to what a descriptor names. Detaching names the program: another one
// that replaced ours stays.
class DescriptorPlacement : public ProgramPlacement {
 public:
  DescriptorPlacement(HeldFd target, bpf_attach_type type, std::string slot = "")
      : ProgramPlacement(std::move(slot)), target_(std::move(target)), type_(type) {}

 protected:
  Status DoAttach(int program_fd) override {
    return FromReturn("bpf_prog_attach", bpf_prog_attach(program_fd, target_.get(), type_, 0));
  }

  Status DoReplace(int program_fd, int) override { return DoAttach(program_fd); }

  Status DoDetach(int current_fd) override {
    Status status =
        FromReturn("bpf_prog_detach2", bpf_prog_detach2(current_fd, target_.get(), type_));
    // Unplugged, or another program is there.
    bool gone = status.error == -ENOENT || status.error == -ENODEV;
    return gone ? Status{} : status;
  }

 private:
  HeldFd target_;
  bpf_attach_type type_;
};

// A device takes several programs: a new one does not replace the old one.
class LircPlacement final : public DescriptorPlacement {
 public:
  explicit LircPlacement(HeldFd device) : DescriptorPlacement(std::move(device), BPF_LIRC_MODE2) {}

 protected:
  Status DoReplace(int program_fd, int current_fd) override {
    Status status = DoAttach(program_fd);
    return status.ok() ? DoDetach(current_fd) : status;
  }
};

// The name of the place's Slot: the same program may be attached again.
std::string SlotOf(int map_fd, bpf_attach_type type) {
  bpf_map_info info;
  uint32_t size = sizeof(info);
  memset(&info, 0, sizeof(info));
  if (bpf_obj_get_info_by_fd(map_fd, &info, &size) != 0) return "";
  return "map " + std::to_string(info.id) + " " + std::to_string(type);
}

}  // namespace

bool ReadSockmapHook(Napi::Value hook, AttachFunction* attach) {
  HeldFd map;
  uint32_t attach_type;
  if (!ReadProperty(hook, "mapFd", &map) || !ReadProperty(hook, "attachType", &attach_type)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    auto type = kernel::ToAttachType(attach_type);
    if (map.get() < 0) return FromReturn("bpf_link_create", map.get());
    Status status =
        attachment->Take("bpf_link_create", bpf_link_create(target.fd, map.get(), type, nullptr));
    // Linux before 6.10 has no link for these programs.
    if (status.error != -EINVAL) return status;
    return attachment->Take(
        std::make_shared<DescriptorPlacement>(map, type, SlotOf(map.get(), type)), target.fd);
  };
  return true;
}

bool ReadLircHook(Napi::Value hook, AttachFunction* attach) {
  HeldFd device;
  if (!ReadProperty(hook, "deviceFd", &device)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    if (device.get() < 0) return FromReturn("bpf_prog_attach", device.get());
    return attachment->Take(std::make_shared<LircPlacement>(device), target.fd);
  };
  return true;
}

}  // namespace ebpf
