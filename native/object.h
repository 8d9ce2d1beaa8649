#ifndef EBPF_NATIVE_OBJECT_H_
#define EBPF_NATIVE_OBJECT_H_

#include <bpf/libbpf.h>

#include <memory>
#include <mutex>
#include <utility>

#include "handle.h"

namespace ebpf {

// An open or loaded bpf_object, shared by all that points into it: the last of them to go closes
// it, on its own thread.
struct ObjectState {
  explicit ObjectState(bpf_object* object) : object(object) {}
  ObjectState(const ObjectState&) = delete;
  ObjectState& operator=(const ObjectState&) = delete;
  ~ObjectState() { bpf_object__close(object); }

  bpf_object* const object;
  // libbpf's objects are not thread-safe: attaching can change one (its table of USDT
  // specifications, usdt.c).
  std::mutex mutex;
};

class Object final : public Resource {
 public:
  static constexpr Kind kKind = Kind::kObject;
  enum class Phase { kOpened, kLoaded };
  Object(std::shared_ptr<ObjectState> state, Phase phase) : state(std::move(state)), phase(phase) {}

  std::shared_ptr<ObjectState> state;
  const Phase phase;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_OBJECT_H_
