// The BPF filters of the clsact qdisc, which libbpf can only ask for one by one.
#ifndef EBPF_NATIVE_TC_FILTERS_H_
#define EBPF_NATIVE_TC_FILTERS_H_

#include <bpf/libbpf.h>

#include <cstdint>
#include <vector>

#include "status.h"

namespace ebpf {

struct TcFilter {
  uint32_t program_id;
  uint32_t handle;
  uint32_t priority;
};

// In the order in which they run: by priority, and within one the youngest first (cls_bpf_change,
// net/sched/cls_bpf.c). The interface is one of this thread's network namespace.
Status ListTcFilters(int interface_index, bpf_tc_attach_point attach_point,
                     std::vector<TcFilter>* filters);

}  // namespace ebpf

#endif  // EBPF_NATIVE_TC_FILTERS_H_
