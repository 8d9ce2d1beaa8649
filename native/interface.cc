#include "interface.h"

#include <net/if.h>
#include <pthread.h>
#include <sched.h>

#include <utility>
#include <vector>

#include "convert.h"
#include "log.h"

namespace ebpf {
namespace {

struct NetnsThread {
  int netns;
  const NetnsWork& work;
  Status status;
  std::vector<LogMessage> log;
};

void* RunInNetns(void* data) {
  auto* thread = static_cast<NetnsThread*>(data);
  LogCapture capture(false);
  thread->status = FromSyscall("setns", setns(thread->netns, CLONE_NEWNET));
  if (thread->status.ok()) thread->status = thread->work();
  thread->log = capture.Take();
  return nullptr;
}

Status RunOnThread(int netns, const NetnsWork& work) {
  NetnsThread thread = {netns, work, {}, {}};
  pthread_t id;
  int error = pthread_create(&id, nullptr, RunInNetns, &thread);
  if (error != 0) return {-error, "pthread_create", nullptr};
  pthread_join(id, nullptr);
  AddLog(std::move(thread.log));
  return thread.status;
}

}  // namespace

bool Read(Napi::Value value, Interface* result) {
  Napi::Value interface;
  if (!GetProperty(value, "interface", &interface)) return false;
  bool read =
      interface.IsString() ? Read(interface, &result->name) : Read(interface, &result->index);
  return read && ReadProperty(value, "netnsFd", &result->netns);
}

Status InNetns(const HeldFd& netns, const NetnsWork& work) {
  if (!netns.given()) return work();
  if (netns.get() < 0) return FromReturn("setns", netns.get());
  return RunOnThread(netns.get(), work);
}

Status InNetns(const UniqueFd& netns, const NetnsWork& work) {
  return RunOnThread(netns.get(), work);
}

Status OnInterface(const Interface& interface, const std::function<Status(int index)>& work) {
  return InNetns(interface.netns, [&]() -> Status {
    uint32_t index = interface.index;
    if (!interface.name.empty()) {
      index = if_nametoindex(interface.name.c_str());
      if (index == 0) return {-errno, "if_nametoindex", nullptr};
    }
    return work(static_cast<int>(index));
  });
}

UniqueFd OpenOwnNetns() {
  int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  return UniqueFd(fd < 0 ? -errno : fd);
}

}  // namespace ebpf
