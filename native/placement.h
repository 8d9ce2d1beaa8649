// Attachments that the kernel has no link for.
#ifndef EBPF_NATIVE_PLACEMENT_H_
#define EBPF_NATIVE_PLACEMENT_H_

#include <mutex>

#include "status.h"
#include "unique_fd.h"

namespace ebpf {

// The id of a program, or 0.
uint32_t ProgramId(int program_fd);

// One program at one place, and how to undo that. Unlike a link it stays when its last descriptor
// is closed: who owns it calls Detach. On any thread.
class Placement {
 public:
  Placement() = default;
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  virtual ~Placement() = default;

  // Attaches for the first time.
  Status Attach(int program_fd);
  // With an `expected_fd` of a program (else -1) only when that is the one here.
  Status Replace(int program_fd, int expected_fd);
  // Success also when it is not there any more, or another program is there.
  Status Detach();

 protected:
  virtual Status DoAttach(int program_fd) = 0;
  virtual Status DoReplace(int program_fd, int current_fd) = 0;
  virtual Status DoDetach(int current_fd) = 0;

 private:
  std::mutex mutex_;
  // The one that is attached; none before and after.
  UniqueFd program_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_PLACEMENT_H_
