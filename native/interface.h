// Network interfaces, and work in the network namespace that they are in.
#ifndef EBPF_NATIVE_INTERFACE_H_
#define EBPF_NATIVE_INTERFACE_H_

#include <napi.h>
#include <sys/types.h>

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
  // Where the namespace was opened; empty for one that was given as a descriptor.
  std::string netns_path;
};

// From an object with `interface`, `netnsFd` and `netnsPath`.
bool Read(Napi::Value value, Interface* result);

using NetnsWork = std::function<Status()>;

// On a thread that ends with the work: one of the pool would stay in the namespace if the way back
// failed. On this thread, in the namespace of this process, when none is given.
Status InNetns(const HeldFd& netns, const NetnsWork& work);

// Calls `work(index)` where the interface is.
Status OnInterface(const Interface& interface, const std::function<Status(int index)>& work);

// A file of sysfs that goes when the interface is deleted, and not when that is moved into another
// network namespace; it keeps neither. On failure, as before Linux 5.2, there is none.
UniqueFd OpenTrace(int interface_index);
// Whether what it was opened for is still somewhere.
bool StillExists(const UniqueFd& trace);

// The way back to a network namespace. A descriptor would keep it, its interfaces and addresses
// after everybody else has left it, so there is none where it can be opened again by its path.
class NetnsReference {
 public:
  // Of the calling thread, which is where the interface is.
  Status Remember(const Interface& interface);
  // -ENOLINK when the namespace is gone, or another one is at its path.
  Status Enter(const NetnsWork& work) const;

 private:
  std::string path_;
  // Without a path.
  UniqueFd fd_;
  // Of the namespace. The number of its inode may be given to another one later; the cookie is not,
  // and is 0 before Linux 5.14.
  dev_t device_ = 0;
  ino_t inode_ = 0;
  uint64_t cookie_ = 0;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_INTERFACE_H_
