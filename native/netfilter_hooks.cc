#include "netfilter_hooks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink.h"
#include "unique_fd.h"

namespace ebpf {
namespace {

constexpr const char* kOperation = "netlink(NFNL_MSG_HOOK_GET)";

// linux/netfilter/nfnetlink.h and nfnetlink_hook.h, which are newer than some systems' headers.
constexpr uint16_t kSubsystemHook = 12;
constexpr uint16_t kHookGet = 0;
constexpr uint16_t kHookNumber = 1;
constexpr uint16_t kHookPriority = 2;
constexpr uint16_t kHookChainInfo = 6;
constexpr uint16_t kInfoDescription = 1;
constexpr uint16_t kInfoType = 2;
constexpr uint32_t kTypeBpf = 2;
constexpr uint16_t kBpfId = 1;

struct Request {
  nlmsghdr header;
  nfgenmsg netfilter;
  rtattr attribute;
  uint32_t hook;
};

// All numbers are in the order of the network.
void AddProgram(const nlmsghdr* message, std::vector<NetfilterProgram>* programs) {
  NetlinkAttribute attributes = AttributesOf(message, sizeof(nfgenmsg));
  NetlinkAttribute info = attributes.Find(kHookChainInfo);
  uint32_t type;
  uint32_t id;
  uint32_t priority;
  // What is no BPF program has none, or one of another type.
  if (!info.Find(kInfoType).Read(&type) || ntohl(type) != kTypeBpf ||
      !info.Find(kInfoDescription).Find(kBpfId).Read(&id) ||
      !attributes.Find(kHookPriority).Read(&priority)) {
    return;
  }
  programs->push_back({ntohl(id), static_cast<int32_t>(ntohl(priority))});
}

}  // namespace

Status ListNetfilterPrograms(uint32_t family, uint32_t hook,
                             std::vector<NetfilterProgram>* programs) {
  constexpr int kTries = 8;
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket.valid()) return FromSyscall("socket(AF_NETLINK)", -1);
  Request request;
  memset(&request, 0, sizeof(request));
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = (kSubsystemHook << 8) | kHookGet;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.netfilter.nfgen_family = static_cast<uint8_t>(family);
  request.attribute.rta_len = RTA_LENGTH(sizeof(request.hook));
  request.attribute.rta_type = kHookNumber;
  request.hook = htonl(hook);
  int status = -EINTR;
  for (int tries = 0; tries < kTries && status == -EINTR; ++tries) {
    programs->clear();
    status = Dump(socket.get(), request.header,
                  [programs](const nlmsghdr* message) { AddProgram(message, programs); });
  }
  return FromReturn(kOperation, status);
}

}  // namespace ebpf
