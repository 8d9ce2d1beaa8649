// Hooks of user-space functions and tracepoints.

#include <bpf/bpf.h>

#include <algorithm>

#include "bindings.h"
#include "convert.h"
#include "elf_functions.h"
#include "hook.h"
#include "kernel_abi.h"
#include "probe.h"
#include "task.h"

namespace ebpf {
namespace {

using NameList = std::vector<std::string>;
using Offsets = std::vector<uint64_t>;

// To the kernel, 0 is the calling thread: one of the pool.
int ProcessOf(int32_t pid) { return pid == 0 ? getpid() : pid; }

struct UprobeMulti {
  bool on_return;
  bool session;
  std::string binary;
  int32_t pid;
  std::optional<std::string> pattern;
  Names symbols;
  Numbers offsets;
  Numbers reference_counter_offsets;
  Numbers cookies;
};

#if EBPF_LIBBPF_AT_LEAST(1, 3)

Status AttachOffsets(const UprobeMulti& multi, const Numbers& offsets, const AttachTarget& target,
                     Attachment* attachment) {
  LibbpfOptions<bpf_link_create_opts> options;
  options.uprobe_multi.flags = multi.on_return ? kernel::kUprobeMultiReturn : 0;
  options.uprobe_multi.cnt = static_cast<uint32_t>(offsets->size());
  options.uprobe_multi.path = multi.binary.c_str();
  options.uprobe_multi.offsets = AsLongs(offsets);
  options.uprobe_multi.ref_ctr_offsets = AsLongs(multi.reference_counter_offsets);
  options.uprobe_multi.cookies = AsU64(multi.cookies);
  int pid = ProcessOf(multi.pid);
  // To the kernel, 0 is every process.
  options.uprobe_multi.pid = pid < 0 ? 0 : static_cast<uint32_t>(pid);
  bpf_attach_type type = multi.session ? kernel::kTraceUprobeSession : kernel::kTraceUprobeMulti;
  return attachment->Take("bpf_link_create", bpf_link_create(target.fd, 0, type, &options));
}

Status AttachMulti(const UprobeMulti& multi, const AttachTarget& target, Attachment* attachment) {
#if !EBPF_LIBBPF_AT_LEAST(1, 6)
  if (multi.session) return NeedsLibbpf("bpf_program__attach_uprobe_multi", "1.6");
#endif
  Numbers offsets = multi.offsets;
  if (!offsets) {
    Status status = multi.pattern ? MatchFunctions(multi.binary, *multi.pattern, &offsets.emplace())
                                  : FindFunctions(multi.binary, multi.symbols.value_or(NameList()),
                                                  &offsets.emplace());
    status.operation = "bpf_program__attach_uprobe_multi";
    if (!status.ok()) return status;
  }
  if (!HasLength(multi.cookies, offsets->size()) ||
      !HasLength(multi.reference_counter_offsets, offsets->size())) {
    return {-EINVAL, "bpf_link_create", nullptr};
  }
  return AttachOffsets(multi, offsets, target, attachment);
}

#else

Status AttachMulti(const UprobeMulti&, const AttachTarget&, Attachment*) {
  return NeedsLibbpf("bpf_program__attach_uprobe_multi", "1.3");
}

#endif

}  // namespace

bool ReadUprobeHook(Napi::Value hook, AttachFunction* attach) {
  bool on_return;
  std::string binary;
  std::optional<std::string> symbol;
  uint64_t offset;
  uint64_t reference_counter_offset;
  int32_t pid;
  uint64_t cookie;
  uint32_t mode;
  if (!ReadProperty(hook, "return", &on_return) || !ReadProperty(hook, "binary", &binary) ||
      !ReadProperty(hook, "symbol", &symbol) || !ReadProperty(hook, "offset", &offset) ||
      !ReadProperty(hook, "referenceCounterOffset", &reference_counter_offset) ||
      !ReadProperty(hook, "pid", &pid) || !ReadProperty(hook, "cookie", &cookie) ||
      !ReadProperty(hook, "mode", &mode)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_program__attach_uprobe_opts";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
    LibbpfOptions<bpf_uprobe_opts> options;
    options.retprobe = on_return;
    options.ref_ctr_offset = reference_counter_offset;
    options.bpf_cookie = cookie;
    if (!SetProbeMode(&options, mode)) return NeedsLibbpf(kOperation, "1.2");
    uint64_t place = offset;
    // A library inside of an Android package, which libbpf unpacks.
    if (symbol && binary.find("!/") != std::string::npos) {
      options.func_name = symbol->c_str();
    } else if (symbol) {
      std::vector<uint64_t> found;
      status = FindFunctions(binary, {*symbol}, &found);
      status.operation = kOperation;
      if (!status.ok()) return status;
      place += found.front();
    }
    errno = 0;
    return attachment->Take(
        kOperation, bpf_program__attach_uprobe_opts(target.program, ProcessOf(pid), binary.c_str(),
                                                    place, &options));
  };
  return true;
}

bool ReadUprobeMultiHook(Napi::Value hook, AttachFunction* attach) {
  UprobeMulti multi;
  if (!ReadProperty(hook, "return", &multi.on_return) ||
      !ReadProperty(hook, "session", &multi.session) ||
      !ReadProperty(hook, "binary", &multi.binary) || !ReadProperty(hook, "pid", &multi.pid) ||
      !ReadProperty(hook, "pattern", &multi.pattern) ||
      !ReadProperty(hook, "symbols", &multi.symbols) ||
      !ReadProperty(hook, "offsets", &multi.offsets) ||
      !ReadProperty(hook, "referenceCounterOffsets", &multi.reference_counter_offsets) ||
      !ReadProperty(hook, "cookies", &multi.cookies)) {
    return false;
  }
  *attach = [multi = std::move(multi)](const AttachTarget& target, Attachment* attachment) {
    return AttachMulti(multi, target, attachment);
  };
  return true;
}

bool ReadUsdtHook(Napi::Value hook, AttachFunction* attach) {
  std::string binary;
  std::string provider;
  std::string name;
  int32_t pid;
  uint64_t cookie;
  if (!ReadProperty(hook, "binary", &binary) || !ReadProperty(hook, "provider", &provider) ||
      !ReadProperty(hook, "name", &name) || !ReadProperty(hook, "pid", &pid) ||
      !ReadProperty(hook, "cookie", &cookie)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_program__attach_usdt";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
    LibbpfOptions<bpf_usdt_opts> options;
    options.usdt_cookie = cookie;
    errno = 0;
    return attachment->Take(kOperation,
                            bpf_program__attach_usdt(target.program, ProcessOf(pid), binary.c_str(),
                                                     provider.c_str(), name.c_str(), &options));
  };
  return true;
}

Napi::Value FunctionOffsets(const Napi::CallbackInfo& info) {
  std::string binary;
  std::optional<std::string> pattern;
  Names symbols;
  if (!ReadArguments(info, &binary, &pattern, &symbols)) return {};
  return StartTask<Offsets>(
      Environment::Of(info), "ebpf.functionOffsets",
      [=](Offsets* found) {
        return pattern ? MatchFunctions(binary, *pattern, found)
                       : FindAllFunctions(binary, symbols.value_or(NameList()), found);
      },
      [](Environment* environment, Offsets&& found, Napi::Value* value) -> Status {
        auto list = Napi::BigUint64Array::New(environment->env(), found.size());
        if (!list.IsEmpty()) std::copy(found.begin(), found.end(), list.Data());
        *value = list;
        return {};
      });
}

}  // namespace ebpf
