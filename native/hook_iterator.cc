// Iterators: programs that run once for each of the kernel's objects of a kind.

#include <bpf/bpf.h>

#include "convert.h"
#include "hook.h"
#include "kernel_abi.h"

namespace ebpf {

bool ReadIteratorHook(Napi::Value hook, AttachFunction* attach) {
  HeldFd map;
  HeldFd cgroup;
  uint32_t cgroup_order;
  uint32_t tid;
  uint32_t pid;
  HeldFd pid_fd;
  if (!ReadProperty(hook, "mapFd", &map) || !ReadProperty(hook, "cgroupFd", &cgroup) ||
      !ReadProperty(hook, "cgroupOrder", &cgroup_order) || !ReadProperty(hook, "tid", &tid) ||
      !ReadProperty(hook, "pid", &pid) || !ReadProperty(hook, "pidFd", &pid_fd)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_link_create";
    for (const HeldFd& fd : {map, cgroup, pid_fd}) {
      if (fd.given() && fd.get() < 0) return FromReturn(kOperation, fd.get());
    }
    // A union: the program's kind says what the kernel reads.
    bpf_iter_link_info info;
    memset(&info, 0, sizeof(info));
    bool described = true;
    if (map.given()) {
      info.map.map_fd = static_cast<uint32_t>(map.get());
    } else if (cgroup.given() || cgroup_order != 0) {
      info.cgroup.order = kernel::ToEnum<bpf_cgroup_iter_order>(cgroup_order, 7);
      info.cgroup.cgroup_fd = cgroup.given() ? static_cast<uint32_t>(cgroup.get()) : 0;
    } else if (tid != 0 || pid != 0 || pid_fd.given()) {
      info.task.tid = tid;
      info.task.pid = pid;
      info.task.pid_fd = pid_fd.given() ? static_cast<uint32_t>(pid_fd.get()) : 0;
    } else {
      described = false;
    }
    LibbpfOptions<bpf_link_create_opts> options;
    options.iter_info = described ? &info : nullptr;
    options.iter_info_len = described ? sizeof(info) : 0;
    return attachment->Take(kOperation, bpf_link_create(target.fd, 0, BPF_TRACE_ITER, &options));
  };
  return true;
}

}  // namespace ebpf
