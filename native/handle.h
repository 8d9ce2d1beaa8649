// Integer names of native objects.
//
// A handle is a slot's index and that slot's generation. Closing what is in a slot changes the
// generation, so that a stale handle is found out; each environment begins with another generation,
// so that another worker's handle is, too. All of this runs on the environment's JS thread only.
#ifndef EBPF_NATIVE_HANDLE_H_
#define EBPF_NATIVE_HANDLE_H_

#include <errno.h>
#include <stdint.h>

#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace ebpf {

// In the order in which an environment that ends destroys what is left: users before what they use.
enum class Kind : uint8_t {
  kNone,
  kReader,
  kUserRing,
  kLink,
  kObject,
  kMap,
  kProgram,
  kDescriptor
};

class Pollable;

// What a handle can name. The destructor gives everything back to the kernel.
class Resource {
 public:
  Resource() = default;
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;
  virtual ~Resource() = default;
  // Null unless the event loop can wait for it.
  virtual Pollable* pollable() { return nullptr; }
};

class HandleTable {
 public:
  explicit HandleTable(uint32_t seed) : first_generation_(1 + seed % kGenerations) {}

  // Returns the handle, or -EMFILE.
  template <typename T>
  int32_t Insert(std::unique_ptr<T> resource) {
    return InsertAs(T::kKind, std::move(resource));
  }

  // Null unless the handle is open and names a T. The pointer is good until JavaScript runs again.
  template <typename T>
  T* Get(int32_t handle) const {
    const Slot* slot = Find(handle);
    if (slot == nullptr || slot->kind != T::kKind) return nullptr;
    return static_cast<T*>(slot->resource.get());
  }

  // Null unless the handle is open and names what the event loop can wait for.
  Pollable* GetPollable(int32_t handle) const {
    const Slot* slot = Find(handle);
    return slot == nullptr || slot->kind == Kind::kNone ? nullptr : slot->resource->pollable();
  }

  // Takes it out: from now on the handle is stale.
  template <typename T>
  std::unique_ptr<T> Take(int32_t handle) {
    if (Get<T>(handle) == nullptr) return nullptr;
    return std::unique_ptr<T>(
        static_cast<T*>(Release(static_cast<uint32_t>(handle) & kIndexMask).release()));
  }

  int Count(Kind kind) const {
    int count = 0;
    for (const Slot& slot : slots_) count += slot.kind == kind;
    return count;
  }

  void DestroyAll(Kind kind) {
    for (uint32_t index = 0; index < slots_.size(); ++index) {
      if (slots_[index].kind == kind) Release(index);
    }
  }

 private:
  // 31 bits together, so that a handle is a small positive integer for every V8.
  static constexpr uint32_t kIndexBits = 18;
  static constexpr uint32_t kIndexMask = (1U << kIndexBits) - 1;
  static constexpr uint32_t kGenerations = (1U << (31 - kIndexBits)) - 1;
  // Slots rest this long before they are used again: two million opens until a handle can come
  // back.
  static constexpr size_t kResting = 256;

  struct Slot {
    std::unique_ptr<Resource> resource;
    uint32_t generation;
    Kind kind;
  };

  const Slot* Find(int32_t handle) const {
    uint32_t index = static_cast<uint32_t>(handle) & kIndexMask;
    if (handle <= 0 || index >= slots_.size()) return nullptr;
    const Slot& slot = slots_[index];
    return slot.generation == static_cast<uint32_t>(handle) >> kIndexBits ? &slot : nullptr;
  }

  int32_t InsertAs(Kind kind, std::unique_ptr<Resource> resource) {
    uint32_t index = static_cast<uint32_t>(slots_.size());
    bool grown = index <= kIndexMask && free_.size() < kResting;
    if (grown) {
      slots_.push_back({nullptr, first_generation_, Kind::kNone});
    } else if (!free_.empty()) {
      index = free_.front();
      free_.pop_front();
    } else {
      return -EMFILE;
    }
    Slot& slot = slots_[index];
    slot.resource = std::move(resource);
    slot.kind = kind;
    return static_cast<int32_t>(slot.generation << kIndexBits | index);
  }

  std::unique_ptr<Resource> Release(uint32_t index) {
    Slot& slot = slots_[index];
    slot.generation = slot.generation % kGenerations + 1;
    slot.kind = Kind::kNone;
    free_.push_back(index);
    return std::move(slot.resource);
  }

  std::vector<Slot> slots_;
  std::deque<uint32_t> free_;
  uint32_t first_generation_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_HANDLE_H_
