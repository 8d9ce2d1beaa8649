#ifndef EBPF_NATIVE_LICENSE_H_
#define EBPF_NATIVE_LICENSE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace ebpf {

// The `license` section of a 64-bit ELF image in this machine's byte order, up to its NUL; else "".
// libbpf reads it, too (bpf_object__init_license), but has no function that gives it.
std::string ElfLicense(const std::vector<uint8_t>& image);

}  // namespace ebpf

#endif  // EBPF_NATIVE_LICENSE_H_
