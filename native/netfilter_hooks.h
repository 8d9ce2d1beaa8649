// The BPF programs at a hook of netfilter, which bpf(2) cannot be asked for.
#ifndef EBPF_NATIVE_NETFILTER_HOOKS_H_
#define EBPF_NATIVE_NETFILTER_HOOKS_H_

#include <stdint.h>

#include <vector>

#include "status.h"

namespace ebpf {

struct NetfilterProgram {
  uint32_t program_id;
  int32_t priority;
};

// In the order in which they run, in the network namespace of this thread. -EINVAL before Linux
// 5.14 and without CONFIG_NETFILTER_NETLINK_HOOK; of BPF programs the kernel tells since 6.4.
Status ListNetfilterPrograms(uint32_t family, uint32_t hook,
                             std::vector<NetfilterProgram>* programs);

}  // namespace ebpf

#endif  // EBPF_NATIVE_NETFILTER_HOOKS_H_
