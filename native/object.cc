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
  Status status = ApplyEdits(object, options);
  if (!status.ok()) return status;
  status = FromReturn("bpf_object__load", bpf_object__load(object));
  return status.ok() ? Gather(loaded) : status;
}

napi_value ToValue(napi_env env, const ProgramDescription& program) {
  return ObjectMaker(env)
      .String("name", program.name)
      .String("section", program.section)
      .String("type", program.type)
      .String("expectedAttachType", program.expected_attach_type)
      .Boolean("autoload", program.autoload)
      .Number("instructionCount", static_cast<double>(program.instruction_count))
      .object();
}

napi_value ToValue(napi_env env, const MapDescription& map) {
  ObjectMaker maker(env);
  maker.String("name", map.name)
      .Number("type", map.type)
      .Number("keySize", map.key_size)
      .Number("valueSize", map.value_size)
      .Number("maxEntries", map.max_entries)
      .Number("flags", map.flags)
      .Number("numaNode", map.numa_node)
      .BigInt("mapExtra", map.map_extra)
      .Number("keyTypeId", map.key_type_id)
      .Number("valueTypeId", map.value_type_id)
      .Boolean("autocreate", map.autocreate);
  if (map.pin_path) maker.String("pinPath", *map.pin_path);
  if (map.initial_value) {
    maker.Set("initialValue", MakeBytes(env, map.initial_value->data(), map.initial_value->size()));
  }
  return maker.object();
}

Status DeliverDescription(Environment* environment, ObjectDescription&& description,
                          napi_value* value) {
  napi_env env = environment->env();
  ObjectMaker maker(env);
  maker.String("name", description.name).String("license", description.license);
  if (description.btf)
    maker.Set("btf", MakeBytes(env, description.btf->data(), description.btf->size()));
  auto to_value = [env](const auto& item) { return ToValue(env, item); };
  maker.Set("programs", MakeArray(env, description.programs, to_value));
  maker.Set("maps", MakeArray(env, description.maps, to_value));
  *value = maker.object();
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

Status DeliverLoaded(Environment* environment, LoadedObject&& loaded, napi_value* value) {
  napi_env env = environment->env();
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
          std::make_unique<Map>(env, std::move(map.fd), map.shape, loaded.state, map.map));
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
    return ObjectMaker(env).String("name", entry.name).Number("handle", entry.handle).object();
  };
  *value = ObjectMaker(env)
               .Number("object", object)
               .Set("programs", MakeArray(env, programs, to_value))
               .Set("maps", MakeArray(env, maps, to_value))
               .object();
  return {};
}

}  // namespace

napi_value ObjectInspect(napi_env env, napi_callback_info info) {
  Arguments<2> arguments(env, info);
  Bytes image;
  OpenOptions options;
  if (!arguments.Read(&image) || !Read(env, arguments[1], &options)) return nullptr;
  return StartTask<ObjectDescription>(
      arguments.environment(), "ebpf.objectInspect",
      [image = std::move(image), options = std::move(options)](ObjectDescription* description) {
        return Inspect(image, options, description);
      },
      DeliverDescription);
}

napi_value ObjectLoad(napi_env env, napi_callback_info info) {
  Arguments<2> arguments(env, info);
  Bytes image;
  LoadOptions options;
  Environment* environment = arguments.environment();
  if (!arguments.Read(&image) || !Read(env, arguments[1], environment->handles(), &options)) {
    return nullptr;
  }
  bool debug_log = options.verbose();
  return StartTask<LoadedObject>(
      environment, "ebpf.objectLoad",
      [image = std::move(image), options = std::move(options)](LoadedObject* loaded) {
        return Load(image, options, loaded);
      },
      DeliverLoaded, debug_log);
}

napi_value ObjectClose(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  Environment* environment = arguments.environment();
  return StartTask(environment, "ebpf.objectClose",
                   [object = environment->handles().Take<Object>(handle)]() mutable -> Status {
                     if (object == nullptr) return {-EBADF, "bpf_object__close", nullptr};
                     object.reset();
                     return {0, "bpf_object__close", nullptr};
                   });
}

napi_value ObjectCloseSync(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  bool closed = arguments.environment()->handles().Take<Object>(handle) != nullptr;
  return MakeInt(env, closed ? 0 : -EBADF);
}

}  // namespace ebpf
