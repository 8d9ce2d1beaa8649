#include "placement.h"

#include <bpf/bpf.h>

#include <utility>

namespace ebpf {

uint32_t ProgramId(int program_fd) {
  bpf_prog_info info;
  uint32_t size = sizeof(info);
  memset(&info, 0, sizeof(info));
  return bpf_obj_get_info_by_fd(program_fd, &info, &size) == 0 ? info.id : 0;
}

Status ProgramPlacement::Attach(int program_fd) {
  UniqueFd program = Duplicate(program_fd);
  if (!program.valid()) return FromReturn("fcntl(F_DUPFD_CLOEXEC)", program.get());
  Status status = slot_.Take([&] { return DoAttach(program.get()); });
  if (status.ok()) program_ = std::move(program);
  return status;
}

Status ProgramPlacement::Replace(int program_fd, int expected_fd) {
  // These two are the errors of a kernel's link: that it is detached, that the program is another
  // one.
  if (!program_.valid()) return {-ENOLINK, "bpf_link_update", nullptr};
  if (expected_fd >= 0 && ProgramId(expected_fd) != ProgramId(program_.get())) {
    return {-EPERM, "bpf_link_update", nullptr};
  }
  UniqueFd program = Duplicate(program_fd);
  if (!program.valid()) return FromReturn("fcntl(F_DUPFD_CLOEXEC)", program.get());
  Status status = slot_.Use([&] { return DoReplace(program.get(), program_.get()); });
  if (status.ok()) program_ = std::move(program);
  return status;
}

Status ProgramPlacement::Detach() {
  if (!program_.valid()) return {};
  Status status = slot_.Leave([&] { return DoDetach(program_.get()); });
  if (status.ok()) program_.Reset();
  return status;
}

}  // namespace ebpf
