#include "tc_filters.h"

#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "unique_fd.h"

namespace ebpf {
namespace {

constexpr const char* kOperation = "netlink(RTM_GETTFILTER)";

// One attribute of `size` bytes from `data` on, or null.
const rtattr* FindAttribute(const void* data, size_t size, uint16_t type) {
  const auto* bytes = static_cast<const char*>(data);
  for (size_t at = 0; at + sizeof(rtattr) <= size;) {
    const auto* attribute = reinterpret_cast<const rtattr*>(bytes + at);
    if (attribute->rta_len < sizeof(rtattr) || attribute->rta_len > size - at) return nullptr;
    if ((attribute->rta_type & NLA_TYPE_MASK) == type) return attribute;
    at += RTA_ALIGN(attribute->rta_len);
  }
  return nullptr;
}

const void* DataOf(const rtattr* attribute) { return attribute + 1; }
size_t SizeOf(const rtattr* attribute) { return attribute->rta_len - sizeof(rtattr); }

void AddFilter(const nlmsghdr* message, std::vector<TcFilter>* filters) {
  if (message->nlmsg_len < NLMSG_LENGTH(sizeof(tcmsg))) return;
  const auto* tc = static_cast<const tcmsg*>(NLMSG_DATA(message));
  size_t size = message->nlmsg_len - NLMSG_LENGTH(sizeof(tcmsg));
  const rtattr* options = FindAttribute(tc + 1, size, TCA_OPTIONS);
  if (options == nullptr) return;
  const rtattr* kind = FindAttribute(tc + 1, size, TCA_KIND);
  if (kind == nullptr || strncmp(static_cast<const char*>(DataOf(kind)), "bpf", SizeOf(kind)) != 0)
    return;
  // Classic programs have none.
  const rtattr* id = FindAttribute(DataOf(options), SizeOf(options), TCA_BPF_ID);
  if (id == nullptr || SizeOf(id) < sizeof(uint32_t)) return;
  TcFilter filter = {0, tc->tcm_handle, tc->tcm_info >> 16};
  memcpy(&filter.program_id, DataOf(id), sizeof(filter.program_id));
  filters->push_back(filter);
}

struct Request {
  nlmsghdr header;
  tcmsg tc;
};

// 0 at the end, -EINTR when the filters changed meanwhile, or another negative errno.
int Receive(int socket, std::vector<TcFilter>* filters) {
  // The kernel never sends more of a dump at once (netlink_dump, net/netlink/af_netlink.c).
  alignas(nlmsghdr) char buffer[32768];
  bool interrupted = false;
  for (;;) {
    ssize_t received = recv(socket, buffer, sizeof(buffer), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return -errno;
    auto left = static_cast<size_t>(received);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer);
    while (left >= sizeof(nlmsghdr) && message->nlmsg_len >= sizeof(nlmsghdr) &&
           message->nlmsg_len <= left) {
      interrupted = interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (message->nlmsg_type == NLMSG_DONE) return interrupted ? -EINTR : 0;
      if (message->nlmsg_type == NLMSG_ERROR) {
        int error = 0;
        if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(nlmsgerr)))
          error = static_cast<const nlmsgerr*>(NLMSG_DATA(message))->error;
        return error != 0 ? error : -EIO;
      }
      AddFilter(message, filters);
      size_t length = NLMSG_ALIGN(message->nlmsg_len);
      if (length >= left) break;
      left -= length;
      message = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const char*>(message) + length);
    }
  }
}

}  // namespace

Status ListTcFilters(int interface_index, bpf_tc_attach_point attach_point,
                     std::vector<TcFilter>* filters) {
  constexpr int kTries = 8;
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) return FromSyscall("socket(AF_NETLINK)", -1);
  Request request;
  memset(&request, 0, sizeof(request));
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETTFILTER;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.tc.tcm_family = AF_UNSPEC;
  request.tc.tcm_ifindex = interface_index;
  request.tc.tcm_parent =
      TC_H_MAKE(TC_H_CLSACT, attach_point == BPF_TC_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
  int status = -EINTR;
  for (int tries = 0; tries < kTries && status == -EINTR; ++tries) {
    filters->clear();
    if (send(socket.get(), &request, sizeof(request), 0) < 0) return FromSyscall(kOperation, -1);
    status = Receive(socket.get(), filters);
  }
  return FromReturn(kOperation, status);
}

}  // namespace ebpf
