// The memory of an arena: pages that programs and processes share at one address.
#ifndef EBPF_NATIVE_ARENA_H_
#define EBPF_NATIVE_ARENA_H_

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <utility>

#include "object.h"

namespace ebpf {

// Where an arena lies in this process. The kernel takes one address for all who map it
// (arena_map_mmap in kernel/bpf/arena.c), so all handles of an arena share one of these.
class ArenaMapping {
 public:
  // Mapped here, and unmapped at the end.
  ArenaMapping(void* address, size_t length) : address_(address), length_(length) {}
  // Mapped by libbpf, which unmaps it when it closes the object.
  ArenaMapping(void* address, size_t length, std::shared_ptr<ObjectState> object)
      : address_(address), length_(length), object_(std::move(object)) {}
  ArenaMapping(const ArenaMapping&) = delete;
  ArenaMapping& operator=(const ArenaMapping&) = delete;
  ~ArenaMapping();

  uint8_t* address() const { return static_cast<uint8_t*>(address_); }
  size_t length() const { return length_; }
  bool Contains(int64_t offset, size_t length) const {
    return offset >= 0 && static_cast<uint64_t>(offset) <= length_ &&
           length <= length_ - static_cast<uint64_t>(offset);
  }

 private:
  void* const address_;
  const size_t length_;
  const std::shared_ptr<ObjectState> object_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_ARENA_H_
