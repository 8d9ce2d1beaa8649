// What probes of the kernel and of user space share.
#ifndef EBPF_NATIVE_PROBE_H_
#define EBPF_NATIVE_PROBE_H_

#include <bpf/libbpf.h>

#include <optional>
#include <string>
#include <vector>

#include "kernel_abi.h"
#include "status.h"

namespace ebpf {

// `enum probe_attach_mode`. False where this libbpf cannot be told: it has it since 1.2.
template <typename Options>
bool SetProbeMode([[maybe_unused]] Options* options, uint32_t mode) {
#if EBPF_LIBBPF_AT_LEAST(1, 2)
  options->attach_mode = kernel::ToEnum<probe_attach_mode>(mode, 3);
  return true;
#else
  return mode == 0;
#endif
}

using Numbers = std::optional<std::vector<uint64_t>>;
using Names = std::optional<std::vector<std::string>>;

// As libbpf takes them. Null for none.
static_assert(sizeof(unsigned long) == sizeof(uint64_t), "libbpf's lists are of unsigned long");
static_assert(sizeof(__u64) == sizeof(uint64_t));

inline const unsigned long* AsLongs(const Numbers& numbers) {
  return numbers ? reinterpret_cast<const unsigned long*>(numbers->data()) : nullptr;
}

inline const __u64* AsU64(const Numbers& numbers) {
  return numbers ? reinterpret_cast<const __u64*>(numbers->data()) : nullptr;
}

inline std::vector<const char*> Pointers(const Names& names) {
  std::vector<const char*> pointers;
  if (!names) return pointers;
  for (const std::string& name : *names) pointers.push_back(name.c_str());
  return pointers;
}

// The kernel reads as many as it was told: a shorter list would be read past its end.
inline bool HasLength(const Numbers& numbers, size_t count) {
  return !numbers || numbers->size() == count;
}

}  // namespace ebpf

#endif  // EBPF_NATIVE_PROBE_H_
