// Hooks of sockets, and of maps and devices without links: programs attached by setsockopt(2) and
// BPF_PROG_ATTACH.

#include <bpf/bpf.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include "convert.h"
#include "hook.h"
#include "kernel_abi.h"
#include "placement.h"

namespace ebpf {
namespace {

// A socket of the user's: the number of his descriptor, and which socket it meant. A duplicate
// would keep the socket open when its user closes it, and its port in use. When the number means
// another socket, or nothing, what was on the socket went with it.
class UserSocket {
 public:
  // `held` is a duplicate of the same descriptor.
  UserSocket(int user_fd, int held) : user_fd_(user_fd), cookie_(CookieOf(held)) {}

  // No socket has 0 (sock_gen_cookie, net/core/sock_diag.c).
  bool valid() const { return cookie_ != 0; }

  // -ENOLINK when the socket is gone.
  Status SetOption(int option, const void* value, socklen_t size, const char* operation) const {
    // Of our own from here on: nobody can close it between the question and the call.
    UniqueFd socket = Duplicate(user_fd_);
    if (!socket.valid() || CookieOf(socket.get()) != cookie_) return {-ENOLINK, operation, nullptr};
    return FromSyscall(operation, setsockopt(socket.get(), SOL_SOCKET, option, value, size));
  }

  // There is no way to ask what is on a socket, so whoever replaced ours since loses his.
  Status Detach(int option) const {
    int unused = 0;
    Status status = SetOption(option, &unused, sizeof(unused), "setsockopt(SO_DETACH_FILTER)");
    bool gone = status.error == -ENOLINK || status.error == -ENOENT;
    return gone ? Status{} : status;
  }

 private:
  static uint64_t CookieOf(int fd) {
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
  }

  int user_fd_;
  uint64_t cookie_;
};

class SocketPlacement final : public ProgramPlacement {
 public:
  SocketPlacement(const UserSocket& socket, int attach_option, int detach_option)
      : socket_(socket), attach_option_(attach_option), detach_option_(detach_option) {}

 protected:
  Status DoAttach(int program_fd) override {
    return socket_.SetOption(attach_option_, &program_fd, sizeof(program_fd),
                             "setsockopt(SO_ATTACH_BPF)");
  }

  Status DoReplace(int program_fd, int) override { return DoAttach(program_fd); }
  Status DoDetach(int) override { return socket_.Detach(detach_option_); }

 private:
  UserSocket socket_;
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
    UserSocket socket(fd, held.get());
    if (!socket.valid()) return {-errno, kOperation, nullptr};
    return attachment->Take(std::make_shared<SocketPlacement>(socket, attach_option, detach_option),
                            target.fd);
  };
  return true;
}

// A program of classic BPF: no other program can take its place, as none of them is a kernel's
// object.
class ClassicPlacement final : public Placement {
 public:
  ClassicPlacement(const UserSocket& socket, int detach_option)
      : socket_(socket), detach_option_(detach_option) {}

  Status Replace(int, int) override { return {-EINVAL, "setsockopt(SO_ATTACH_FILTER)", nullptr}; }

  Status Detach() override {
    if (detached_) return {};
    Status status = socket_.Detach(detach_option_);
    detached_ = status.ok();
    return status;
  }

 private:
  UserSocket socket_;
  int detach_option_;
  bool detached_ = false;
};

// Attached by BPF_PROG_ATTACH to what a descriptor names. Detaching names the program: one that
// replaced ours stays.
class DescriptorPlacement : public ProgramPlacement {
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

Status AttachClassicFilter(int user_fd, const UniqueFd& held,
                           const std::vector<uint8_t>& instructions, bool reuseport,
                           Attachment* attachment) {
  constexpr const char* kOperation = "setsockopt(SO_ATTACH_FILTER)";
  if (!held.valid()) return {held.get(), kOperation, nullptr};
  size_t count = instructions.size() / sizeof(sock_filter);
  if (count * sizeof(sock_filter) != instructions.size() || count > BPF_MAXINSNS) {
    return {-EINVAL, kOperation, nullptr};
  }
  UserSocket socket(user_fd, held.get());
  if (!socket.valid()) return {-errno, "getsockopt(SO_COOKIE)", nullptr};
  std::vector<sock_filter> copy(count);
  if (count > 0) memcpy(copy.data(), instructions.data(), instructions.size());
  sock_fprog program = {static_cast<unsigned short>(count), copy.data()};
  int option = reuseport ? SO_ATTACH_REUSEPORT_CBPF : SO_ATTACH_FILTER;
  Status status = socket.SetOption(option, &program, sizeof(program), kOperation);
  if (status.ok()) {
    attachment->placement = std::make_shared<ClassicPlacement>(
        socket, reuseport ? SO_DETACH_REUSEPORT_BPF : SO_DETACH_FILTER);
  }
  return status;
}

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
