// Places that hold one program, and do not say which: whoever comes last has it.
#ifndef EBPF_NATIVE_SLOT_H_
#define EBPF_NATIVE_SLOT_H_

#include <functional>
#include <string>

#include "status.h"

namespace ebpf {

// What one placement has of such a place. Among the placements of this process the one that came
// last is remembered, so that an earlier one does not undo the work of a later one. Of another
// process's nothing is known.
class Slot {
 public:
  using Work = std::function<Status()>;

  // The same for the same place in this process; empty for a place that takes several programs, or
  // whose programs are told apart by the kernel.
  explicit Slot(std::string name = "") : name_(std::move(name)) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot();

  // After a success it is ours.
  Status Take(const Work& work);
  // -ENOLINK, without the work, when it is another placement's by now.
  Status Use(const Work& work);
  // Success, without the work, when it is another placement's by now. After a success it is not
  // ours any more.
  Status Leave(const Work& work);

 private:
  std::string name_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_SLOT_H_
