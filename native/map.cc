#include "map.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <sys/mman.h>

#include <string>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "env.h"

namespace ebpf {
namespace {

constexpr size_t RoundUp8(size_t size) { return (size + 7) & ~size_t{7}; }

bool IsPerCpu(uint32_t type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

// bpf_map_info does not have it; fdinfo has (bpf_map_show_fdinfo, kernel/bpf/syscall.c).
bool IsFrozen(int fd) {
  char line[128];
  snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
  FILE* file = fopen(line, "re");
  if (file == nullptr) return false;
  unsigned frozen = 0;
  while (fgets(line, sizeof(line), file) != nullptr) {
    if (sscanf(line, "frozen: %u", &frozen) == 1) break;
  }
  fclose(file);
  return frozen != 0;
}

napi_value Open(Environment* environment, UniqueFd fd) {
  napi_env env = environment->env();
  if (!fd.valid()) return MakeInt(env, fd.get());
  int checked = CheckDescriptorKind(fd.get(), DescriptorKind::kMap);
  if (checked != 0) return MakeInt(env, checked);
  MapShape shape;
  Status status = MapShape::Of(fd.get(), &shape);
  if (!status.ok()) return MakeInt(env, status.error);
  return MakeInt(env,
                 environment->handles().Insert(std::make_unique<Map>(env, std::move(fd), shape)));
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
};

bool Read(napi_env env, napi_value value, CreateOptions* result) {
  return ReadProperty(env, value, "type", &result->type) &&
         ReadProperty(env, value, "name", &result->name) &&
         ReadProperty(env, value, "keySize", &result->key_size) &&
         ReadProperty(env, value, "valueSize", &result->value_size) &&
         ReadProperty(env, value, "maxEntries", &result->max_entries) &&
         ReadProperty(env, value, "flags", &result->flags) &&
         ReadProperty(env, value, "numaNode", &result->numa_node) &&
         ReadProperty(env, value, "mapExtra", &result->map_extra);
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
  shape->value_size = info.value_size;
  if (IsPerCpu(info.type)) {
    int cpus = libbpf_num_possible_cpus();
    if (cpus < 0) return FromReturn("libbpf_num_possible_cpus", cpus);
    shape->value_size = RoundUp8(info.value_size) * static_cast<size_t>(cpus);
  }
  return status;
}

Map::Map(napi_env env, UniqueFd fd, const MapShape& shape, std::shared_ptr<ObjectState> object,
         bpf_map* map)
    : object(std::move(object)),
      map(map),
      env_(env),
      fd_(std::move(fd)),
      shape_(shape),
      value_offset_(RoundUp8(shape.key_size)) {}

Map::~Map() {
  if (scratch_ != nullptr) napi_delete_reference(env_, scratch_);
}

int Map::Bind(napi_value scratch) {
  void* data = nullptr;
  size_t size = 0;
  bool detached = true;
  napi_ref reference;
  if (napi_get_arraybuffer_info(env_, scratch, &data, &size) != napi_ok) return -EINVAL;
  if (napi_is_detached_arraybuffer(env_, scratch, &detached) != napi_ok || detached) return -EINVAL;
  if (data == nullptr || size < value_offset_ + shape_.value_size) return -EINVAL;
  if (napi_create_reference(env_, scratch, 1, &reference) != napi_ok) return -EINVAL;
  if (scratch_ != nullptr) napi_delete_reference(env_, scratch_);
  scratch_ = reference;
  key_ = static_cast<uint8_t*>(data);
  return 0;
}

napi_value MapCreate(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  CreateOptions options;
  if (!Read(env, arguments[0], &options)) return nullptr;
  auto create = MakeOptions<bpf_map_create_opts>();
  create.map_flags = options.flags;
  create.numa_node = options.numa_node;
  create.map_extra = options.map_extra;
  return Open(
      arguments.environment(),
      UniqueFd(bpf_map_create(static_cast<bpf_map_type>(options.type), options.name.c_str(),
                              options.key_size, options.value_size, options.max_entries, &create)));
}

napi_value MapOpenById(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  uint32_t id;
  if (!arguments.Read(&id)) return nullptr;
  return Open(arguments.environment(), UniqueFd(bpf_map_get_fd_by_id(id)));
}

napi_value MapOpenByPath(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  std::string path;
  if (!arguments.Read(&path)) return nullptr;
  return Open(arguments.environment(), UniqueFd(bpf_obj_get(path.c_str())));
}

napi_value MapOpenByFd(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t fd;
  if (!arguments.Read(&fd)) return nullptr;
  return Open(arguments.environment(), Duplicate(fd));
}

napi_value MapFd(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  Map* map = arguments.environment()->handles().Get<Map>(handle);
  return MakeInt(env, map == nullptr ? -EBADF : map->fd());
}

napi_value MapInfo(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  Map* map = arguments.environment()->handles().Get<Map>(handle);
  if (map == nullptr) return MakeInt(env, -EBADF);
  bpf_map_info facts;
  memset(&facts, 0, sizeof(facts));
  uint32_t size = sizeof(facts);
  int status = bpf_obj_get_info_by_fd(map->fd(), &facts, &size);
  if (status != 0) return MakeInt(env, status);
  return ObjectMaker(env)
      .Number("id", facts.id)
      .Number("type", facts.type)
      .String("name", facts.name)
      .Number("keySize", facts.key_size)
      .Number("valueSize", facts.value_size)
      .Number("maxEntries", facts.max_entries)
      .Number("flags", facts.map_flags)
      .BigInt("mapExtra", facts.map_extra)
      .Number("btfId", facts.btf_id)
      .Number("keyTypeId", facts.btf_key_type_id)
      .Number("valueTypeId", facts.btf_value_type_id)
      .Boolean("frozen", IsFrozen(map->fd()))
      .object();
}

napi_value MapPin(napi_env env, napi_callback_info info) {
  Arguments<2> arguments(env, info);
  int32_t handle;
  std::string path;
  if (!arguments.Read(&handle, &path)) return nullptr;
  Map* map = arguments.environment()->handles().Get<Map>(handle);
  return MakeInt(env, map == nullptr ? -EBADF : bpf_obj_pin(map->fd(), path.c_str()));
}

napi_value MapFreeze(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  Map* map = arguments.environment()->handles().Get<Map>(handle);
  return MakeInt(env, map == nullptr ? -EBADF : bpf_map_freeze(map->fd()));
}

napi_value MapClose(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  bool closed = arguments.environment()->handles().Take<Map>(handle) != nullptr;
  return MakeInt(env, closed ? 0 : -EBADF);
}

napi_value MapMemory(napi_env env, napi_callback_info info) {
  Arguments<3> arguments(env, info);
  int32_t handle;
  int64_t length;
  bool read_only;
  if (!arguments.Read(&handle, &length, &read_only)) return nullptr;
  Environment* environment = arguments.environment();
  Map* map = environment->handles().Get<Map>(handle);
  if (map == nullptr) return MakeInt(env, -EBADF);
  // Of the other types that can be mapped, a ring has pages that fault on access past its data, and
  // an arena has holes.
  if (map->shape().type != BPF_MAP_TYPE_ARRAY || length <= 0) return MakeInt(env, -EINVAL);
  // The longest buffer of Node 20. Asking it for more calls the finalizer, and fails.
  if (length > UINT32_MAX) return MakeInt(env, -ENOTSUP);
  auto size = static_cast<size_t>(length);
  // The kernel refuses a map without BPF_F_MMAPABLE, and more than the array has (array_map_mmap).
  void* address =
      mmap(nullptr, size, PROT_READ | (read_only ? 0 : PROT_WRITE), MAP_SHARED, map->fd(), 0);
  if (address == MAP_FAILED) return MakeInt(env, -errno);
  auto* mapping = new Mapping{address, size, environment->mappings()};
  ++*mapping->count;
  napi_value buffer = nullptr;
  napi_status status =
      napi_create_external_arraybuffer(env, address, size, Unmap, mapping, &buffer);
  if (status == napi_ok) return buffer;
  Unmap(env, nullptr, mapping);
  // napi_no_external_buffers_allowed: under V8's sandbox, as in Electron.
  return MakeInt(env, -ENOTSUP);
}

}  // namespace ebpf
