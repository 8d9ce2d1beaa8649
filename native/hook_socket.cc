// Hooks of sockets, and of maps and devices without links: programs attached by setsockopt(2) and
// BPF_PROG_ATTACH.

#include <bpf/bpf.h>
#include <sys/socket.h>

#include "convert.h"
#include "hook.h"
#include "placement.h"

namespace ebpf {
namespace {

// 0 is no socket's (sock_gen_cookie, net/core/sock_diag.c).
uint64_t SocketCookie(int fd) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

// A filter on a socket. Held is the number of the user's descriptor, and which socket it meant: a
// duplicate would keep the socket open when its user closes it, and its port in use. When the
// number means another socket, or nothing, the filter went with its socket.
class SocketPlacement final : public Placement {
 public:
  SocketPlacement(int user_fd, uint64_t cookie, int attach_option, int detach_option)
      : user_fd_(user_fd),
        cookie_(cookie),
        attach_option_(attach_option),
        detach_option_(detach_option) {}

 protected:
  Status DoAttach(int program_fd) override {
    return Set(attach_option_, program_fd, "setsockopt(SO_ATTACH_BPF)");
  }

  Status DoReplace(int program_fd, int) override { return DoAttach(program_fd); }

  // There is no way to ask which program is on a socket, so whoever replaced ours since loses his.
  Status DoDetach(int) override {
    Status status = Set(detach_option_, 0, "setsockopt(SO_DETACH_BPF)");
    bool gone = status.error == -ENOLINK || status.error == -ENOENT;
    return gone ? Status{} : status;
  }

 private:
  Status Set(int option, int value, const char* operation) {
    // Of our own from here on: nobody can close it between the question and the call.
    UniqueFd socket = Duplicate(user_fd_);
    if (!socket.valid() || SocketCookie(socket.get()) != cookie_) {
      return {-ENOLINK, operation, nullptr};
    }
    return FromSyscall(operation,
                       setsockopt(socket.get(), SOL_SOCKET, option, &value, sizeof(value)));
  }

  int user_fd_;
  uint64_t cookie_;
  int attach_option_;
  int detach_option_;
};

bool ReadSocketOption(Napi::Value hook, int attach_option, int detach_option,
                      AttachFunction* attach) {
  int32_t fd;
  HeldFd held;
  if (!ReadProperty(hook, "socketFd", &fd) || !ReadProperty(hook, "socketFd", &held)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) -> Status {
    constexpr const char* kOperation = "getsockopt(SO_COOKIE)";
    if (held.get() < 0) return {held.get(), kOperation, nullptr};
    uint64_t cookie = SocketCookie(held.get());
    if (cookie == 0) return {-errno, kOperation, nullptr};
    return attachment->Take(
        std::make_shared<SocketPlacement>(fd, cookie, attach_option, detach_option), target.fd);
  };
  return true;
}

// Attached by BPF_PROG_ATTACH to what a descriptor names. Detaching names the program: one that
// replaced ours stays.
class DescriptorPlacement : public Placement {
 public:
  DescriptorPlacement(HeldFd target, bpf_attach_type type)
      : target_(std::move(target)), type_(type) {}

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

}  // namespace

bool ReadSocketFilterHook(Napi::Value hook, AttachFunction* attach) {
  return ReadSocketOption(hook, SO_ATTACH_BPF, SO_DETACH_BPF, attach);
}

bool ReadReuseportHook(Napi::Value hook, AttachFunction* attach) {
  return ReadSocketOption(hook, SO_ATTACH_REUSEPORT_EBPF, SO_DETACH_REUSEPORT_BPF, attach);
}

bool ReadSockmapHook(Napi::Value hook, AttachFunction* attach) {
  HeldFd map;
  uint32_t attach_type;
  if (!ReadProperty(hook, "mapFd", &map) || !ReadProperty(hook, "attachType", &attach_type)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    auto type = static_cast<bpf_attach_type>(attach_type);
    if (map.get() < 0) return FromReturn("bpf_link_create", map.get());
    Status status =
        attachment->Take("bpf_link_create", bpf_link_create(target.fd, map.get(), type, nullptr));
    // Linux before 6.10 has no link for these programs.
    if (status.error != -EINVAL) return status;
    return attachment->Take(std::make_shared<DescriptorPlacement>(map, type), target.fd);
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
