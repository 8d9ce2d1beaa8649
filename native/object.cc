#include "object.h"

#include <bpf/btf.h>

#include <string>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "license.h"
#include "map.h"
#include "object_options.h"
#include "program.h"
#include "task.h"

namespace ebpf {
namespace {

using Bytes = std::vector<uint8_t>;

struct ProgramDescription {
  std::string name;
  std::string section;
  std::string type;
  std::string expected_attach_type;
  bool autoload;
  size_t instruction_count;
};

struct MapDescription {
  std::string name;
  uint32_t type;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t max_entries;
  uint32_t flags;
  uint32_t numa_node;
  uint64_t map_extra;
  uint32_t key_type_id;
  uint32_t value_type_id;
  bool autocreate;
  std::optional<std::string> pin_path;
  std::optional<Bytes> initial_value;
};

struct ObjectDescription {
  std::string name;
  std::string license;
  std::optional<Bytes> btf;
  std::vector<ProgramDescription> programs;
  std::vector<MapDescription> maps;
};

struct LoadedProgram {
  std::string name;
  bpf_program* program = nullptr;
  UniqueFd fd;
};

struct LoadedMap {
  std::string name;
  bpf_map* map = nullptr;
  UniqueFd fd;
  MapShape shape;
};

struct LoadedObject {
  std::shared_ptr<ObjectState> state;
  std::vector<LoadedProgram> programs;
  std::vector<LoadedMap> maps;
};

std::string OrEmpty(const char* text) { return text == nullptr ? "" : text; }

ProgramDescription Describe(const bpf_program* program) {
  bpf_prog_type type = bpf_program__type(program);
  bpf_attach_type attach_type = bpf_program__expected_attach_type(program);
  const char* type_name = libbpf_bpf_prog_type_str(type);
  // 0 is both "none" and BPF_CGROUP_INET_INGRESS, which only cgroup_skb programs can mean.
  bool has_attach_type = attach_type != 0 || type == BPF_PROG_TYPE_CGROUP_SKB;
  return {OrEmpty(bpf_program__name(program)),
          OrEmpty(bpf_program__section_name(program)),
          type_name == nullptr ? "unspec" : type_name,
          has_attach_type ? OrEmpty(libbpf_bpf_attach_type_str(attach_type)) : "",
          bpf_program__autoload(program),
          bpf_program__insn_cnt(program)};
}

MapDescription Describe(const bpf_map* map) {
  MapDescription description = {OrEmpty(bpf_map__name(map)),
                                static_cast<uint32_t>(bpf_map__type(map)),
                                bpf_map__key_size(map),
                                bpf_map__value_size(map),
                                bpf_map__max_entries(map),
                                bpf_map__map_flags(map),
                                bpf_map__numa_node(map),
                                bpf_map__map_extra(map),
                                bpf_map__btf_key_type_id(map),
                                bpf_map__btf_value_type_id(map),
                                bpf_map__autocreate(map),
                                std::nullopt,
                                std::nullopt};
  if (const char* path = bpf_map__pin_path(map); path != nullptr) description.pin_path = path;
  size_t size = 0;
  // Not of struct_ops maps, for which newer versions of libbpf give their shadow variables.
  const void* initial = bpf_map__is_internal(map)
                            ? bpf_map__initial_value(const_cast<bpf_map*>(map), &size)
                            : nullptr;
  if (initial != nullptr) {
    const auto* bytes = static_cast<const uint8_t*>(initial);
    description.initial_value.emplace(bytes, bytes + size);
  }
  return description;
}

Status Inspect(const Bytes& image, const OpenOptions& options, ObjectDescription* description) {
  bpf_object* object = OpenObject(image, options);
  if (object == nullptr) return FromPointer("bpf_object__open_mem", object);
  description->name = OrEmpty(bpf_object__name(object));
  description->license = ElfLicense(image);
  if (const btf* types = bpf_object__btf(object); types != nullptr) {
    uint32_t size = 0;
    const auto* raw = static_cast<const uint8_t*>(btf__raw_data(types, &size));
    if (raw != nullptr) description->btf.emplace(raw, raw + size);
  }
  bpf_program* program;
  bpf_object__for_each_program(program, object) description->programs.push_back(Describe(program));
  bpf_map* map;
  bpf_object__for_each_map(map, object) description->maps.push_back(Describe(map));
  bpf_object__close(object);
  return {0, "bpf_object__open_mem", nullptr};
}

// Duplicates what was loaded: each handle has a descriptor of its own.
Status Gather(LoadedObject* loaded) {
  constexpr const char* kOperation = "fcntl(F_DUPFD_CLOEXEC)";
  for (LoadedProgram& program : loaded->programs) {
    // Negative for a program that was not to be loaded.
    int fd = bpf_program__fd(program.program);
    if (fd < 0) continue;
    program.fd = Duplicate(fd);
    if (!program.fd.valid()) return FromReturn(kOperation, program.fd.get());
  }
  for (LoadedMap& map : loaded->maps) {
    // libbpf 1.4 and later give a placeholder's descriptor for a map that was not to be created.
    int fd = bpf_map__autocreate(map.map) ? bpf_map__fd(map.map) : -1;
    if (fd < 0) continue;
    map.fd = Duplicate(fd);
    if (!map.fd.valid()) return FromReturn(kOperation, map.fd.get());
    Status status = MapShape::Of(map.fd.get(), &map.shape);
    if (!status.ok()) return status;
  }
  return {0, "bpf_object__load", nullptr};
}

Status Load(const Bytes& image, const LoadOptions& options, LoadedObject* loaded) {
  bpf_object* object = OpenObject(image, options.open);
  if (object == nullptr) return FromPointer("bpf_object__open_mem", object);
  // Closes it, whatever fails from here on.
  loaded->state = std::make_shared<ObjectState>(object);
  // The names before any edit: a map that is replaced takes the name of its replacement.
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    loaded->programs.push_back({OrEmpty(bpf_program__name(program)), program, UniqueFd()});
  }
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    loaded->maps.push_back({OrEmpty(bpf_map__name(map)), map, UniqueFd(), MapShape()});
  }
  Status status = CheckInstructions(object);
  if (status.ok()) status = ApplyEdits(object, options);
  if (!status.ok()) return status;
  status = FromReturn("bpf_object__load", bpf_object__load(object));
  return status.ok() ? Gather(loaded) : status;
}

