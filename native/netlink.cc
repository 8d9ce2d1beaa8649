#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

namespace ebpf {

NetlinkAttribute NetlinkAttribute::Find(uint16_t type) const {
  const auto* bytes = static_cast<const char*>(data);
  for (size_t at = 0; at + sizeof(rtattr) <= size;) {
    const auto* attribute = reinterpret_cast<const rtattr*>(bytes + at);
    if (attribute->rta_len < sizeof(rtattr) || attribute->rta_len > size - at) return {};
    if ((attribute->rta_type & NLA_TYPE_MASK) == type)
      return {attribute + 1, attribute->rta_len - sizeof(rtattr)};
    at += RTA_ALIGN(attribute->rta_len);
  }
  return {};
}

bool NetlinkAttribute::Read(uint32_t* number) const {
  if (size < sizeof(*number)) return false;
  memcpy(number, data, sizeof(*number));
  return true;
}

NetlinkAttribute AttributesOf(const nlmsghdr* message, size_t header_size) {
  size_t start = NLMSG_SPACE(header_size);
  if (message->nlmsg_len <= start) return {};
  return {reinterpret_cast<const char*>(message) + start, message->nlmsg_len - start};
}

int Dump(int socket, const nlmsghdr& request,
         const std::function<void(const nlmsghdr* message)>& work) {
  if (send(socket, &request, request.nlmsg_len, 0) < 0) return -errno;
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
      work(message);
      size_t length = NLMSG_ALIGN(message->nlmsg_len);
      if (length >= left) break;
      left -= length;
      message = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const char*>(message) + length);
    }
  }
}

}  // namespace ebpf
