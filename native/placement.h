// Attachments that the kernel has no link for.
#ifndef EBPF_NATIVE_PLACEMENT_H_
#define EBPF_NATIVE_PLACEMENT_H_

#include <stdint.h>

#include <string>
#include <utility>

#include "slot.h"
#include "status.h"
#include "unique_fd.h"

namespace ebpf {

// The id of a program, or 0.
uint32_t ProgramId(int program_fd);

// How to undo an attachment, and to put another program in its place. Unlike a link it stays when
// its last descriptor is closed: who owns it calls Detach. On any thread, one at a time.
class Placement {
 public:
  Placement() = default;
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  virtual ~Placement() = default;

  // With an `expected_fd` of a program (else -1) only when that is the one here.
  virtual Status Replace(int program_fd, int expected_fd) = 0;
  // Success also when it is not there any more, or another program is there. Does nothing when it
  // was called before.
  virtual Status Detach() = 0;
};

// One program at one place.
class ProgramPlacement : public Placement {
 public:
  // `slot` is the name of a Slot.
  explicit ProgramPlacement(std::string slot = "") : slot_(std::move(slot)) {}

  // For the first time.
  Status Attach(int program_fd);
  Status Replace(int program_fd, int expected_fd) final;
  Status Detach() final;

 protected:
  virtual Status DoAttach(int program_fd) = 0;
  virtual Status DoReplace(int program_fd, int current_fd) = 0;
  virtual Status DoDetach(int current_fd) = 0;

 private:
  Slot slot_;
  // The one that is attached; none before and after.
  UniqueFd program_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_PLACEMENT_H_
