// Network interfaces, and work in the network namespace that they are in.
#ifndef EBPF_NATIVE_INTERFACE_H_
#define EBPF_NATIVE_INTERFACE_H_

#include <napi.h>

#include <functional>
#include <string>

#include "hook.h"
#include "status.h"
#include "unique_fd.h"

namespace ebpf {

// An interface as JavaScript names it, and the network namespace in which that name means
// something.
struct Interface {
  std::string name;
  // When there is no name.
  uint32_t index = 0;
  // None: the namespace of this process.
  HeldFd netns;
};

// From an object with `interface` and `netnsFd`.
bool Read(Napi::Value value, Interface* result);

using NetnsWork = std::function<Status()>;

// On a thread that ends with the work: one of the pool would stay in the namespace if the way back
// failed. On this thread, in the namespace of this process, when none is given.
Status InNetns(const HeldFd& netns, const NetnsWork& work);
Status InNetns(const UniqueFd& netns, const NetnsWork& work);

// Calls `work(index)` where the interface is.
Status OnInterface(const Interface& interface, const std::function<Status(int index)>& work);

// The network namespace of the calling thread. On failure get() is the negative errno.
UniqueFd OpenOwnNetns();

}  // namespace ebpf

#endif  // EBPF_NATIVE_INTERFACE_H_
