// Programs of instructions that JavaScript made: bpf_prog_load() without an object.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "load_statistics.h"
#include "log.h"
#include "map.h"
#include "program.h"
#include "task.h"

namespace ebpf {
namespace {

// A map whose descriptor becomes an instruction's immediate.
struct MapReference {
  uint32_t slot;
  UniqueFd fd;
};

struct ProgramImage {
  std::string name;
  std::string section;
  // Empty: none.
  std::string attach_target;
  std::string license;
  std::vector<uint8_t> instructions;
  std::vector<MapReference> maps;
  // Empty where nothing is known of its functions and lines.
  std::vector<uint8_t> types;
  std::vector<uint8_t> functions;
  std::vector<uint8_t> lines;
  uint32_t flags = 0;
  uint32_t log_level = 0;
};

struct LoadedProgram {
  UniqueFd fd;
  bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
  bpf_attach_type attach_type = BPF_CGROUP_INET_INGRESS;
  // What the verifier says of a program that it takes: without a log level, of its own work.
  std::string log;
};

// Nearly all logs fit into the first; libbpf begins with the second for objects. The largest that
// the kernel takes is a quarter of 4 GiB (bpf_verifier_log_attr_valid, kernel/bpf/log.c).
constexpr uint32_t kFirstLogSize = 64 * 1024;
constexpr uint32_t kSecondLogSize = 16 * 1024 * 1024;
constexpr uint32_t kLargestLogSize = UINT32_MAX >> 2;

// BPF_LOG_LEVEL1 and BPF_LOG_LEVEL2 of linux/bpf_verifier.h: with one of them a log has the
// instructions.
constexpr uint32_t kLogInstructions = 1;
constexpr uint32_t kLogInstructionsMask = 3;

bool ReadMaps(Napi::Value options, HandleTable& handles, std::vector<MapReference>* maps) {
  return ReadArrayProperty(options, "maps", [&](Napi::Value element) {
    uint32_t slot;
    int32_t handle;
    if (!ReadProperty(element, "slot", &slot) || !ReadProperty(element, "map", &handle)) {
      return false;
    }
    Map* map = handles.Get<Map>(handle);
    // It may be closed while the program is loaded.
    maps->push_back({slot, map == nullptr ? UniqueFd(-EBADF) : Duplicate(map->fd())});
    return true;
  });
}

bool Read(Napi::Value options, HandleTable& handles, ProgramImage* image) {
  return ReadProperty(options, "name", &image->name) &&
         ReadProperty(options, "section", &image->section) &&
         ReadProperty(options, "attachTarget", &image->attach_target) &&
         ReadProperty(options, "license", &image->license) &&
         ReadProperty(options, "instructions", &image->instructions) &&
         ReadMaps(options, handles, &image->maps) &&
         ReadProperty(options, "types", &image->types) &&
         ReadProperty(options, "functions", &image->functions) &&
         ReadProperty(options, "lines", &image->lines) &&
         ReadProperty(options, "flags", &image->flags) &&
         ReadProperty(options, "logLevel", &image->log_level);
}

Status Resolve(ProgramImage* image) {
  auto* instructions = reinterpret_cast<bpf_insn*>(image->instructions.data());
  size_t count = image->instructions.size() / sizeof(bpf_insn);
  for (const MapReference& map : image->maps) {
    if (!map.fd.valid()) return FromReturn("fcntl", map.fd.get());
    if (map.slot >= count) return {-EINVAL, "bpf_prog_load", nullptr};
    instructions[map.slot].imm = map.fd.get();
  }
  return {};
}

// The form in which libbpf tells of logs (bpf_object_load_prog): who reads them knows one.
void TellLog(const std::string& name, const char* log) {
  LogWarning("prog '%s': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n", name.c_str(),
             log);
}

using ProgramLoadOptions = LibbpfOptions<bpf_prog_load_opts>;

int LoadOnce(const ProgramImage& image, bpf_prog_type type, ProgramLoadOptions* options) {
  return bpf_prog_load(type, image.name.c_str(), image.license.c_str(),
                       reinterpret_cast<const bpf_insn*>(image.instructions.data()),
                       image.instructions.size() / sizeof(bpf_insn), options);
}

// Where the kernel says how long the log is (Linux 6.4), the next buffer is the last: each is
// another verification.
uint32_t NextLogSize(uint32_t size, [[maybe_unused]] const ProgramLoadOptions& options) {
#if EBPF_LIBBPF_AT_LEAST(1, 2)
  if (options.log_true_size > size) return std::min(options.log_true_size, kLargestLogSize);
#endif
  if (size < kSecondLogSize) return kSecondLogSize;
  return size > kLargestLogSize / 4 ? kLargestLogSize : size * 4;
}

// Until the log is whole.
int LoadWithLog(const ProgramImage& image, bpf_prog_type type, uint32_t level,
                ProgramLoadOptions* options, std::unique_ptr<char[]>* log) {
  options->log_level = level;
  for (uint32_t size = kFirstLogSize;; size = NextLogSize(size, *options)) {
    log->reset(new (std::nothrow) char[size]);
    if (*log == nullptr) return -ENOMEM;
    (*log)[0] = '\0';
    options->log_buf = log->get();
    options->log_size = size;
    int fd = LoadOnce(image, type, options);
    if (fd == -ENOSPC && size < kLargestLogSize) continue;
    return fd;
  }
}

// Most programs are taken, and a log of instructions costs more than the verification: only one
// that is refused is loaded again for it.
int LoadAndExplain(const ProgramImage& image, bpf_prog_type type, ProgramLoadOptions* options,
                   std::unique_ptr<char[]>* log) {
  int fd = LoadWithLog(image, type, image.log_level | kLogStatistics, options, log);
  if (fd >= 0 || (image.log_level & kLogInstructionsMask) != 0) return fd;
  return LoadWithLog(image, type, image.log_level | kLogInstructions, options, log);
}

Status LoadProgram(ProgramImage* image, LoadedProgram* loaded) {
  constexpr const char* kOperation = "bpf_prog_load";
  Status status = FromReturn(
      "libbpf_prog_type_by_name",
      libbpf_prog_type_by_name(image->section.c_str(), &loaded->type, &loaded->attach_type));
  if (status.ok()) status = Resolve(image);
  if (!status.ok()) return status;
  ProgramLoadOptions options;
  options.expected_attach_type = loaded->attach_type;
  options.prog_flags = image->flags;
  if (!image->attach_target.empty()) {
    int id = libbpf_find_vmlinux_btf_id(image->attach_target.c_str(), loaded->attach_type);
    if (id < 0) return FromReturn("libbpf_find_vmlinux_btf_id", id);
    options.attach_btf_id = static_cast<uint32_t>(id);
  }
  // A kernel that does not take them loads the program all the same.
  UniqueFd types(
      image->types.empty() ? -1 : bpf_btf_load(image->types.data(), image->types.size(), nullptr));
  if (types.valid()) {
    options.prog_btf_fd = static_cast<uint32_t>(types.get());
    options.func_info = image->functions.data();
    options.func_info_rec_size = sizeof(bpf_func_info);
    options.func_info_cnt = static_cast<uint32_t>(image->functions.size() / sizeof(bpf_func_info));
    options.line_info = image->lines.data();
    options.line_info_rec_size = sizeof(bpf_line_info);
    options.line_info_cnt = static_cast<uint32_t>(image->lines.size() / sizeof(bpf_line_info));
  }
  std::unique_ptr<char[]> log;
  int fd = LoadAndExplain(*image, loaded->type, &options, &log);
  if (fd < 0) {
    if (log != nullptr && log[0] != '\0') TellLog(image->name, log.get());
    return FromReturn(kOperation, fd);
  }
  loaded->fd = UniqueFd(fd);
  if (log != nullptr) loaded->log = log.get();
  return {0, kOperation, nullptr};
}

Status DeliverProgram(Environment* environment, LoadedProgram&& loaded, Napi::Value* value) {
  int handle = environment->handles().Insert(std::make_unique<Program>(std::move(loaded.fd)));
  if (handle < 0) return FromReturn("bpf_prog_load", handle);
  auto or_empty = [](const char* name) { return name == nullptr ? "" : name; };
  auto result = Napi::Object::New(environment->env());
  result.Set("program", handle);
  result.Set("type", or_empty(libbpf_bpf_prog_type_str(loaded.type)));
  result.Set("expectedAttachType", or_empty(libbpf_bpf_attach_type_str(loaded.attach_type)));
  result.Set("log", loaded.log);
  *value = result;
  return {};
}

}  // namespace

Napi::Value ProgramLoad(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::Of(info);
  ProgramImage image;
  if (!Read(info[0], environment->handles(), &image)) return {};
  if (!image.attach_target.empty()) environment->kernel_btf().Begin();
  return StartTask<LoadedProgram>(
      environment, "ebpf.programLoad",
      [image = std::move(image)](LoadedProgram* loaded) mutable -> Status {
        return LoadProgram(&image, loaded);
      },
      DeliverProgram);
}

}  // namespace ebpf
