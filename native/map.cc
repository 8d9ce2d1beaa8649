#include "map.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <string>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "env.h"
#include "task.h"

namespace ebpf {
namespace {

constexpr size_t RoundUp8(size_t size) { return (size + 7) & ~size_t{7}; }

bool IsPerCpu(uint32_t type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

// The new handle, or a negative errno.
int Open(Environment* environment, UniqueFd fd) {
  if (!fd.valid()) return fd.get();
  int checked = CheckDescriptorKind(fd.get(), DescriptorKind::kMap);
  if (checked != 0) return checked;
  MapShape shape;
  Status status = MapShape::Of(fd.get(), &shape);
  if (!status.ok()) return status.error;
  return environment->handles().Insert(std::make_unique<Map>(std::move(fd), shape));
}

struct CreateOptions {
  uint32_t type;
  std::string name;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t max_entries;
  uint32_t flags;
  uint32_t numa_node;
  uint64_t map_extra;
  // Handles; 0 for none.
  int32_t inner_map;
  int32_t btf;
  uint32_t key_type_id;
  uint32_t value_type_id;
};

bool Read(Napi::Value value, CreateOptions* result) {
  return ReadProperty(value, "type", &result->type) && ReadProperty(value, "name", &result->name) &&
         ReadProperty(value, "keySize", &result->key_size) &&
         ReadProperty(value, "valueSize", &result->value_size) &&
         ReadProperty(value, "maxEntries", &result->max_entries) &&
         ReadProperty(value, "flags", &result->flags) &&
         ReadProperty(value, "numaNode", &result->numa_node) &&
         ReadProperty(value, "mapExtra", &result->map_extra) &&
         ReadProperty(value, "innerMap", &result->inner_map) &&
         ReadProperty(value, "btf", &result->btf) &&
         ReadProperty(value, "keyTypeId", &result->key_type_id) &&
         ReadProperty(value, "valueTypeId", &result->value_type_id);
}

// A memory map that JavaScript holds. May outlive the map, and the environment's end.
struct Mapping {
  void* address;
  size_t length;
  std::shared_ptr<int> count;
};

void Unmap(napi_env, void*, void* hint) {
  std::unique_ptr<Mapping> mapping(static_cast<Mapping*>(hint));
  munmap(mapping->address, mapping->length);
  --*mapping->count;
}

}  // namespace

Status MapShape::Of(int fd, MapShape* shape) {
  bpf_map_info info;
  memset(&info, 0, sizeof(info));
  uint32_t size = sizeof(info);
  Status status = FromReturn("bpf_map_get_info_by_fd", bpf_obj_get_info_by_fd(fd, &info, &size));
  if (!status.ok()) return status;
  shape->id = info.id;
  shape->type = info.type;
  shape->flags = info.map_flags;
  shape->max_entries = info.max_entries;
  shape->key_size = info.key_size;
  shape->one_value_size = info.value_size;
  shape->value_size = info.value_size;
  if (IsPerCpu(info.type)) {
    int cpus = libbpf_num_possible_cpus();
    if (cpus < 0) return FromReturn("libbpf_num_possible_cpus", cpus);
    shape->value_size = RoundUp8(info.value_size) * static_cast<size_t>(cpus);
  }
  return status;
}

Map::Map(UniqueFd fd, const MapShape& shape, std::shared_ptr<ObjectState> object, bpf_map* map)
    : object(std::move(object)),
      map(map),
      fd_(std::move(fd)),
      shape_(shape),
      value_offset_(RoundUp8(shape.key_size)) {}

Map::~Map() {
  if (target_ == nullptr) return;
  target_->map = nullptr;
  target_->Release();
}

MapTarget* Map::HoldTarget() {
  if (target_ == nullptr) target_ = new MapTarget{this, 1};
  ++target_->users;
  return target_;
}

int Map::Bind(Napi::ArrayBuffer scratch) {
  auto* data = static_cast<uint8_t*>(scratch.Data());
  if (scratch.IsDetached() || data == nullptr) return -EINVAL;
  if (scratch.ByteLength() < value_offset_ + shape_.value_size) return -EINVAL;
  auto reference = Napi::Persistent(scratch);
  if (reference.IsEmpty()) return -EINVAL;
  scratch_ = std::move(reference);
  key_ = data;
  return 0;
}

Napi::Value MapCreate(const Napi::CallbackInfo& info) {
  CreateOptions options;
  if (!ReadArguments(info, &options)) return {};
  LibbpfOptions<bpf_map_create_opts> create;
  create.map_flags = options.flags;
  create.numa_node = options.numa_node;
  create.map_extra = options.map_extra;
  HandleTable& handles = Environment::Of(info)->handles();
  if (options.inner_map != 0) {
    Map* inner = handles.Get<Map>(options.inner_map);
    if (inner == nullptr) return Napi::Number::New(info.Env(), -EBADF);
    create.inner_map_fd = static_cast<uint32_t>(inner->fd());
  }
  if (options.btf != 0) {
    auto* btf = handles.Get<Descriptor>(options.btf);
    if (btf == nullptr) return Napi::Number::New(info.Env(), -EBADF);
    create.btf_fd = static_cast<uint32_t>(btf->fd());
    create.btf_key_type_id = options.key_type_id;
    create.btf_value_type_id = options.value_type_id;
  }
  UniqueFd fd(bpf_map_create(static_cast<bpf_map_type>(options.type), options.name.c_str(),
                             options.key_size, options.value_size, options.max_entries, &create));
  return Napi::Number::New(info.Env(), Open(Environment::Of(info), std::move(fd)));
}

Napi::Value MapOpenById(const Napi::CallbackInfo& info) {
  uint32_t id;
  if (!ReadArguments(info, &id)) return {};
  return Napi::Number::New(info.Env(),
                           Open(Environment::Of(info), UniqueFd(bpf_map_get_fd_by_id(id))));
}

Napi::Value MapOpenByPath(const Napi::CallbackInfo& info) {
  std::string path;
  if (!ReadArguments(info, &path)) return {};
  return Napi::Number::New(info.Env(),
                           Open(Environment::Of(info), UniqueFd(bpf_obj_get(path.c_str()))));
}

Napi::Value MapOpenByFd(const Napi::CallbackInfo& info) {
  int32_t fd;
  if (!ReadArguments(info, &fd)) return {};
  return Napi::Number::New(info.Env(), Open(Environment::Of(info), Duplicate(fd)));
}

Napi::Value MapFd(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Map* map = Environment::Of(info)->handles().Get<Map>(handle);
  return Napi::Number::New(info.Env(), map == nullptr ? -EBADF : map->fd());
}

Napi::Value MapPin(const Napi::CallbackInfo& info) {
  int32_t handle;
  std::string path;
  if (!ReadArguments(info, &handle, &path)) return {};
  Map* map = Environment::Of(info)->handles().Get<Map>(handle);
  return Napi::Number::New(info.Env(),
                           map == nullptr ? -EBADF : bpf_obj_pin(map->fd(), path.c_str()));
}

Napi::Value MapFreeze(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Map* map = Environment::Of(info)->handles().Get<Map>(handle);
  return Napi::Number::New(info.Env(), map == nullptr ? -EBADF : bpf_map_freeze(map->fd()));
}

Napi::Value MapPutInner(const Napi::CallbackInfo& info) {
  int32_t handle;
  std::vector<uint8_t> key;
  int32_t inner_handle;
  int64_t flags;
  if (!ReadArguments(info, &handle, &key, &inner_handle, &flags)) return {};
  Environment* environment = Environment::Of(info);
  Map* map = environment->handles().Get<Map>(handle);
  Map* inner = inner_handle == 0 ? nullptr : environment->handles().Get<Map>(inner_handle);
  bool open = map != nullptr && (inner != nullptr || inner_handle == 0);
  int error = !open ? -EBADF : key.size() != map->shape().key_size ? -EINVAL : 0;
  // Either may be closed before a thread gets to it.
  UniqueFd outer_fd = error == 0 ? Duplicate(map->fd()) : UniqueFd(error);
  UniqueFd inner_fd = error == 0 && inner != nullptr ? Duplicate(inner->fd()) : UniqueFd(-EBADF);
  return StartTask(
      environment, "ebpf.mapPutInner",
      [key = std::move(key), outer_fd = std::move(outer_fd), inner_fd = std::move(inner_fd),
       removes = inner == nullptr, flags]() -> Status {
        const char* operation = removes ? "bpf_map_delete_elem" : "bpf_map_update_elem";
        if (!outer_fd.valid()) return {outer_fd.get(), operation, nullptr};
        if (removes) return FromReturn(operation, bpf_map_delete_elem(outer_fd.get(), key.data()));
        if (!inner_fd.valid()) return {inner_fd.get(), operation, nullptr};
        auto value = static_cast<uint32_t>(inner_fd.get());
        return FromReturn(operation, bpf_map_update_elem(outer_fd.get(), key.data(), &value,
                                                         static_cast<uint64_t>(flags)));
      });
}

// A failure is part of the result: what was done before it counts.
Napi::Value MapPutInnerBatch(const Napi::CallbackInfo& info) {
  struct Progress {
    uint32_t done = 0;
    int status = 0;
  };
  int32_t handle;
  std::vector<uint8_t> keys;
  Napi::Uint32Array inner_handles;
  if (!ReadArguments(info, &handle, &keys, &inner_handles)) return {};
  Environment* environment = Environment::Of(info);
  Map* map = environment->handles().Get<Map>(handle);
  bool removes = inner_handles.ElementLength() == 0;
  size_t count = map == nullptr ? 0 : keys.size() / map->shape().key_size;
  int error = map == nullptr                                               ? -EBADF
              : !removes && inner_handles.ElementLength() != count         ? -EINVAL
              : count == 0 || count * map->shape().key_size != keys.size() ? -EINVAL
                                                                           : 0;
  // Any of them may be closed before a thread gets to it.
  std::vector<UniqueFd> inner_fds;
  for (size_t index = 0; error == 0 && !removes && index < count; index++) {
    Map* inner = environment->handles().Get<Map>(static_cast<int32_t>(inner_handles[index]));
    inner_fds.push_back(inner == nullptr ? UniqueFd(-EBADF) : Duplicate(inner->fd()));
    if (!inner_fds.back().valid()) error = inner_fds.back().get();
  }
  UniqueFd outer_fd = error == 0 ? Duplicate(map->fd()) : UniqueFd(error);
  return StartTask<Progress>(
      environment, "ebpf.mapPutInnerBatch",
      [keys = std::move(keys), outer_fd = std::move(outer_fd), inner_fds = std::move(inner_fds),
       removes, count](Progress* progress) -> Status {
        const char* operation = removes ? "bpf_map_delete_batch" : "bpf_map_update_batch";
        if (!outer_fd.valid()) return {outer_fd.get(), operation, nullptr};
        std::vector<uint32_t> values;
        for (const UniqueFd& fd : inner_fds) values.push_back(static_cast<uint32_t>(fd.get()));
        // The kernel leaves it alone when it refuses the whole call.
        auto done = static_cast<uint32_t>(count);
        LibbpfOptions<bpf_map_batch_opts> options;
        progress->status =
            removes
                ? bpf_map_delete_batch(outer_fd.get(), keys.data(), &done, &options)
                : bpf_map_update_batch(outer_fd.get(), keys.data(), values.data(), &done, &options);
        progress->done = progress->status != 0 && done == count ? 0 : done;
        return {0, operation, nullptr};
      },
      [](Environment* environment, Progress&& progress, Napi::Value* value) -> Status {
        auto result = Napi::Object::New(environment->env());
        result.Set("done", progress.done);
        result.Set("status", progress.status);
        *value = result;
        return {};
      });
}

Napi::Value MapClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  bool closed = Environment::Of(info)->handles().Take<Map>(handle) != nullptr;
  return Napi::Number::New(info.Env(), closed ? 0 : -EBADF);
}

Napi::Value MapMemory(const Napi::CallbackInfo& info) {
  int32_t handle;
  int64_t length;
  bool read_only;
  if (!ReadArguments(info, &handle, &length, &read_only)) return {};
  Environment* environment = Environment::Of(info);
  Map* map = environment->handles().Get<Map>(handle);
  if (map == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  // Of the other types that can be mapped, a ring has pages that fault on access past its data, and
  // an arena has holes.
  if (map->shape().type != BPF_MAP_TYPE_ARRAY || length <= 0)
    return Napi::Number::New(info.Env(), -EINVAL);
  // The longest buffer of Node 20. Asking it for more calls the finalizer, and fails.
  if (length > UINT32_MAX) return Napi::Number::New(info.Env(), -ENOTSUP);
  auto size = static_cast<size_t>(length);
  // The kernel refuses a map without BPF_F_MMAPABLE, and more than the array has (array_map_mmap).
  void* address =
      mmap(nullptr, size, PROT_READ | (read_only ? 0 : PROT_WRITE), MAP_SHARED, map->fd(), 0);
  if (address == MAP_FAILED) return Napi::Number::New(info.Env(), -errno);
  auto* mapping = new Mapping{address, size, environment->mappings()};
  ++*mapping->count;
  // Not Napi::ArrayBuffer::New: that throws where a status is due, and releases its own finalizer
  // also where Node has run that already.
  napi_value buffer;
  napi_status status =
      napi_create_external_arraybuffer(info.Env(), address, size, Unmap, mapping, &buffer);
  if (status == napi_ok) return Napi::Value(info.Env(), buffer);
  Unmap(info.Env(), nullptr, mapping);
  // napi_no_external_buffers_allowed: under V8's sandbox, as in Electron.
  return Napi::Number::New(info.Env(), -ENOTSUP);
}

Napi::Value MapBind(const Napi::CallbackInfo& info) {
  int32_t handle;
  Napi::ArrayBuffer scratch;
  if (!ReadArguments(info, &handle, &scratch)) return {};
  Map* map = Environment::Of(info)->handles().Get<Map>(handle);
  return Napi::Number::New(info.Env(), map == nullptr ? -EBADF : map->Bind(scratch));
}

}  // namespace ebpf
