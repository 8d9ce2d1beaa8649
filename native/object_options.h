// What objectInspect and objectLoad are asked for, as plain data that the pool's threads may read.
#ifndef EBPF_NATIVE_OBJECT_OPTIONS_H_
#define EBPF_NATIVE_OBJECT_OPTIONS_H_

#include <bpf/libbpf.h>
#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "handle.h"
#include "status.h"
#include "unique_fd.h"

namespace ebpf {

struct OpenOptions {
  std::optional<std::string> name;
  std::optional<std::string> kconfig;
  std::optional<std::string> kernel_btf_path;
  std::optional<std::string> pin_root;
  std::optional<uint32_t> log_level;
};

struct ProgramEdit {
  std::string name;
  std::optional<bool> autoload;
  std::optional<uint32_t> log_level;
  std::optional<std::string> attach_target;
  std::optional<int32_t> attach_target_handle;
  // A duplicate of that program's descriptor, or its negative errno.
  UniqueFd attach_target_program;
  std::optional<uint32_t> interface_index;
};

struct MapEdit {
  std::string name;
  std::optional<uint32_t> max_entries;
  std::optional<uint32_t> value_size;
  std::optional<uint32_t> flags;
  std::optional<uint32_t> numa_node;
  std::optional<bool> autocreate;
  std::optional<std::string> pin_path;
  std::optional<uint32_t> interface_index;
  std::optional<std::vector<uint8_t>> initial_value;
  std::optional<int32_t> replacement_handle;
  // A duplicate of that map's descriptor, or its negative errno.
  UniqueFd replacement;
};

struct LoadOptions {
  OpenOptions open;
  std::vector<ProgramEdit> programs;
  std::vector<MapEdit> maps;

  bool verbose() const;
};

bool Read(Napi::Value value, OpenOptions* result);
bool Read(Napi::Value value, const HandleTable& handles, LoadOptions* result);

// Null with errno, as libbpf has it.
bpf_object* OpenObject(const std::vector<uint8_t>& image, const OpenOptions& options);

// Refuses what libbpf would load past the end of its memory.
Status CheckInstructions(bpf_object* object);

// Between opening and loading. Logs which map or program an edit failed for.
Status ApplyEdits(bpf_object* object, const LoadOptions& options);

}  // namespace ebpf

#endif  // EBPF_NATIVE_OBJECT_OPTIONS_H_
