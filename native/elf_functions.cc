#include "elf_functions.h"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "log.h"
#include "unique_fd.h"

namespace ebpf {
namespace {

constexpr const char* kOperation = "looking for functions";

// Read, not mapped: the file is anyone's, and one that shrinks under a mapping is a SIGBUS.
class File {
 public:
  // Not waiting for whoever would write into a pipe.
  explicit File(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat facts;
    if (!fd_.valid()) {
      error_ = -errno;
    } else if (fstat(fd_.get(), &facts) != 0) {
      error_ = -errno;
    } else if (!S_ISREG(facts.st_mode)) {
      error_ = -EINVAL;
    } else {
      size_ = static_cast<uint64_t>(facts.st_size);
    }
  }

  int error() const { return error_; }

  // False when the file does not have them all.
  template <typename T>
  bool Read(uint64_t offset, uint64_t count, std::vector<T>* items) const {
    if (offset > size_ || count > (size_ - offset) / sizeof(T)) return false;
    items->resize(count);
    auto* bytes = reinterpret_cast<char*>(items->data());
    for (uint64_t done = 0; done < count * sizeof(T);) {
      ssize_t length = pread(fd_.get(), bytes + done, count * sizeof(T) - done,
                             static_cast<off_t>(offset + done));
      if (length <= 0) return false;
      done += static_cast<uint64_t>(length);
    }
    return true;
  }

 private:
  UniqueFd fd_;
  uint64_t size_ = 0;
  int error_ = 0;
};

struct Place {
  // 0 for one that was not found: that is the file's header.
  uint64_t offset = 0;
  bool weak = false;
  bool ambiguous = false;
};

using Places = std::unordered_map<std::string_view, Place>;

void Add(Place* place, uint64_t offset, bool weak) {
  if (place->offset == 0 || (place->weak && !weak)) {
    *place = {offset, weak, false};
  } else if (place->offset != offset && !place->weak && !weak) {
    place->ambiguous = true;
  }
}

bool SearchTable(const File& file, const std::vector<Elf64_Shdr>& sections, const Elf64_Shdr& table,
                 Places* places) {
  std::vector<Elf64_Sym> symbols;
  std::vector<char> texts;
  if (table.sh_link >= sections.size()) return false;
  const Elf64_Shdr& strings = sections[table.sh_link];
  if (!file.Read(table.sh_offset, table.sh_size / sizeof(Elf64_Sym), &symbols) ||
      !file.Read(strings.sh_offset, strings.sh_size, &texts)) {
    return false;
  }
  for (const Elf64_Sym& symbol : symbols) {
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
        symbol.st_shndx >= sections.size() || symbol.st_name >= texts.size()) {
      continue;
    }
    const char* text = texts.data() + symbol.st_name;
    auto found = places->find({text, strnlen(text, texts.size() - symbol.st_name)});
    if (found == places->end()) continue;
    const Elf64_Shdr& section = sections[symbol.st_shndx];
    Add(&found->second, symbol.st_value - section.sh_addr + section.sh_offset,
        ELF64_ST_BIND(symbol.st_info) == STB_WEAK);
  }
  return true;
}

}  // namespace

Status FindFunctions(const std::string& path, const std::vector<std::string>& names,
                     std::vector<uint64_t>* offsets) {
  constexpr unsigned char kData =
      __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  File file(path);
  if (file.error() != 0) return {file.error(), kOperation, nullptr};
  std::vector<Elf64_Ehdr> header;
  std::vector<Elf64_Shdr> sections;
  if (!file.Read(0, 1, &header) || memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0 ||
      header[0].e_ident[EI_CLASS] != ELFCLASS64 || header[0].e_ident[EI_DATA] != kData ||
      !file.Read(header[0].e_shoff, header[0].e_shnum, &sections)) {
    return {-ENOEXEC, kOperation, nullptr};
  }
  Places places;
  for (const std::string& name : names) places.emplace(name, Place{});
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) continue;
    if (!SearchTable(file, sections, section, &places)) return {-ENOEXEC, kOperation, nullptr};
  }
  for (const std::string& name : names) {
    const Place& place = places[name];
    if (place.offset == 0) {
      LogWarning("there is no function '%s' in '%s'\n", name.c_str(), path.c_str());
      return {-ENOENT, kOperation, nullptr};
    }
    if (place.ambiguous) {
      LogWarning("there are several functions '%s' in '%s'\n", name.c_str(), path.c_str());
      return {-ESRCH, kOperation, nullptr};
    }
    offsets->push_back(place.offset);
  }
  return {0, kOperation, nullptr};
}

}  // namespace ebpf
