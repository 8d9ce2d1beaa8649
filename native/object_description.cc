#include "object_description.h"

#include <bpf/btf.h>

#include "convert.h"
#include "license.h"

namespace ebpf {
namespace {

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

}  // namespace

std::string OrEmpty(const char* text) { return text == nullptr ? "" : text; }

ObjectDescription DescribeObject(const bpf_object* object, const std::vector<uint8_t>& image) {
  ObjectDescription description;
  description.name = OrEmpty(bpf_object__name(object));
  description.license = ElfLicense(image);
  if (const btf* types = bpf_object__btf(object); types != nullptr) {
    uint32_t size = 0;
    const auto* raw = static_cast<const uint8_t*>(btf__raw_data(types, &size));
    if (raw != nullptr) description.btf.emplace(raw, raw + size);
  }
  bpf_program* program;
  bpf_object__for_each_program(program, object) description.programs.push_back(Describe(program));
  bpf_map* map;
  bpf_object__for_each_map(map, object) description.maps.push_back(Describe(map));
  return description;
}

Napi::Object ToValue(Napi::Env env, const ObjectDescription& description) {
  auto result = Napi::Object::New(env);
  result.Set("name", description.name);
  result.Set("license", description.license);
  if (description.btf) result.Set("btf", MakeBytes(env, *description.btf));
  auto to_value = [env](const auto& item) { return ToValue(env, item); };
  result.Set("programs", MakeArray(env, description.programs, to_value));
  result.Set("maps", MakeArray(env, description.maps, to_value));
  return result;
}

}  // namespace ebpf