Napi::Value ToValue(Napi::Env env, const ProgramDescription& program) {
  auto result = Napi::Object::New(env);
  result.Set("name", program.name);
  result.Set("section", program.section);
  result.Set("type", program.type);
  result.Set("expectedAttachType", program.expected_attach_type);
  result.Set("autoload", program.autoload);
  result.Set("instructionCount", program.instruction_count);
  return result;
}

Napi::Value ToValue(Napi::Env env, const MapDescription& map) {
  auto result = Napi::Object::New(env);
  result.Set("name", map.name);
  result.Set("type", map.type);
  result.Set("keySize", map.key_size);
  result.Set("valueSize", map.value_size);
  result.Set("maxEntries", map.max_entries);
  result.Set("flags", map.flags);
  result.Set("numaNode", map.numa_node);
  result.Set("mapExtra", Napi::BigInt::New(env, map.map_extra));
  result.Set("keyTypeId", map.key_type_id);
  result.Set("valueTypeId", map.value_type_id);
  result.Set("autocreate", map.autocreate);
  if (map.pin_path) result.Set("pinPath", *map.pin_path);
  if (map.initial_value) result.Set("initialValue", MakeBytes(env, *map.initial_value));
  return result;
}

Status DeliverDescription(Environment* environment, ObjectDescription&& description,
                          Napi::Value* value) {
  Napi::Env env = environment->env();
  auto result = Napi::Object::New(env);
  result.Set("name", description.name);
  result.Set("license", description.license);
  if (description.btf) result.Set("btf", MakeBytes(env, *description.btf));
  auto to_value = [env](const auto& item) { return ToValue(env, item); };
  result.Set("programs", MakeArray(env, description.programs, to_value));
  result.Set("maps", MakeArray(env, description.maps, to_value));
  *value = result;
  return {};
}

