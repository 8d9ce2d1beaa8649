// What is in an object file, as libbpf opened it.
#ifndef EBPF_NATIVE_OBJECT_DESCRIPTION_H_
#define EBPF_NATIVE_OBJECT_DESCRIPTION_H_

#include <bpf/libbpf.h>
#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ebpf {

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
  std::optional<std::vector<uint8_t>> initial_value;
};

struct ObjectDescription {
  std::string name;
  std::string license;
  std::optional<std::vector<uint8_t>> btf;
  std::vector<ProgramDescription> programs;
  std::vector<MapDescription> maps;
};

// `image` is what it was opened from.
ObjectDescription DescribeObject(const bpf_object* object, const std::vector<uint8_t>& image);

Napi::Object ToValue(Napi::Env env, const ObjectDescription& description);

// libbpf's text, which may be null.
std::string OrEmpty(const char* text);

}  // namespace ebpf

#endif  // EBPF_NATIVE_OBJECT_DESCRIPTION_H_
