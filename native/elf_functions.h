// Functions of a user-space binary, by name: the one reader of symbols, for probes that are
// attached and for the question who is attached, so that a name means the same places to all.
#ifndef EBPF_NATIVE_ELF_FUNCTIONS_H_
#define EBPF_NATIVE_ELF_FUNCTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "status.h"

namespace ebpf {

// Names are NAME, NAME@VERSION or NAME@@VERSION, where NAME alone is every version. As libbpf does
// it for a single probe (elf_find_func_offset), exported functions come first, the table that strip
// removes is looked at for what is not among them, and a weak function gives way to another. Not
// libbpf's own search for several names (elf_resolve_syms_offsets, libbpf 1.3 to 1.7), which knows
// no versions, and finds no name at all in a binary without .symtab, as every stripped one is.
//
// Offsets are those in the file. A file that is no ELF file of this machine's byte order, or
// broken, is -LIBBPF_ERRNO__FORMAT, with a warning.

// One offset for each of the names: -ENOENT when a function is missing, -ESRCH when there are
// several, both with a warning that names it.
Status FindFunctions(const std::string& path, const std::vector<std::string>& names,
                     std::vector<uint64_t>* offsets);

// All offsets that the names have, several for a name or none.
Status FindAllFunctions(const std::string& path, const std::vector<std::string>& names,
                        std::vector<uint64_t>* offsets);

// Those of the names that fit a pattern, where * is any text and ? any one character; of exported
// functions only where no other fits, as libbpf does it (elf_resolve_pattern_offsets). -ENOENT when
// there is none.
Status MatchFunctions(const std::string& path, const std::string& pattern,
                      std::vector<uint64_t>* offsets);

}  // namespace ebpf

#endif  // EBPF_NATIVE_ELF_FUNCTIONS_H_
