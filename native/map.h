#ifndef EBPF_NATIVE_MAP_H_
#define EBPF_NATIVE_MAP_H_

#include <bpf/libbpf.h>
#include <napi.h>
#include <stddef.h>
#include <stdint.h>

#include <memory>

#include "arena.h"
#include "handle.h"
#include "object.h"
#include "status.h"
#include "unique_fd.h"

namespace ebpf {

// What the kernel said of a map when its descriptor was opened. The sizes of all memory that the
// kernel writes to are checked against this, never against what JavaScript says.
struct MapShape {
  uint32_t id = 0;
  uint32_t type = 0;
  uint32_t flags = 0;
  uint32_t max_entries = 0;
  size_t key_size = 0;
  // As it was declared.
  uint32_t one_value_size = 0;
  // Of what a lookup writes: for a per-CPU map, one value, rounded up to 8 bytes, for each possible
  // CPU (bpf_map_value_size, kernel/bpf/syscall.c).
  size_t value_size = 0;

  static Status Of(int fd, MapShape* shape);
};

class Map;

// What the functions that were made for one map have as their callback data. JavaScript frees those
// when it likes, after the map and after the environment: the last user of a target deletes it.
// All users are on one JS thread.
struct MapTarget {
  // Null once the map was closed.
  Map* map;
  int users;

  void Release() {
    if (--users == 0) delete this;
  }
};

// Lives on the JS thread, and dies there: it may hold a reference to JavaScript's memory.
class Map final : public Resource {
 public:
  static constexpr Kind kKind = Kind::kMap;

  // `object` and `map` are null for one that was created, or opened by id, path or descriptor.
  Map(UniqueFd fd, const MapShape& shape, std::shared_ptr<ObjectState> object = nullptr,
      bpf_map* map = nullptr);
  ~Map() override;

  int fd() const { return fd_.get(); }
  const MapShape& shape() const { return shape_; }

  int Bind(Napi::ArrayBuffer scratch);
  bool bound() const { return key_ != nullptr; }
  // Null for a map without keys: the kernel wants it so (bpf_copy_key, kernel/bpf/syscall.c).
  void* key() const { return shape_.key_size == 0 ? nullptr : key_; }
  void* value() const { return key_ + value_offset_; }
  // For one more user.
  MapTarget* HoldTarget();

  const std::shared_ptr<ObjectState> object;
  bpf_map* const map;
  // Of an arena that was mapped.
  std::shared_ptr<ArenaMapping> arena;

 private:
  UniqueFd fd_;
  MapShape shape_;
  Napi::Reference<Napi::ArrayBuffer> scratch_;
  MapTarget* target_ = nullptr;
  uint8_t* key_ = nullptr;
  size_t value_offset_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_MAP_H_
