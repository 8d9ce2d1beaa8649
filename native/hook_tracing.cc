// Hooks that observe: tracepoints, functions of the kernel and of programs.

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <string>

#include "convert.h"
#include "hook.h"
#include "log.h"
#include "perf_event.h"

namespace ebpf {
namespace {

// The type of a function in another program's BTF, or a negative errno. libbpf's own search for it
// (libbpf_find_prog_btf_id) is only for a program that it loaded.
int FindFunction(int program_fd, const std::string& function) {
  bpf_prog_info info;
  uint32_t size = sizeof(info);
  memset(&info, 0, sizeof(info));
  int status = bpf_obj_get_info_by_fd(program_fd, &info, &size);
  if (status != 0) return status;
  if (info.btf_id == 0) {
    LogWarning("the target program '%s' has no BTF\n", info.name);
    return -EINVAL;
  }
  errno = 0;
  btf* types = btf__load_from_kernel_by_id(info.btf_id);
  if (types == nullptr) return FromPointer("btf__load_from_kernel_by_id", types).error;
  int id = btf__find_by_name_kind(types, function.c_str(), BTF_KIND_FUNC);
  btf__free(types);
  if (id < 0) LogWarning("'%s' is no function of program '%s'\n", function.c_str(), info.name);
  return id;
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
    if (target.program == nullptr) {
      return AttachPerfEvent(target, OpenTracepoint(category, name), cookie, attachment);
    }
    LibbpfOptions<bpf_tracepoint_opts> options;
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
    LibbpfOptions<bpf_raw_tp_opts> options;
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
    LibbpfOptions<bpf_trace_opts> options;
    options.cookie = cookie;
    errno = 0;
    return attachment->Take(kOperation, bpf_program__attach_trace_opts(target.program, &options));
  };
  return true;
}

bool ReadFreplaceHook(Napi::Value hook, AttachFunction* attach) {
  HeldFd target_fd;
  std::string function;
  if (!ReadProperty(hook, "targetFd", &target_fd) || !ReadProperty(hook, "function", &function)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    if (!target_fd.given()) {
      return attachment->Take("bpf_raw_tracepoint_open",
                              bpf_raw_tracepoint_open(nullptr, target.fd));
    }
    int id = target_fd.get() < 0 ? target_fd.get() : FindFunction(target_fd.get(), function);
    if (id < 0) return FromReturn("btf__find_by_name_kind", id);
    LibbpfOptions<bpf_link_create_opts> options;
    options.target_btf_id = static_cast<uint32_t>(id);
    // The attach type of an extension is none, which is 0.
    return attachment->Take(
        "bpf_link_create",
        bpf_link_create(target.fd, target_fd.get(), static_cast<bpf_attach_type>(0), &options));
  };
  return true;
}

}  // namespace ebpf
