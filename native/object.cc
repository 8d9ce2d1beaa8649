#include "object.h"

#include <bpf/btf.h>

#include <string>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "load_statistics.h"
#include "map.h"
#include "object_description.h"
#include "object_image.h"
#include "object_options.h"
#include "program.h"
#include "task.h"

namespace ebpf {
namespace {

using Bytes = std::vector<uint8_t>;

struct LoadedProgram {
  std::string name;
  bpf_program* program = nullptr;
  UniqueFd fd;
  // What the verifier says of its work.
  std::string statistics;
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

struct OpenedObject {
  ObjectDescription description;
  // Null unless it is kept for the load.
  std::shared_ptr<ObjectState> state;
  Bytes image;
};

// Whether the bytes that were asked of it are its types themselves. Where libbpf has added to them,
// as for symbols of the kernel, they are a copy, which libbpf would give the kernel in place of
// what it changes at load: functions that become static (bpf_object__sanitize_and_load_btf).
bool HasTypesInPlace(const bpf_object* object) {
  const btf* types = bpf_object__btf(object);
  if (types == nullptr) return true;
  uint32_t size = 0;
  const auto* raw = static_cast<const uint8_t*>(btf__raw_data(types, &size));
  if (raw == nullptr) return false;
  const auto* first = reinterpret_cast<const uint8_t*>(btf__type_by_id(types, 1));
  return first == nullptr || (first >= raw && first < raw + size);
}

Status Open(Bytes image, const OpenOptions& options, bool keep, OpenedObject* opened) {
  bpf_object* object = OpenObject(image, options);
  if (object == nullptr) return FromPointer("bpf_object__open_mem", object);
  auto state = std::make_shared<ObjectState>(object);
  opened->description = DescribeObject(object, image);
  if (keep && HasTypesInPlace(object)) {
    opened->state = std::move(state);
  } else {
    opened->image = std::move(image);
  }
  return {0, "bpf_object__open_mem", nullptr};
}

// Duplicates what was loaded: each handle has a descriptor of its own.
Status Gather(const LoadStatistics& statistics, LoadedObject* loaded) {
  constexpr const char* kOperation = "fcntl(F_DUPFD_CLOEXEC)";
  for (LoadedProgram& program : loaded->programs) {
    // Negative for a program that was not to be loaded.
    int fd = bpf_program__fd(program.program);
    if (fd < 0) continue;
    program.fd = Duplicate(fd);
    if (!program.fd.valid()) return FromReturn(kOperation, program.fd.get());
    program.statistics = statistics.Of(program.name);
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

Status Load(const LoadOptions& options, LoadedObject* loaded) {
  bpf_object* object = loaded->state->object;
  // The names before any edit: a map that is replaced takes the name of its replacement.
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    loaded->programs.push_back({OrEmpty(bpf_program__name(program)), program, UniqueFd(), {}});
  }
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    loaded->maps.push_back({OrEmpty(bpf_map__name(map)), map, UniqueFd(), MapShape()});
  }
  Status status = CheckInstructions(object);
  if (status.ok()) status = ApplyEdits(object, options);
  if (!status.ok()) return status;
  LoadStatistics statistics;
  status = FromReturn("bpf_object__load", bpf_object__load(object));
  return status.ok() ? Gather(statistics, loaded) : status;
}

Status DeliverOpened(Environment* environment, OpenedObject&& opened, Napi::Value* value) {
  Napi::Env env = environment->env();
  Napi::Value image;
  if (opened.state == nullptr) {
    image = MakeBytes(env, opened.image);
  } else {
    int32_t handle = environment->handles().Insert(
        std::make_unique<Object>(std::move(opened.state), Object::Phase::kOpened));
    if (handle < 0) return {handle, "bpf_object__open_mem", nullptr};
    image = Napi::Number::New(env, handle);
  }
  Napi::Object result = ToValue(env, opened.description);
  result.Set("image", image);
  *value = result;
  return {};
}

Napi::Object ToValue(Napi::Env env, const MapShape& shape) {
  auto result = Napi::Object::New(env);
  result.Set("id", shape.id);
  result.Set("type", shape.type);
  result.Set("keySize", shape.key_size);
  result.Set("valueSize", shape.one_value_size);
  result.Set("maxEntries", shape.max_entries);
  result.Set("flags", shape.flags);
  return result;
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
    MapShape shape;
    std::string statistics;
  };
  HandleInserter inserter(&handles);
  std::vector<Entry> programs;
  std::vector<Entry> maps;
  int32_t object = inserter.Insert(std::make_unique<Object>(loaded.state, Object::Phase::kLoaded));
  for (LoadedProgram& program : loaded.programs) {
    int32_t handle = 0;
    if (program.fd.valid()) {
      handle = inserter.Insert(
          std::make_unique<Program>(std::move(program.fd), loaded.state, program.program));
    }
    programs.push_back({std::move(program.name), handle, {}, std::move(program.statistics)});
  }
  for (LoadedMap& map : loaded.maps) {
    int32_t handle = 0;
    if (map.fd.valid()) {
      handle = inserter.Insert(
          std::make_unique<Map>(std::move(map.fd), map.shape, loaded.state, map.map));
    }
    maps.push_back({std::move(map.name), handle, map.shape, {}});
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
  auto program_to_value = [to_value](const Entry& entry) {
    Napi::Object result = to_value(entry);
    result.Set("statistics", entry.statistics);
    return result;
  };
  auto map_to_value = [env, to_value](const Entry& entry) {
    Napi::Object result = to_value(entry);
    if (entry.handle != 0) result.Set("info", ToValue(env, entry.shape));
    return result;
  };
  auto result = Napi::Object::New(env);
  result.Set("object", object);
  result.Set("programs", MakeArray(env, programs, program_to_value));
  result.Set("maps", MakeArray(env, maps, map_to_value));
  *value = result;
  return {};
}

}  // namespace

Napi::Value ObjectOpen(const Napi::CallbackInfo& info) {
  ImageSource source;
  OpenOptions options;
  bool keep;
  if (!ReadArguments(info, &source, &options, &keep)) return {};
  return StartTask<OpenedObject>(
      Environment::Of(info), "ebpf.objectOpen",
      [source = std::move(source), options = std::move(options),
       keep](OpenedObject* opened) mutable {
        Bytes image;
        Status status = source.Get(&image);
        return status.ok() ? Open(std::move(image), options, keep, opened) : status;
      },
      DeliverOpened);
}

Napi::Value ObjectLoad(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::Of(info);
  HandleTable& handles = environment->handles();
  Bytes image;
  int32_t handle = 0;
  LoadOptions options;
  if (!(info[0].IsNumber() ? Read(info[0], &handle) : Read(info[0], &image)) ||
      !Read(info[1], handles, &options)) {
    return {};
  }
  environment->kernel_btf().Begin();
  Object* opened = handles.Get<Object>(handle);
  bool taken = opened != nullptr && opened->phase == Object::Phase::kOpened;
  std::shared_ptr<ObjectState> state = taken ? handles.Take<Object>(handle)->state : nullptr;
  bool debug_log = options.verbose();
  return StartTask<LoadedObject>(
      environment, "ebpf.objectLoad",
      [image = std::move(image), stale = handle != 0 && !taken, state = std::move(state),
       options = std::move(options)](LoadedObject* loaded) mutable -> Status {
        if (stale) return {-EBADF, "bpf_object__load", nullptr};
        if (state == nullptr) {
          bpf_object* object = OpenObject(image, options.open);
          if (object == nullptr) return FromPointer("bpf_object__open_mem", object);
          state = std::make_shared<ObjectState>(object);
        }
        // Closes it, whatever fails from here on.
        loaded->state = std::move(state);
        return Load(options, loaded);
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
