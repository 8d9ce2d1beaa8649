// Hooks that observe: tracepoints, functions of the kernel and of programs.

#include <bpf/bpf.h>

#include <optional>
#include <string>

#include "convert.h"
#include "hook.h"
#include "log.h"

namespace ebpf {
namespace {

// What takes a bpf_program cannot attach one that libbpf did not load here.
bool HasProgram(const AttachTarget& target, const char* operation, Status* status) {
  if (target.program != nullptr) return true;
  LogWarning("%s needs a program of an object that was loaded here\n", operation);
  *status = {-EOPNOTSUPP, operation, nullptr};
  return false;
}

}  // namespace

bool ReadSectionHook(Napi::Value, AttachFunction* attach) {
  *attach = [](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_program__attach";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
    errno = 0;
    return attachment->Take(kOperation, bpf_program__attach(target.program));
  };
  return true;
}

bool ReadTracepointHook(Napi::Value hook, AttachFunction* attach) {
  std::string category;
  std::string name;
  uint64_t cookie;
  if (!ReadProperty(hook, "category", &category) || !ReadProperty(hook, "name", &name) ||
      !ReadProperty(hook, "cookie", &cookie)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_program__attach_tracepoint_opts";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
    auto options = MakeOptions<bpf_tracepoint_opts>();
    options.bpf_cookie = cookie;
    errno = 0;
    return attachment->Take(kOperation,
                            bpf_program__attach_tracepoint_opts(target.program, category.c_str(),
                                                                name.c_str(), &options));
  };
  return true;
}

bool ReadRawTracepointHook(Napi::Value hook, AttachFunction* attach) {
  std::string name;
  uint64_t cookie;
  if (!ReadProperty(hook, "name", &name) || !ReadProperty(hook, "cookie", &cookie)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    if (cookie == 0) {
      return attachment->Take("bpf_raw_tracepoint_open",
                              bpf_raw_tracepoint_open(name.c_str(), target.fd));
    }
#if EBPF_LIBBPF_AT_LEAST(1, 4)
    auto options = MakeOptions<bpf_raw_tp_opts>();
    options.tp_name = name.c_str();
    options.cookie = cookie;
    return attachment->Take("bpf_raw_tracepoint_open_opts",
                            bpf_raw_tracepoint_open_opts(target.fd, &options));
#else
    return NeedsLibbpf("bpf_raw_tracepoint_open_opts", "1.4");
#endif
  };
  return true;
}

bool ReadTracingHook(Napi::Value hook, AttachFunction* attach) {
  uint64_t cookie;
  if (!ReadProperty(hook, "cookie", &cookie)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    // The program knows its target. This is also what libbpf falls back to (bpf_link_create).
    if (target.program == nullptr && cookie == 0) {
      return attachment->Take("bpf_raw_tracepoint_open",
                              bpf_raw_tracepoint_open(nullptr, target.fd));
    }
    constexpr const char* kOperation = "bpf_program__attach_trace_opts";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
#if !EBPF_LIBBPF_AT_LEAST(1, 4)
    // It refuses the cookie of such a program, without a word.
    if (cookie != 0 && bpf_program__expected_attach_type(target.program) == BPF_TRACE_RAW_TP)
      return NeedsLibbpf(kOperation, "1.4");
#endif
    auto options = MakeOptions<bpf_trace_opts>();
    options.cookie = cookie;
    errno = 0;
    return attachment->Take(kOperation, bpf_program__attach_trace_opts(target.program, &options));
  };
  return true;
}

bool ReadUprobeHook(Napi::Value hook, AttachFunction* attach) {
  bool on_return;
  std::string binary;
  std::optional<std::string> symbol;
  uint64_t offset;
  uint64_t reference_counter_offset;
  int32_t pid;
  uint64_t cookie;
  if (!ReadProperty(hook, "return", &on_return) || !ReadProperty(hook, "binary", &binary) ||
      !ReadProperty(hook, "symbol", &symbol) || !ReadProperty(hook, "offset", &offset) ||
      !ReadProperty(hook, "referenceCounterOffset", &reference_counter_offset) ||
      !ReadProperty(hook, "pid", &pid) || !ReadProperty(hook, "cookie", &cookie)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_program__attach_uprobe_opts";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
    auto options = MakeOptions<bpf_uprobe_opts>();
    options.retprobe = on_return;
    options.func_name = symbol ? symbol->c_str() : nullptr;
    options.ref_ctr_offset = reference_counter_offset;
    options.bpf_cookie = cookie;
    errno = 0;
    return attachment->Take(kOperation, bpf_program__attach_uprobe_opts(
                                            target.program, pid, binary.c_str(), offset, &options));
  };
  return true;
}

}  // namespace ebpf
