// What programs redirect packets to: network interfaces and processors.
#include <bpf/bpf.h>

#include <optional>
#include <string>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "hook.h"
#include "interface.h"
#include "map.h"
#include "task.h"

namespace ebpf {
namespace {

// struct bpf_devmap_val and struct bpf_cpumap_val of linux/bpf.h. Older kernels know the first
// member only, and a map says by the size of its values how much of it there is.
struct TargetValue {
  uint32_t number;
  int32_t program_fd;
};

struct Target {
  // None: a processor's queue.
  std::optional<Interface> interface;
  uint32_t queue_size = 0;
  HeldFd program;
};

bool Read(Napi::Value value, Target* result) {
  Napi::Value queue_size;
  if (!ReadProperty(value, "programFd", &result->program) ||
      !GetProperty(value, "queueSize", &queue_size)) {
    return false;
  }
  if (!queue_size.IsUndefined()) return ebpf::Read(queue_size, &result->queue_size);
  return ebpf::Read(value, &result->interface.emplace());
}

bool IsForTargets(const MapShape& shape) {
  bool type = shape.type == BPF_MAP_TYPE_DEVMAP || shape.type == BPF_MAP_TYPE_DEVMAP_HASH ||
              shape.type == BPF_MAP_TYPE_CPUMAP;
  return type && shape.key_size == sizeof(uint32_t) && shape.value_size <= sizeof(TargetValue);
}

}  // namespace

Napi::Value MapPutTarget(const Napi::CallbackInfo& info) {
  int32_t handle;
  uint32_t key;
  Target target;
  int64_t flags;
  if (!ReadArguments(info, &handle, &key, &target, &flags)) return {};
  Environment* environment = Environment::Of(info);
  Map* map = environment->handles().Get<Map>(handle);
  int error = map == nullptr ? -EBADF : IsForTargets(map->shape()) ? 0 : -EINVAL;
  // It may be closed before a thread gets to it.
  UniqueFd map_fd = error == 0 ? Duplicate(map->fd()) : UniqueFd(error);
  return StartTask(
      environment, "ebpf.mapPutTarget",
      [key, target = std::move(target), map_fd = std::move(map_fd), flags]() -> Status {
        constexpr const char* kOperation = "bpf_map_update_elem";
        if (!map_fd.valid()) return {map_fd.get(), kOperation, nullptr};
        // The kernel takes 0 for none, which no descriptor of a program is.
        TargetValue value = {target.queue_size, 0};
        if (target.program.given()) {
          if (target.program.get() < 0) return {target.program.get(), kOperation, nullptr};
          value.program_fd = target.program.get();
        }
        auto update = [&] {
          return FromReturn(kOperation, bpf_map_update_elem(map_fd.get(), &key, &value,
                                                            static_cast<uint64_t>(flags)));
        };
        if (!target.interface.has_value()) return update();
        // The kernel looks for the interface in the namespace of the thread.
        return OnInterface(*target.interface, [&](int index) {
          value.number = static_cast<uint32_t>(index);
          return update();
        });
      });
}

}  // namespace ebpf
