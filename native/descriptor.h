// Plain descriptors: of which kind one is, and those that JavaScript holds for what they keep
// switched on.
#ifndef EBPF_NATIVE_DESCRIPTOR_H_
#define EBPF_NATIVE_DESCRIPTOR_H_

#include <utility>

#include "handle.h"
#include "unique_fd.h"

namespace ebpf {

enum class DescriptorKind { kProgram, kMap, kLink, kPerfEvent };

// 0, or -EINVAL when the descriptor is of another kind.
int CheckDescriptorKind(int fd, DescriptorKind kind);

class Descriptor final : public Resource {
 public:
  static constexpr Kind kKind = Kind::kDescriptor;
  explicit Descriptor(UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_DESCRIPTOR_H_
