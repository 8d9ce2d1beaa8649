// What the kernel answers by netlink, where libbpf does not ask.
#ifndef EBPF_NATIVE_NETLINK_H_
#define EBPF_NATIVE_NETLINK_H_

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include <functional>

#include "status.h"

namespace ebpf {

// An attribute's contents; no data where there is none.
struct NetlinkAttribute {
  const void* data = nullptr;
  size_t size = 0;

  // An attribute among those in this one.
  NetlinkAttribute Find(uint16_t type) const;
  // False unless it holds at least a number.
  bool Read(uint32_t* number) const;
};

// What follows a header of `header_size` bytes after that of netlink; empty for a message that is
// shorter.
NetlinkAttribute AttributesOf(const nlmsghdr* message, size_t header_size);

// Sends `request` (its header with `nlmsg_type` and, of all flags, those of the dump) in the
// network namespace of this thread, and hands over each message of the answer. 0, -EINTR when what
// was dumped changed meanwhile, or another negative errno.
int Dump(int socket, const nlmsghdr& request,
         const std::function<void(const nlmsghdr* message)>& work);

}  // namespace ebpf

#endif  // EBPF_NATIVE_NETLINK_H_
