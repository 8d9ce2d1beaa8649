// The functions that an ELF file has names for, of any width, in this machine's byte order.
#ifndef EBPF_NATIVE_ELF_FILE_H_
#define EBPF_NATIVE_ELF_FILE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "unique_fd.h"

namespace ebpf {

// A name and the version that is told after one @ or two.
struct VersionedName {
  std::string_view name;
  std::optional<std::string_view> version;
};

VersionedName SplitVersion(std::string_view text);

struct ElfFunction {
  VersionedName name;
  // In the file.
  uint64_t offset;
  bool weak;
};

// Read, not mapped: the file is anyone's, and one that shrinks under a mapping is a SIGBUS.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path);

  // 0, the negative errno of reading it, or -LIBBPF_ERRNO__FORMAT.
  int error() const { return error_; }

  // Calls `visit` for each function of the tables of a type, SHT_DYNSYM or SHT_SYMTAB. False when
  // they are not where the file says.
  bool VisitFunctions(uint32_t type, const std::function<void(const ElfFunction&)>& visit) const;

 private:
  struct Section {
    uint32_t type;
    uint32_t link;
    uint64_t address;
    uint64_t offset;
    uint64_t size;
  };
  using Versions = std::unordered_map<uint16_t, std::string_view>;

  template <typename Item>
  bool Read(uint64_t offset, uint64_t count, std::vector<Item>* items) const;
  template <typename Header, typename SectionHeader>
  bool ReadSections();
  bool ReadStrings(const Section& table, std::vector<char>* strings) const;
  const Section* FindSection(uint32_t type) const;
  // The names of versions stay in `strings`.
  bool ReadVersions(std::vector<char>* strings, Versions* versions) const;
  template <typename Symbol>
  bool VisitTable(const Section& table, const std::function<void(const ElfFunction&)>& visit) const;

  UniqueFd fd_;
  uint64_t size_ = 0;
  bool wide_ = false;
  int error_ = 0;
  std::vector<Section> sections_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_ELF_FILE_H_
