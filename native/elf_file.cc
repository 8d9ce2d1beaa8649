#include "elf_file.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <string.h>
#include <sys/stat.h>

#include "status.h"

namespace ebpf {
namespace {

constexpr uint16_t kVersionMask = 0x7fff;

std::string_view TextAt(const std::vector<char>& texts, uint64_t offset) {
  if (offset >= texts.size()) return {};
  const char* text = texts.data() + offset;
  return {text, strnlen(text, texts.size() - offset)};
}

// The same in both widths.
template <typename Item>
bool CopyAt(const std::vector<char>& bytes, uint64_t offset, Item* item) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(Item)) return false;
  memcpy(item, bytes.data() + offset, sizeof(Item));
  return true;
}

}  // namespace

VersionedName SplitVersion(std::string_view text) {
  size_t at = text.find('@');
  if (at == std::string_view::npos) return {text, std::nullopt};
  std::string_view version = text.substr(at + 1);
  if (!version.empty() && version.front() == '@') version.remove_prefix(1);
  return {text.substr(0, at), version};
}

// Not waiting for whoever would write into a pipe.
ElfFile::ElfFile(const std::string& path)
    : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  constexpr unsigned char kData =
      __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  struct stat facts;
  if (!fd_.valid() || fstat(fd_.get(), &facts) != 0) {
    error_ = -errno;
    return;
  }
  if (S_ISREG(facts.st_mode)) size_ = static_cast<uint64_t>(facts.st_size);
  std::vector<unsigned char> identity;
  bool is_elf = Read(0, EI_NIDENT, &identity) && memcmp(identity.data(), ELFMAG, SELFMAG) == 0 &&
                identity[EI_DATA] == kData;
  wide_ = is_elf && identity[EI_CLASS] == ELFCLASS64;
  bool is_read = is_elf && (wide_ ? ReadSections<Elf64_Ehdr, Elf64_Shdr>()
                                  : ReadSections<Elf32_Ehdr, Elf32_Shdr>());
  if (!is_read) error_ = -LIBBPF_ERRNO__FORMAT;
}

template <typename Item>
bool ElfFile::Read(uint64_t offset, uint64_t count, std::vector<Item>* items) const {
  if (offset > size_ || count > (size_ - offset) / sizeof(Item)) return false;
  items->resize(count);
  auto* bytes = reinterpret_cast<char*>(items->data());
  for (uint64_t done = 0; done < count * sizeof(Item);) {
    ssize_t length = pread(fd_.get(), bytes + done, count * sizeof(Item) - done,
                           static_cast<off_t>(offset + done));
    if (length <= 0) return false;
    done += static_cast<uint64_t>(length);
  }
  return true;
}

template <typename Header, typename SectionHeader>
bool ElfFile::ReadSections() {
  std::vector<Header> header;
  std::vector<SectionHeader> table;
  if (!Read(0, 1, &header)) return false;
  uint64_t start = header[0].e_shoff;
  uint64_t count = header[0].e_shnum;
  // More than fit the field: their number is in the first one.
  if (count == 0 && start != 0) {
    if (!Read(start, 1, &table)) return false;
    count = table[0].sh_size;
  }
  if (!Read(start, count, &table)) return false;
  for (const SectionHeader& section : table) {
    sections_.push_back(
        {section.sh_type, section.sh_link, section.sh_addr, section.sh_offset, section.sh_size});
  }
  return true;
}

bool ElfFile::ReadStrings(const Section& table, std::vector<char>* strings) const {
  if (table.link >= sections_.size()) return false;
  const Section& section = sections_[table.link];
  return Read(section.offset, section.size, strings);
}

const ElfFile::Section* ElfFile::FindSection(uint32_t type) const {
  for (const Section& section : sections_) {
    if (section.type == type) return &section;
  }
  return nullptr;
}

bool ElfFile::ReadVersions(std::vector<char>* strings, Versions* versions) const {
  const Section* section = FindSection(SHT_GNU_verdef);
  if (section == nullptr) return true;
  std::vector<char> bytes;
  if (!Read(section->offset, section->size, &bytes) || !ReadStrings(*section, strings)) {
    return false;
  }
  Elf64_Verdef version;
  Elf64_Verdaux name;
  // The next one is further on, so this ends.
  for (uint64_t at = 0; CopyAt(bytes, at, &version); at += version.vd_next) {
    if (CopyAt(bytes, at + version.vd_aux, &name)) {
      versions->emplace(version.vd_ndx & kVersionMask, TextAt(*strings, name.vda_name));
    }
    if (version.vd_next == 0) break;
  }
  return true;
}

template <typename Symbol>
bool ElfFile::VisitTable(const Section& table,
                         const std::function<void(const ElfFunction&)>& visit) const {
  std::vector<Symbol> symbols;
  std::vector<char> texts;
  std::vector<char> version_texts;
  std::vector<uint16_t> version_of;
  Versions versions;
  if (!Read(table.offset, table.size / sizeof(Symbol), &symbols) || !ReadStrings(table, &texts)) {
    return false;
  }
  const Section* numbers = table.type == SHT_DYNSYM ? FindSection(SHT_GNU_versym) : nullptr;
  if (numbers != nullptr && (!Read(numbers->offset, numbers->size / 2, &version_of) ||
                             !ReadVersions(&version_texts, &versions))) {
    return false;
  }
  for (size_t index = 0; index < symbols.size(); ++index) {
    const Symbol& symbol = symbols[index];
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
        symbol.st_shndx >= sections_.size()) {
      continue;
    }
    const Section& section = sections_[symbol.st_shndx];
    VersionedName name = SplitVersion(TextAt(texts, symbol.st_name));
    if (index < version_of.size()) {
      auto version = versions.find(version_of[index] & kVersionMask);
      if (version != versions.end()) name.version = version->second;
    }
    uint64_t offset = symbol.st_value - section.address + section.offset;
    visit({name, offset, ELF64_ST_BIND(symbol.st_info) == STB_WEAK});
  }
  return true;
}

bool ElfFile::VisitFunctions(uint32_t type,
                             const std::function<void(const ElfFunction&)>& visit) const {
  for (const Section& table : sections_) {
    if (table.type != type) continue;
    bool is_read =
        wide_ ? VisitTable<Elf64_Sym>(table, visit) : VisitTable<Elf32_Sym>(table, visit);
    if (!is_read) return false;
  }
  return true;
}

}  // namespace ebpf
