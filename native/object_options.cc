#include "object_options.h"

#include <algorithm>

#include "convert.h"
#include "load_statistics.h"
#include "log.h"
#include "map.h"
#include "program.h"

namespace ebpf {
namespace {

const char* OrNull(const std::optional<std::string>& text) {
  return text ? text->c_str() : nullptr;
}

bool ReadProgramEdit(Napi::Value value, ProgramEdit* edit) {
  return ReadProperty(value, "name", &edit->name) &&
         ReadProperty(value, "autoload", &edit->autoload) &&
         ReadProperty(value, "logLevel", &edit->log_level) &&
         ReadProperty(value, "attachTarget", &edit->attach_target) &&
         ReadProperty(value, "attachTargetProgram", &edit->attach_target_handle) &&
         ReadProperty(value, "interfaceIndex", &edit->interface_index);
}

bool ReadMapEdit(Napi::Value value, MapEdit* edit) {
  return ReadProperty(value, "name", &edit->name) &&
         ReadProperty(value, "maxEntries", &edit->max_entries) &&
         ReadProperty(value, "valueSize", &edit->value_size) &&
         ReadProperty(value, "flags", &edit->flags) &&
         ReadProperty(value, "numaNode", &edit->numa_node) &&
         ReadProperty(value, "autocreate", &edit->autocreate) &&
         ReadProperty(value, "pinPath", &edit->pin_path) &&
         ReadProperty(value, "interfaceIndex", &edit->interface_index) &&
         ReadProperty(value, "initialValue", &edit->initial_value) &&
         ReadProperty(value, "replacement", &edit->replacement_handle);
}

Status SetValueSize(bpf_map* map, uint32_t size) {
  constexpr const char* kOperation = "bpf_map__set_value_size";
  if (size == bpf_map__value_size(map)) return {0, kOperation, nullptr};
#if !EBPF_LIBBPF_AT_LEAST(1, 3)
  // Older ones change the number and leave the memory of the data section as it is: setting its
  // initial value then writes past the end.
  if (bpf_map__is_internal(map)) return NeedsLibbpf(kOperation, "1.3");
#endif
  return FromReturn(kOperation, bpf_map__set_value_size(map, size));
}

Status SetInitialValue(bpf_map* map, const std::vector<uint8_t>& value) {
  constexpr const char* kOperation = "bpf_map__set_initial_value";
  size_t size = 0;
  if (bpf_map__initial_value(map, &size) == nullptr || size != value.size()) {
    LogWarning("map '%s': its initial value has %zu bytes, not %zu\n", bpf_map__name(map), size,
               value.size());
    return {-EINVAL, kOperation, nullptr};
  }
  return FromReturn(kOperation, bpf_map__set_initial_value(map, value.data(), value.size()));
}

Status ApplyMapEdit(bpf_map* map, const MapEdit& edit) {
  Status status;
  if (edit.autocreate) {
    status = FromReturn("bpf_map__set_autocreate", bpf_map__set_autocreate(map, *edit.autocreate));
  }
  if (status.ok() && edit.max_entries) {
    status =
        FromReturn("bpf_map__set_max_entries", bpf_map__set_max_entries(map, *edit.max_entries));
  }
  if (status.ok() && edit.value_size) status = SetValueSize(map, *edit.value_size);
  if (status.ok() && edit.flags) {
    status = FromReturn("bpf_map__set_map_flags", bpf_map__set_map_flags(map, *edit.flags));
  }
  if (status.ok() && edit.numa_node) {
    status = FromReturn("bpf_map__set_numa_node", bpf_map__set_numa_node(map, *edit.numa_node));
  }
  if (status.ok() && edit.pin_path) {
    const char* path = edit.pin_path->empty() ? nullptr : edit.pin_path->c_str();
    status = FromReturn("bpf_map__set_pin_path", bpf_map__set_pin_path(map, path));
  }
  if (status.ok() && edit.interface_index) {
    status = FromReturn("bpf_map__set_ifindex", bpf_map__set_ifindex(map, *edit.interface_index));
  }
  if (status.ok() && edit.initial_value) status = SetInitialValue(map, *edit.initial_value);
  // The last: it gives the map the replacement's name.
  if (status.ok() && edit.replacement_handle) {
    int fd = edit.replacement.get();
    status =
        FromReturn("bpf_map__reuse_fd", edit.replacement.valid() ? bpf_map__reuse_fd(map, fd) : fd);
  }
  return status;
}

Status SetAttachTarget(bpf_program* program, const ProgramEdit& edit) {
  if (!edit.attach_target && !edit.attach_target_handle) return {};
  // 0 is the kernel.
  int fd = edit.attach_target_handle ? edit.attach_target_program.get() : 0;
  const char* function = OrNull(edit.attach_target);
  return FromReturn("bpf_program__set_attach_target",
                    fd < 0 ? fd : bpf_program__set_attach_target(program, fd, function));
}

Status ApplyProgramEdit(bpf_program* program, const ProgramEdit& edit) {
  Status status;
  if (edit.autoload) {
    status =
        FromReturn("bpf_program__set_autoload", bpf_program__set_autoload(program, *edit.autoload));
  }
  if (status.ok() && edit.log_level) {
    status = FromReturn("bpf_program__set_log_level",
                        bpf_program__set_log_level(program, WithStatistics(*edit.log_level)));
  }
  if (edit.interface_index) bpf_program__set_ifindex(program, *edit.interface_index);
  if (status.ok()) status = SetAttachTarget(program, edit);
  return status;
}

}  // namespace

bool LoadOptions::verbose() const {
  return open.log_level.value_or(0) > 0 ||
         std::any_of(programs.begin(), programs.end(),
                     [](const ProgramEdit& edit) { return edit.log_level.value_or(0) > 0; });
}

bool Read(Napi::Value value, OpenOptions* result) {
  return ReadProperty(value, "name", &result->name) &&
         ReadProperty(value, "kconfig", &result->kconfig) &&
         ReadProperty(value, "kernelBtfPath", &result->kernel_btf_path) &&
         ReadProperty(value, "pinRoot", &result->pin_root) &&
         ReadProperty(value, "logLevel", &result->log_level);
}

bool Read(Napi::Value value, const HandleTable& handles, LoadOptions* result) {
  auto read_program = [&](Napi::Value element) {
    return ReadProgramEdit(element, &result->programs.emplace_back());
  };
  auto read_map = [&](Napi::Value element) {
    return ReadMapEdit(element, &result->maps.emplace_back());
  };
  if (!Read(value, &result->open) || !ReadArrayProperty(value, "programs", read_program) ||
      !ReadArrayProperty(value, "maps", read_map)) {
    return false;
  }
  for (MapEdit& edit : result->maps) {
    if (!edit.replacement_handle) continue;
    Map* map = handles.Get<Map>(*edit.replacement_handle);
    edit.replacement = map == nullptr ? UniqueFd(-EBADF) : Duplicate(map->fd());
  }
  for (ProgramEdit& edit : result->programs) {
    if (!edit.attach_target_handle) continue;
    Program* program = handles.Get<Program>(*edit.attach_target_handle);
    edit.attach_target_program = program == nullptr ? UniqueFd(-EBADF) : Duplicate(program->fd());
  }
  return true;
}

bpf_object* OpenObject(const std::vector<uint8_t>& image, const OpenOptions& options) {
  LibbpfOptions<bpf_object_open_opts> open;
  open.object_name = OrNull(options.name);
  open.kconfig = OrNull(options.kconfig);
  open.btf_custom_path = OrNull(options.kernel_btf_path);
  open.pin_root_path = OrNull(options.pin_root);
  open.kernel_log_level = WithStatistics(options.log_level.value_or(0));
  errno = 0;
  bpf_object* object = bpf_object__open_mem(image.data(), image.size(), &open);
  // An error pointer that libbpf took for a valid one: the size of a __kconfig extern past 2 GiB
  // overflows (bpf_object__collect_externs). Real ones are in the lower half.
  if (reinterpret_cast<intptr_t>(object) < 0) {
    errno = EINVAL;
    return nullptr;
  }
  return object;
}

Status CheckInstructions(bpf_object* object) {
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    size_t count = bpf_program__insn_cnt(program);
    const bpf_insn* instructions = bpf_program__insns(program);
    // A 64-bit load has two slots. libbpf writes a relocation's value into the second, also where
    // the program ends before it (bpf_object__relocate_data).
    if (count == 0 || instructions[count - 1].code != (BPF_LD | BPF_IMM | BPF_DW)) continue;
    LogWarning("prog '%s': ends in the middle of a 64-bit load\n", bpf_program__name(program));
    return {-EINVAL, "bpf_object__load", nullptr};
  }
  return {};
}

