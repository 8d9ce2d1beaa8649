#include "elf_functions.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <string.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "elf_file.h"
#include "log.h"

namespace ebpf {
namespace {

constexpr const char* kOperation = "looking for functions";

// Where one of the names is.
struct Place {
  std::optional<std::string_view> version;
  // Of functions that are not weak, or one that is.
  std::vector<uint64_t> offsets;
  bool weak = false;
  bool finished = false;

  bool Fits(const VersionedName& name) const {
    return !finished && (!version || version == name.version);
  }

  void Add(const ElfFunction& function) {
    // The header of the file is there.
    if (function.offset == 0) return;
    if (std::find(offsets.begin(), offsets.end(), function.offset) != offsets.end()) return;
    if (!offsets.empty() && function.weak) return;
    if (weak) offsets.clear();
    offsets.push_back(function.offset);
    weak = function.weak;
  }
};

Status Unreadable(const std::string& path, int error) {
  bool is_read = error == -LIBBPF_ERRNO__FORMAT;
  LogWarning("'%s': %s\n", path.c_str(),
             is_read ? "broken, or no ELF file of this machine" : strerror(-error));
  return {error, kOperation, nullptr};
}

// In the order of the names.
Status FindPlaces(const std::string& path, const std::vector<std::string>& names,
                  std::vector<Place>* places) {
  ElfFile file(path);
  if (file.error() != 0) return Unreadable(path, file.error());
  std::unordered_multimap<std::string_view, size_t> wanted;
  for (size_t index = 0; index < names.size(); ++index) {
    VersionedName name = SplitVersion(names[index]);
    wanted.emplace(name.name, index);
    places->emplace_back().version = name.version;
  }
  for (uint32_t type : {SHT_DYNSYM, SHT_SYMTAB}) {
    bool is_read = file.VisitFunctions(type, [&](const ElfFunction& function) {
      auto [first, last] = wanted.equal_range(function.name.name);
      for (auto found = first; found != last; ++found) {
        Place& place = (*places)[found->second];
        if (place.Fits(function.name)) place.Add(function);
      }
    });
    if (!is_read) return Unreadable(path, -LIBBPF_ERRNO__FORMAT);
    for (Place& place : *places) place.finished = !place.offsets.empty();
  }
  return {0, kOperation, nullptr};
}

bool FitsPattern(std::string_view text, std::string_view pattern) {
  size_t at = 0;
  size_t in_pattern = 0;
  // Where to go on when the last * has to take one character more.
  size_t star = std::string_view::npos;
  size_t after_star = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      after_star = at;
    } else if (in_pattern < pattern.size() &&
               (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at])) {
      ++in_pattern;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

}  // namespace

Status FindFunctions(const std::string& path, const std::vector<std::string>& names,
                     std::vector<uint64_t>* offsets) {
  std::vector<Place> places;
  Status status = FindPlaces(path, names, &places);
  if (!status.ok()) return status;
  for (size_t index = 0; index < names.size(); ++index) {
    const std::vector<uint64_t>& found = places[index].offsets;
    if (found.empty()) {
      LogWarning("there is no function '%s' in '%s'\n", names[index].c_str(), path.c_str());
      return {-ENOENT, kOperation, nullptr};
    }
    if (found.size() > 1) {
      LogWarning("there are several functions '%s' in '%s'\n", names[index].c_str(), path.c_str());
      return {-ESRCH, kOperation, nullptr};
    }
    offsets->push_back(found.front());
  }
  return status;
}

Status FindAllFunctions(const std::string& path, const std::vector<std::string>& names,
                        std::vector<uint64_t>* offsets) {
  std::vector<Place> places;
  Status status = FindPlaces(path, names, &places);
  for (const Place& place : places) {
    offsets->insert(offsets->end(), place.offsets.begin(), place.offsets.end());
  }
  return status;
}

Status MatchFunctions(const std::string& path, const std::string& pattern,
                      std::vector<uint64_t>* offsets) {
  ElfFile file(path);
  if (file.error() != 0) return Unreadable(path, file.error());
  VersionedName wanted = SplitVersion(pattern);
  for (uint32_t type : {SHT_SYMTAB, SHT_DYNSYM}) {
    bool is_read = file.VisitFunctions(type, [&](const ElfFunction& function) {
      const auto& [name, version] = function.name;
      bool fits = FitsPattern(name, wanted.name) &&
                  (!wanted.version || (version && FitsPattern(*version, *wanted.version)));
      if (fits && function.offset != 0) offsets->push_back(function.offset);
    });
    if (!is_read) return Unreadable(path, -LIBBPF_ERRNO__FORMAT);
    if (!offsets->empty()) return {0, kOperation, nullptr};
  }
  LogWarning("no function of '%s' fits '%s'\n", path.c_str(), pattern.c_str());
  return {-ENOENT, kOperation, nullptr};
}

}  // namespace ebpf
