// Functions of a user-space binary, by name.
#ifndef EBPF_NATIVE_ELF_FUNCTIONS_H_
#define EBPF_NATIVE_ELF_FUNCTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "status.h"

namespace ebpf {

// Their offsets in the file, in the order of the names: -ENOENT when one is missing, -ESRCH when
// one has several places, both with a warning that names it; -ENOEXEC when the file is no ELF file
// of this machine's width and byte order.
//
// Not libbpf's bpf_program__attach_uprobe_multi, which finds no name at all in a binary without
// .symtab, as every stripped one is (elf_resolve_syms_offsets returns the errno of the table that
// is missing; libbpf 1.3 to 1.7).
Status FindFunctions(const std::string& path, const std::vector<std::string>& names,
                     std::vector<uint64_t>* offsets);

}  // namespace ebpf

#endif  // EBPF_NATIVE_ELF_FUNCTIONS_H_
