// Hooks of network interfaces.

#include <bpf/bpf.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>

#include <functional>
#include <memory>
#include <string>

#include "convert.h"
#include "hook.h"
#include "log.h"

namespace ebpf {
namespace {

// An interface as JavaScript names it, and the network namespace in which that name means
// something.
struct Interface {
  std::string name;
  // When there is no name.
  uint32_t index = 0;
  // None: the namespace of this process.
  std::shared_ptr<UniqueFd> netns;
};

bool ReadInterface(Napi::Value hook, Interface* result) {
  Napi::Value value;
  int32_t netns;
  if (!GetProperty(hook, "interface", &value)) return false;
  if (!(value.IsString() ? Read(value, &result->name) : Read(value, &result->index))) return false;
  if (!ReadProperty(hook, "netnsFd", &netns)) return false;
  if (netns >= 0) result->netns = std::make_shared<UniqueFd>(Duplicate(netns));
  return true;
}

using NetnsWork = std::function<Status()>;

struct NetnsThread {
  int netns;
  const NetnsWork& work;
  Status status;
};

void* RunInNetns(void* data) {
  auto* thread = static_cast<NetnsThread*>(data);
  thread->status = FromSyscall("setns", setns(thread->netns, CLONE_NEWNET));
  if (thread->status.ok()) thread->status = thread->work();
  return nullptr;
}

// On a thread that ends with the work: one of the pool would stay in the namespace if the way back
// failed.
Status InNetns(const UniqueFd& netns, const NetnsWork& work) {
  if (!netns.valid()) return FromReturn("setns", netns.get());
  NetnsThread thread = {netns.get(), work, {}};
  pthread_t id;
  int error = pthread_create(&id, nullptr, RunInNetns, &thread);
  if (error != 0) return {-error, "pthread_create", nullptr};
  pthread_join(id, nullptr);
  return thread.status;
}

// Calls `work(index)` where the interface is.
template <typename Work>
Status OnInterface(const Interface& interface, Work work) {
  NetnsWork resolve_and_work = [&]() -> Status {
    uint32_t index = interface.index;
    if (!interface.name.empty()) {
      index = if_nametoindex(interface.name.c_str());
      if (index == 0) return {-errno, "if_nametoindex", nullptr};
    }
    return work(static_cast<int>(index));
  };
  return interface.netns == nullptr ? resolve_and_work()
                                    : InNetns(*interface.netns, resolve_and_work);
}

}  // namespace

bool ReadXdpHook(Napi::Value hook, AttachFunction* attach) {
  Interface interface;
  uint32_t flags;
  if (!ReadInterface(hook, &interface) || !ReadProperty(hook, "flags", &flags)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    return OnInterface(interface, [&](int index) {
      auto options = MakeOptions<bpf_link_create_opts>();
      options.flags = flags;
      // bpf_program__attach_xdp takes no flags.
      return attachment->Take("bpf_link_create",
                              bpf_link_create(target.fd, index, BPF_XDP, &options));
    });
  };
  return true;
}

}  // namespace ebpf
