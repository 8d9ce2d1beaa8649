#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "log.h"
#include "map.h"
#include "program.h"
#include "task.h"

namespace ebpf {
namespace {

using Bytes = std::vector<uint8_t>;

// A descriptor of a map belongs into the immediate of the instruction in this slot.
struct MapUse {
  uint32_t slot;
  // A duplicate: the map may be closed while the program is loaded.
  UniqueFd fd;
};

struct ProgramLoadOptions {
  uint32_t type;
  std::string name;
  std::string license;
  Bytes instructions;
  uint32_t expected_attach_type;
  uint32_t flags;
  uint32_t log_level;
  std::optional<std::string> attach_target;
  std::optional<Bytes> btf;
  std::optional<Bytes> functions;
  std::optional<Bytes> lines;
  std::vector<MapUse> maps;
};

struct LoadedInstructions {
  UniqueFd fd;
  std::string log;
};

bool ReadMapUse(Napi::Value value, const HandleTable& handles, std::vector<MapUse>* uses) {
  uint32_t slot;
  int32_t handle;
  if (!ReadProperty(value, "slot", &slot) || !ReadProperty(value, "map", &handle)) return false;
  Map* map = handles.Get<Map>(handle);
  uses->push_back({slot, map == nullptr ? UniqueFd(-EBADF) : Duplicate(map->fd())});
  return true;
}

bool ReadLoad(Napi::Value value, const HandleTable& handles, ProgramLoadOptions* options) {
  return ReadProperty(value, "type", &options->type) &&
         ReadProperty(value, "name", &options->name) &&
         ReadProperty(value, "license", &options->license) &&
         ReadProperty(value, "instructions", &options->instructions) &&
         ReadProperty(value, "expectedAttachType", &options->expected_attach_type) &&
         ReadProperty(value, "flags", &options->flags) &&
         ReadProperty(value, "logLevel", &options->log_level) &&
         ReadProperty(value, "attachTarget", &options->attach_target) &&
         ReadProperty(value, "btf", &options->btf) &&
         ReadProperty(value, "functions", &options->functions) &&
         ReadProperty(value, "lines", &options->lines) &&
         ReadArrayProperty(value, "maps", [&](Napi::Value use) {
           return ReadMapUse(use, handles, &options->maps);
         });
}

Status PutMaps(ProgramLoadOptions* options) {
  auto* instructions = reinterpret_cast<bpf_insn*>(options->instructions.data());
  size_t count = options->instructions.size() / sizeof(bpf_insn);
  for (const MapUse& use : options->maps) {
    if (!use.fd.valid()) return FromReturn("fcntl(F_DUPFD_CLOEXEC)", use.fd.get());
    if (use.slot >= count) return {-EINVAL, "bpf_prog_load", nullptr};
    instructions[use.slot].imm = use.fd.get();
  }
  return {};
}

// Sizes of the records of `struct bpf_func_info` and `struct bpf_line_info`.
template <typename Record>
uint32_t CountOf(const std::optional<Bytes>& records) {
  return records ? static_cast<uint32_t>(records->size() / sizeof(Record)) : 0;
}

// One try, with as much log as there is room for; 0 for none.
int TryLoad(const ProgramLoadOptions& options, int btf, uint32_t target, uint32_t level,
            std::string* log) {
  LibbpfOptions<bpf_prog_load_opts> load;
  load.expected_attach_type = static_cast<bpf_attach_type>(options.expected_attach_type);
  load.prog_flags = options.flags;
  load.attach_btf_id = target;
  if (btf >= 0) {
    load.prog_btf_fd = static_cast<uint32_t>(btf);
    load.func_info = options.functions ? options.functions->data() : nullptr;
    load.func_info_cnt = CountOf<bpf_func_info>(options.functions);
    load.func_info_rec_size = sizeof(bpf_func_info);
    load.line_info = options.lines ? options.lines->data() : nullptr;
    load.line_info_cnt = CountOf<bpf_line_info>(options.lines);
    load.line_info_rec_size = sizeof(bpf_line_info);
  }
  load.log_level = level;
  if (level != 0) {
    load.log_buf = log->data();
    load.log_size = static_cast<uint32_t>(log->size());
  }
  return bpf_prog_load(static_cast<bpf_prog_type>(options.type), options.name.c_str(),
                       options.license.c_str(),
                       reinterpret_cast<const bpf_insn*>(options.instructions.data()),
                       options.instructions.size() / sizeof(bpf_insn), &load);
}

// With a log that is long enough: the kernel says ENOSPC of one that is not.
UniqueFd LoadWithLog(const ProgramLoadOptions& options, int btf, uint32_t target, uint32_t level,
                     std::string* log) {
  // BPF_LOG_BUF_SIZE of bpf/bpf.h is the largest that all kernels take.
  for (size_t size = 1U << 16;; size = size * 8 < BPF_LOG_BUF_SIZE ? size * 8 : BPF_LOG_BUF_SIZE) {
    log->assign(size, '\0');
    UniqueFd fd(TryLoad(options, btf, target, level, log));
    if (fd.get() == -ENOSPC && size < BPF_LOG_BUF_SIZE) continue;
    log->resize(strnlen(log->data(), size));
    return fd;
  }
}

Status LoadInstructions(ProgramLoadOptions* options, LoadedInstructions* loaded) {
  constexpr const char* kOperation = "bpf_prog_load";
  Status status = PutMaps(options);
  if (!status.ok()) return status;
  int target = 0;
  if (options->attach_target) {
    target =
        libbpf_find_vmlinux_btf_id(options->attach_target->c_str(),
                                   static_cast<bpf_attach_type>(options->expected_attach_type));
    if (target < 0) return FromReturn("libbpf_find_vmlinux_btf_id", target);
  }
  // Kernels that do not know such types load the program without: it says only where it is from.
  UniqueFd btf(options->btf ? bpf_btf_load(options->btf->data(), options->btf->size(), nullptr)
                            : -ENOENT);
  uint32_t id = static_cast<uint32_t>(target);
  if (options->log_level != 0) {
    loaded->fd = LoadWithLog(*options, btf.get(), id, options->log_level, &loaded->log);
  } else {
    loaded->fd = UniqueFd(TryLoad(*options, btf.get(), id, 0, &loaded->log));
    // Once more, for the reason.
    if (!loaded->fd.valid()) loaded->fd = LoadWithLog(*options, btf.get(), id, 1, &loaded->log);
  }
  if (loaded->fd.valid()) return {0, kOperation, nullptr};
  if (!loaded->log.empty()) {
    LogWarning("prog '%s': -- BEGIN PROG LOAD LOG --\n%s-- END PROG LOAD LOG --\n",
               options->name.c_str(), loaded->log.c_str());
  }
  return FromReturn(kOperation, loaded->fd.get());
}

Status DeliverProgram(Environment* environment, LoadedInstructions&& loaded, Napi::Value* value) {
  int32_t handle = environment->handles().Insert(std::make_unique<Program>(std::move(loaded.fd)));
  if (handle < 0) return {handle, "bpf_prog_load", nullptr};
  auto result = Napi::Object::New(environment->env());
  result.Set("program", handle);
  result.Set("log", loaded.log);
  *value = result;
  return {};
}

}  // namespace

Napi::Value ProgramLoad(const Napi::CallbackInfo& info) {
  Environment* environment = Environment::Of(info);
  ProgramLoadOptions options;
  if (!ReadLoad(info[0], environment->handles(), &options)) return {};
  return StartTask<LoadedInstructions>(
      environment, "ebpf.programLoad",
      [options = std::move(options)](LoadedInstructions* loaded) mutable {
        return LoadInstructions(&options, loaded);
      },
      DeliverProgram);
}

}  // namespace ebpf
