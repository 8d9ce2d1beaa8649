#include "exit.h"

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <unordered_set>

#include "link.h"

namespace ebpf {
namespace {

struct LiveLinks {
  std::shared_timed_mutex attaching;
  std::mutex mutex;
  std::unordered_set<LinkState*> links;
  bool exiting = false;
  pid_t process = 0;
};

// Never destroyed: other threads go on while the process exits.
LiveLinks& Live() {
  static auto* live = new LiveLinks;
  return *live;
}

void OnExit() {
  constexpr std::chrono::seconds kPatience{1};
  LiveLinks& live = Live();
  // A child that was forked has copies of our descriptors, and nothing to undo.
  if (getpid() != live.process) return;
  // Not kept: threads of the pool may be joined later. What is attached later than this is closed
  // as soon as it is a link.
  std::unique_lock<std::shared_timed_mutex> attached(live.attaching, kPatience);
  std::lock_guard<std::mutex> lock(live.mutex);
  live.exiting = true;
  for (LinkState* link : live.links) link->CloseAtExit();
}

}  // namespace

AttachInProgress::AttachInProgress() : lock_(Live().attaching) {}

void CloseAtExit(LinkState* link) {
  LiveLinks& live = Live();
  bool exiting;
  {
    std::lock_guard<std::mutex> lock(live.mutex);
    if (live.process == 0) {
      live.process = getpid();
      atexit(OnExit);
    }
    live.links.insert(link);
    exiting = live.exiting;
  }
  if (exiting) link->CloseAtExit();
}

void ForgetAtExit(LinkState* link) {
  LiveLinks& live = Live();
  std::lock_guard<std::mutex> lock(live.mutex);
  live.links.erase(link);
}

}  // namespace ebpf
