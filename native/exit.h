// What the kernel would keep when the process exits: undone then.
//
// process.exit() and uncaught exceptions end a process by exit(3), in which Node runs no cleanup
// hooks of addons; only the natural end of an event loop does.
#ifndef EBPF_NATIVE_EXIT_H_
#define EBPF_NATIVE_EXIT_H_

#include <shared_mutex>

namespace ebpf {

class LinkState;

// While one of these lives, the exit waits, but not for long: what is being attached becomes a
// LinkState that is known here.
class AttachInProgress {
 public:
  AttachInProgress();

 private:
  std::shared_lock<std::shared_timed_mutex> lock_;
};

// Calls `link->CloseAtExit()` when the process exits, or, when it does already, now.
void CloseAtExit(LinkState* link);
// Before it is destroyed.
void ForgetAtExit(LinkState* link);

}  // namespace ebpf

#endif  // EBPF_NATIVE_EXIT_H_
