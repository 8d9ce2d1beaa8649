// Hooks of sockets: programs attached by setsockopt(2).

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>
#include <utility>

#include "convert.h"
#include "hook.h"
#include "kernel_abi.h"
#include "placement.h"

namespace ebpf {
namespace {

constexpr const char* kClassicOperation = "setsockopt(SO_ATTACH_FILTER)";

// A socket of the user's: the number of his descriptor, and which socket it meant. A duplicate
// would keep the socket open when its user closes it, and its port in use. When the number means
// another socket, or nothing, what was on the socket went with it.
class UserSocket {
 public:
  // `held` is a duplicate of the same descriptor.
  UserSocket(int user_fd, int held) : user_fd_(user_fd), cookie_(CookieOf(held)) {}

  // No socket has 0 (sock_gen_cookie, net/core/sock_diag.c).
  bool valid() const { return cookie_ != 0; }
  uint64_t cookie() const { return cookie_; }

  // -ENOLINK when the socket is gone.
  Status SetOption(int option, const void* value, socklen_t size, const char* operation) const {
    // Of our own from here on: nobody can close it between the question and the call.
    UniqueFd socket = Duplicate(user_fd_);
    if (!socket.valid() || CookieOf(socket.get()) != cookie_) return {-ENOLINK, operation, nullptr};
    return FromSyscall(operation, setsockopt(socket.get(), SOL_SOCKET, option, value, size));
  }

  // There is no way to ask what is on a socket: another process that replaced ours since loses his.
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

// One of the two programs that a socket can have.
struct SocketHook {
  bool reuseport;
  int attach_option;
  int attach_classic_option;
  int detach_option;
};

constexpr SocketHook kFilter = {false, SO_ATTACH_BPF, SO_ATTACH_FILTER, SO_DETACH_FILTER};
constexpr SocketHook kReuseport = {true, SO_ATTACH_REUSEPORT_EBPF, SO_ATTACH_REUSEPORT_CBPF,
                                   SO_DETACH_REUSEPORT_BPF};

int NumberOf(int fd, int option) {
  int number = 0;
  socklen_t size = sizeof(number);
  return getsockopt(fd, SOL_SOCKET, option, &number, &size) == 0 ? number : 0;
}

// The name of the place's Slot. A filter is the socket's own; the other program is shared by all
// sockets of a group, which are those of one address (inet_reuseport_add_sock,
// net/ipv4/inet_hashtables.c). A socket that is not bound has a group of its own.
std::string SlotOf(const SocketHook& hook, const UserSocket& socket, int held) {
  std::string own =
      (hook.reuseport ? "reuseport of " : "filter of ") + std::to_string(socket.cookie());
  sockaddr_storage address;
  memset(&address, 0, sizeof(address));
  socklen_t size = sizeof(address);
  if (!hook.reuseport || getsockname(held, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return own;
  }
  // At the same place for IPv4 and IPv6.
  if (reinterpret_cast<const sockaddr_in*>(&address)->sin_port == 0) return own;
  int netns = ioctl(held, SIOCGSKNS);
  struct stat facts;
  UniqueFd closed(netns);
  if (netns < 0 || fstat(netns, &facts) != 0) return own;
  std::string group = "reuseport in " + std::to_string(facts.st_ino) + " at ";
  group.append(reinterpret_cast<const char*>(&address), size);
  group += " of " + std::to_string(NumberOf(held, SO_PROTOCOL));
  group += " on " + std::to_string(NumberOf(held, SO_BINDTOIFINDEX));
  return group;
}

class SocketPlacement final : public ProgramPlacement {
 public:
  SocketPlacement(const SocketHook& hook, const UserSocket& socket, std::string slot)
      : ProgramPlacement(std::move(slot)), hook_(hook), socket_(socket) {}

 protected:
  Status DoAttach(int program_fd) override {
    return socket_.SetOption(hook_.attach_option, &program_fd, sizeof(program_fd),
                             "setsockopt(SO_ATTACH_BPF)");
  }

  Status DoReplace(int program_fd, int) override { return DoAttach(program_fd); }
  Status DoDetach(int) override { return socket_.Detach(hook_.detach_option); }

 private:
  SocketHook hook_;
  UserSocket socket_;
};

bool ReadSocketHook(Napi::Value value, const SocketHook& hook, AttachFunction* attach) {
  int32_t fd;
  HeldFd held;
  if (!ReadProperty(value, "socketFd", &fd) || !ReadProperty(value, "socketFd", &held)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) -> Status {
    constexpr const char* kOperation = "getsockopt(SO_COOKIE)";
    if (held.get() < 0) return {held.get(), kOperation, nullptr};
    UserSocket socket(fd, held.get());
    if (!socket.valid()) return {-errno, kOperation, nullptr};
    auto place = std::make_shared<SocketPlacement>(hook, socket, SlotOf(hook, socket, held.get()));
    return attachment->Take(std::move(place), target.fd);
  };
  return true;
}

// A program of classic BPF: no other program can take its place, as none of them is a kernel's
// object.
class ClassicPlacement final : public Placement {
 public:
  ClassicPlacement(const SocketHook& hook, const UserSocket& socket, std::string slot)
      : slot_(std::move(slot)), hook_(hook), socket_(socket) {}

  Status Attach(const sock_fprog& program) {
    return slot_.Take([&] {
      return socket_.SetOption(hook_.attach_classic_option, &program, sizeof(program),
                               kClassicOperation);
    });
  }

  Status Replace(int, int) override { return {-EINVAL, kClassicOperation, nullptr}; }

  Status Detach() override {
    return slot_.Leave([&] { return socket_.Detach(hook_.detach_option); });
  }

 private:
  Slot slot_;
  SocketHook hook_;
  UserSocket socket_;
};

}  // namespace

bool ReadSocketFilterHook(Napi::Value hook, AttachFunction* attach) {
  return ReadSocketHook(hook, kFilter, attach);
}

bool ReadReuseportHook(Napi::Value hook, AttachFunction* attach) {
  return ReadSocketHook(hook, kReuseport, attach);
}

Status AttachClassicFilter(int user_fd, const UniqueFd& held,
                           const std::vector<uint8_t>& instructions, bool reuseport,
                           Attachment* attachment) {
  if (!held.valid()) return {held.get(), kClassicOperation, nullptr};
  size_t count = instructions.size() / sizeof(sock_filter);
  if (count * sizeof(sock_filter) != instructions.size() || count > BPF_MAXINSNS) {
    return {-EINVAL, kClassicOperation, nullptr};
  }
  UserSocket socket(user_fd, held.get());
  if (!socket.valid()) return {-errno, "getsockopt(SO_COOKIE)", nullptr};
  std::vector<sock_filter> copy(count);
  if (count > 0) memcpy(copy.data(), instructions.data(), instructions.size());
  const SocketHook& hook = reuseport ? kReuseport : kFilter;
  auto place = std::make_shared<ClassicPlacement>(hook, socket, SlotOf(hook, socket, held.get()));
  Status status = place->Attach({static_cast<unsigned short>(count), copy.data()});
  if (status.ok()) attachment->placement = std::move(place);
  return status;
}

}  // namespace ebpf
