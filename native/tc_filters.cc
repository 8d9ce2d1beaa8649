#include "tc_filters.h"

#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "netlink.h"
#include "unique_fd.h"

namespace ebpf {
namespace {

constexpr const char* kOperation = "netlink(RTM_GETTFILTER)";

void AddFilter(const nlmsghdr* message, std::vector<TcFilter>* filters) {
  if (message->nlmsg_len < NLMSG_LENGTH(sizeof(tcmsg))) return;
  const auto* tc = static_cast<const tcmsg*>(NLMSG_DATA(message));
  NetlinkAttribute attributes = AttributesOf(message, sizeof(tcmsg));
  NetlinkAttribute kind = attributes.Find(TCA_KIND);
  if (kind.size == 0 || strncmp(static_cast<const char*>(kind.data), "bpf", kind.size) != 0) return;
  TcFilter filter = {0, tc->tcm_handle, tc->tcm_info >> 16};
  // Classic programs have none.
  if (!attributes.Find(TCA_OPTIONS).Find(TCA_BPF_ID).Read(&filter.program_id)) return;
  filters->push_back(filter);
}

struct Request {
  nlmsghdr header;
  tcmsg tc;
};

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
    status = Dump(socket.get(), request.header,
                  [filters](const nlmsghdr* message) { AddFilter(message, filters); });
  }
  return FromReturn(kOperation, status);
}

}  // namespace ebpf
