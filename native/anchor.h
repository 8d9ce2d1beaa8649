// Where among the programs of a hook that takes several.
#ifndef EBPF_NATIVE_ANCHOR_H_
#define EBPF_NATIVE_ANCHOR_H_

#include <napi.h>

#include "hook.h"

namespace ebpf {

struct Anchor {
  uint32_t flags = 0;
  // The other program or link, by one of the two.
  uint32_t id = 0;
  HeldFd fd;
  uint64_t expected_revision = 0;

  // What bpf_link_create has to know, and does not in older versions of libbpf.
  bool needs_options() const { return id != 0 || fd.given() || expected_revision != 0; }
  // 0, or the errno of the descriptor.
  int error() const { return fd.given() && fd.get() < 0 ? fd.get() : 0; }

  // Into `tcx`, `netkit` or `cgroup` of bpf_link_create_opts.
  template <typename Place>
  void CopyTo(Place* place) const {
    place->relative_id = id;
    place->relative_fd = fd.given() ? static_cast<uint32_t>(fd.get()) : 0;
    place->expected_revision = expected_revision;
  }
};

// From an object with `flags`, `relative` and `expectedRevision`.
bool Read(Napi::Value value, Anchor* result);

}  // namespace ebpf

#endif  // EBPF_NATIVE_ANCHOR_H_
