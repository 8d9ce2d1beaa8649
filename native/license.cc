#include "license.h"

#include <elf.h>
#include <string.h>

#include <string_view>

namespace ebpf {
namespace {

// The image is anyone's: each read is checked.
template <typename T>
bool ReadAt(const std::vector<uint8_t>& image, uint64_t offset, T* result) {
  if (offset > image.size() || image.size() - offset < sizeof(T)) return false;
  memcpy(result, image.data() + offset, sizeof(T));
  return true;
}

// Text from `offset` to its NUL, or to the end.
std::string_view TextAt(const std::vector<uint8_t>& image, uint64_t offset, uint64_t end) {
  if (end > image.size() || offset >= end) return {};
  const char* text = reinterpret_cast<const char*>(image.data() + offset);
  return std::string_view(text, strnlen(text, end - offset));
}

}  // namespace

std::string ElfLicense(const std::vector<uint8_t>& image) {
  constexpr unsigned char kData =
      __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  Elf64_Ehdr header;
  Elf64_Shdr names;
  if (!ReadAt(image, 0, &header) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != kData)
    return "";
  auto section_offset = [&](uint16_t index) {
    return header.e_shoff + uint64_t{index} * sizeof(Elf64_Shdr);
  };
  if (!ReadAt(image, section_offset(header.e_shstrndx), &names)) return "";
  for (uint16_t index = 1; index < header.e_shnum; ++index) {
    Elf64_Shdr section;
    if (!ReadAt(image, section_offset(index), &section)) return "";
    if (TextAt(image, names.sh_offset + section.sh_name, names.sh_offset + names.sh_size) !=
        "license")
      continue;
    return std::string(TextAt(image, section.sh_offset, section.sh_offset + section.sh_size));
  }
  return "";
}

}  // namespace ebpf