Status ApplyEdits(bpf_object* object, const LoadOptions& options) {
  // All are looked up before any is edited: replacing a map changes its name.
  std::vector<bpf_map*> maps;
  for (const MapEdit& edit : options.maps) {
    errno = 0;
    maps.push_back(bpf_object__find_map_by_name(object, edit.name.c_str()));
    if (maps.back() == nullptr) {
      LogWarning("map '%s': not found\n", edit.name.c_str());
      return FromPointer("bpf_object__find_map_by_name", nullptr);
    }
  }
  for (size_t index = 0; index < maps.size(); ++index) {
    Status status = ApplyMapEdit(maps[index], options.maps[index]);
    if (status.ok()) continue;
    LogWarning("map '%s': %s: %s\n", options.maps[index].name.c_str(), status.operation,
               strerror(-status.error));
    return status;
  }
  for (const ProgramEdit& edit : options.programs) {
    errno = 0;
    bpf_program* program = bpf_object__find_program_by_name(object, edit.name.c_str());
    Status status = FromPointer("bpf_object__find_program_by_name", program);
    if (status.ok()) status = ApplyProgramEdit(program, edit);
    if (status.ok()) continue;
    LogWarning("prog '%s': %s: %s\n", edit.name.c_str(), status.operation, strerror(-status.error));
    return status;
  }
  return {};
}

}  // namespace ebpf
