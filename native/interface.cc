#include "interface.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <optional>
#include <utility>
#include <vector>

#include "convert.h"
#include "kernel_abi.h"
#include "log.h"

namespace ebpf {
namespace {

struct NetnsThread {
  int netns;
  const NetnsWork& work;
  Status status;
  std::vector<LogMessage> log;
};

void* RunInNetns(void* data) {
  auto* thread = static_cast<NetnsThread*>(data);
  LogCapture capture(false);
  thread->status = FromSyscall("setns", setns(thread->netns, CLONE_NEWNET));
  if (thread->status.ok()) thread->status = thread->work();
  thread->log = capture.Take();
  return nullptr;
}

Status RunOnThread(int netns, const NetnsWork& work) {
  NetnsThread thread = {netns, work, {}, {}};
  pthread_t id;
  int error = pthread_create(&id, nullptr, RunInNetns, &thread);
  if (error != 0) return {-error, "pthread_create", nullptr};
  pthread_join(id, nullptr);
  AddLog(std::move(thread.log));
  return thread.status;
}

// That of the calling thread's network namespace; no two ever have the same. 0 before Linux 5.14.
uint64_t OwnCookie() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  int option = kernel::kSoNetnsCookie;
  return getsockopt(socket.get(), SOL_SOCKET, option, &cookie, &size) == 0 ? cookie : 0;
}

struct LinkRequest {
  nlmsghdr header;
  ifinfomsg link;
  rtattr attribute;
  // ALTIFNAMSIZ of linux/if.h, which cannot be included together with net/if.h.
  char name[128];
};

// By one of the interface's names: of more than 15 bytes only alternative ones are (Linux 5.5),
// which if_nametoindex cuts.
Status FindInterface(const std::string& name, uint32_t* index) {
  constexpr const char* kOperation = "if_nametoindex";
  if (name.size() < IF_NAMESIZE) {
    *index = if_nametoindex(name.c_str());
    return {*index == 0 ? -errno : 0, kOperation, nullptr};
  }
  LinkRequest request;
  memset(&request, 0, sizeof(request));
  if (name.size() >= sizeof(request.name)) return {-ENODEV, kOperation, nullptr};
  memcpy(request.name, name.data(), name.size());
  request.attribute.rta_type = IFLA_ALT_IFNAME;
  request.attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(name.size() + 1));
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.header.nlmsg_len = static_cast<uint32_t>(offsetof(LinkRequest, attribute) +
                                                   RTA_ALIGN(request.attribute.rta_len));
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  alignas(nlmsghdr) char answer[32768];
  if (!socket.valid() || send(socket.get(), &request, request.header.nlmsg_len, 0) < 0) {
    return FromSyscall("netlink(RTM_GETLINK)", -1);
  }
  ssize_t received = recv(socket.get(), answer, sizeof(answer), 0);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer);
  bool found = received >= static_cast<ssize_t>(NLMSG_LENGTH(sizeof(ifinfomsg))) &&
               header->nlmsg_type == RTM_NEWLINK;
  // An older kernel finds the question invalid.
  if (!found) return {-ENODEV, kOperation, nullptr};
  *index = static_cast<uint32_t>(static_cast<const ifinfomsg*>(NLMSG_DATA(header))->ifi_index);
  return {};
}

}  // namespace

bool Read(Napi::Value value, Interface* result) {
  Napi::Value interface;
  if (!GetProperty(value, "interface", &interface)) return false;
  bool read =
      interface.IsString() ? Read(interface, &result->name) : Read(interface, &result->index);
  std::optional<std::string> path;
  if (!read || !ReadProperty(value, "netnsFd", &result->netns) ||
      !ReadProperty(value, "netnsPath", &path)) {
    return false;
  }
  result->netns_path = path.value_or("");
  return true;
}

Status InNetns(const HeldFd& netns, const NetnsWork& work) {
  if (!netns.given()) return work();
  if (netns.get() < 0) return FromReturn("setns", netns.get());
  return RunOnThread(netns.get(), work);
}

Status OnInterface(const Interface& interface, const std::function<Status(int index)>& work) {
  return InNetns(interface.netns, [&]() -> Status {
    uint32_t index = interface.index;
    if (!interface.name.empty()) {
      Status status = FindInterface(interface.name, &index);
      if (!status.ok()) return status;
    }
    // The kernel says EINVAL of one that is not there, or, to netlink, nothing.
    char name[IF_NAMESIZE];
    if (if_indextoname(index, name) == nullptr) return {-ENODEV, "if_indextoname", nullptr};
    return work(static_cast<int>(index));
  });
}

UniqueFd OpenTrace(int interface_index) {
  // Of sys/mount.h, which older C libraries lack.
  constexpr unsigned kCloseOnExec = 1;
  constexpr unsigned kCreate = 6;
  char name[IF_NAMESIZE];
  if (if_indextoname(static_cast<unsigned>(interface_index), name) == nullptr) return UniqueFd();
  // Mounted nowhere: it shows the interfaces of the namespace that it is made in.
  UniqueFd context(static_cast<int>(syscall(SYS_fsopen, "sysfs", kCloseOnExec)));
  if (!context.valid() || syscall(SYS_fsconfig, context.get(), kCreate, nullptr, nullptr, 0) != 0) {
    return UniqueFd();
  }
  UniqueFd mount(static_cast<int>(syscall(SYS_fsmount, context.get(), kCloseOnExec, 0)));
  if (!mount.valid()) return UniqueFd();
  std::string path = std::string("class/net/") + name + "/ifindex";
  return UniqueFd(openat(mount.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
}

bool StillExists(const UniqueFd& trace) {
  char text[16];
  return trace.valid() && pread(trace.get(), text, sizeof(text), 0) > 0;
}

Status NetnsReference::Remember(const Interface& interface) {
  constexpr const char* kOperation = "open(/proc/thread-self/ns/net)";
  UniqueFd own(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  struct stat facts;
  if (!own.valid() || fstat(own.get(), &facts) != 0) return FromSyscall(kOperation, -1);
  path_ = interface.netns_path;
  device_ = facts.st_dev;
  inode_ = facts.st_ino;
  cookie_ = OwnCookie();
  if (path_.empty()) fd_ = std::move(own);
  return {};
}

Status NetnsReference::Enter(const NetnsWork& work) const {
  constexpr const char* kOperation = "setns";
  if (path_.empty()) return RunOnThread(fd_.get(), work);
  // Not waiting for whoever would write into a pipe that is there now.
  UniqueFd netns(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!netns.valid()) {
    // The path, or the process that it names.
    bool gone = errno == ENOENT || errno == ENOTDIR || errno == ESRCH;
    return {gone ? -ENOLINK : -errno, kOperation, nullptr};
  }
  struct stat facts;
  if (fstat(netns.get(), &facts) != 0) return FromSyscall(kOperation, -1);
  if (facts.st_dev != device_ || facts.st_ino != inode_) return {-ENOLINK, kOperation, nullptr};
  return RunOnThread(netns.get(), [&]() -> Status {
    if (OwnCookie() != cookie_) return {-ENOLINK, kOperation, nullptr};
    return work();
  });
}

}  // namespace ebpf