// Puts everything into the handle table, or, when that is full, nothing.
class HandleInserter {
 public:
  explicit HandleInserter(HandleTable* handles) : handles_(handles) {}

  template <typename T>
  int32_t Insert(std::unique_ptr<T> resource) {
    int32_t handle = handles_->Insert(std::move(resource));
    if (handle < 0) error_ = handle;
    return handle < 0 ? 0 : handle;
  }

  int error() const { return error_; }

 private:
  HandleTable* handles_;
  int error_ = 0;
};

Status DeliverLoaded(Environment* environment, LoadedObject&& loaded, Napi::Value* value) {
  Napi::Env env = environment->env();
  HandleTable& handles = environment->handles();
  struct Entry {
    std::string name;
    int32_t handle;
  };
  HandleInserter inserter(&handles);
  std::vector<Entry> programs;
  std::vector<Entry> maps;
  int32_t object = inserter.Insert(std::make_unique<Object>(loaded.state));
  for (LoadedProgram& program : loaded.programs) {
    int32_t handle = 0;
    if (program.fd.valid()) {
      handle = inserter.Insert(
          std::make_unique<Program>(std::move(program.fd), loaded.state, program.program));
    }
    programs.push_back({std::move(program.name), handle});
  }
  for (LoadedMap& map : loaded.maps) {
    int32_t handle = 0;
    if (map.fd.valid()) {
      handle = inserter.Insert(
          std::make_unique<Map>(std::move(map.fd), map.shape, loaded.state, map.map));
    }
    maps.push_back({std::move(map.name), handle});
  }
  if (inserter.error() != 0) {
    for (const Entry& entry : programs) handles.Take<Program>(entry.handle);
    for (const Entry& entry : maps) handles.Take<Map>(entry.handle);
    handles.Take<Object>(object);
    return {inserter.error(), "bpf_object__load", nullptr};
  }
  auto to_value = [env](const Entry& entry) {
    auto result = Napi::Object::New(env);
    result.Set("name", entry.name);
    result.Set("handle", entry.handle);
    return result;
  };
  auto result = Napi::Object::New(env);
  result.Set("object", object);
  result.Set("programs", MakeArray(env, programs, to_value));
  result.Set("maps", MakeArray(env, maps, to_value));
  *value = result;
  return {};
}

}  // namespace

Napi::Value ObjectInspect(const Napi::CallbackInfo& info) {
  Bytes image;
  OpenOptions options;
  if (!ReadArguments(info, &image, &options)) return {};
  return StartTask<ObjectDescription>(
      Environment::Of(info), "ebpf.objectInspect",
      [image = std::move(image), options = std::move(options)](ObjectDescription* description) {
        return Inspect(image, options, description);
      },
      DeliverDescription);
}

Napi::Value ObjectLoad(const Napi::CallbackInfo& info) {
  Bytes image;
  LoadOptions options;
  Environment* environment = Environment::Of(info);
  if (!ReadArguments(info, &image) || !Read(info[1], environment->handles(), &options)) {
    return {};
  }
  bool debug_log = options.verbose();
  return StartTask<LoadedObject>(
      environment, "ebpf.objectLoad",
      [image = std::move(image), options = std::move(options)](LoadedObject* loaded) {
        return Load(image, options, loaded);
      },
      DeliverLoaded, debug_log);
}

Napi::Value ObjectClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  return StartTask(environment, "ebpf.objectClose",
                   [object = environment->handles().Take<Object>(handle)]() mutable -> Status {
                     if (object == nullptr) return {-EBADF, "bpf_object__close", nullptr};
                     object.reset();
                     return {0, "bpf_object__close", nullptr};
                   });
}

Napi::Value ObjectCloseSync(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  bool closed = Environment::Of(info)->handles().Take<Object>(handle) != nullptr;
  return Napi::Number::New(info.Env(), closed ? 0 : -EBADF);
}

}  // namespace ebpf
