// Hooks of the kernel's functions.

#include <bpf/bpf.h>

#include "convert.h"
#include "hook.h"
#include "kernel_abi.h"
#include "probe.h"

namespace ebpf {
namespace {

struct KprobeMulti {
  bool on_return;
  bool session;
  bool unique_match;
  std::optional<std::string> pattern;
  Names symbols;
  Numbers addresses;
  Numbers cookies;

  size_t count() const { return symbols ? symbols->size() : addresses ? addresses->size() : 0; }
};

// With libbpf's search among the kernel's functions.
Status AttachPattern(const KprobeMulti& multi, const AttachTarget& target, Attachment* attachment) {
  constexpr const char* kOperation = "bpf_program__attach_kprobe_multi_opts";
  Status status;
  if (!HasProgram(target, kOperation, &status)) return status;
  LibbpfOptions<bpf_kprobe_multi_opts> options;
  options.retprobe = multi.on_return;
#if EBPF_LIBBPF_AT_LEAST(1, 5)
  options.session = multi.session;
#endif
#if EBPF_LIBBPF_AT_LEAST(1, 6)
  options.unique_match = multi.unique_match;
#endif
  errno = 0;
  return attachment->Take(kOperation, bpf_program__attach_kprobe_multi_opts(
                                          target.program, multi.pattern->c_str(), &options));
}

Status AttachMulti(const KprobeMulti& multi, const AttachTarget& target, Attachment* attachment) {
  constexpr const char* kOperation = "bpf_link_create";
#if !EBPF_LIBBPF_AT_LEAST(1, 5)
  if (multi.session) return NeedsLibbpf("bpf_program__attach_kprobe_multi_opts", "1.5");
#endif
#if !EBPF_LIBBPF_AT_LEAST(1, 6)
  if (multi.unique_match) return NeedsLibbpf("bpf_program__attach_kprobe_multi_opts", "1.6");
#endif
  if (multi.pattern) return AttachPattern(multi, target, attachment);
  if (!HasLength(multi.addresses, multi.count()) || !HasLength(multi.cookies, multi.count())) {
    return {-EINVAL, kOperation, nullptr};
  }
  std::vector<const char*> symbols = Pointers(multi.symbols);
  LibbpfOptions<bpf_link_create_opts> options;
  options.kprobe_multi.flags = multi.on_return ? kernel::kKprobeMultiReturn : 0;
  options.kprobe_multi.cnt = static_cast<uint32_t>(multi.count());
  options.kprobe_multi.syms = multi.symbols ? symbols.data() : nullptr;
  options.kprobe_multi.addrs = AsLongs(multi.addresses);
  options.kprobe_multi.cookies = AsU64(multi.cookies);
  bpf_attach_type type = multi.session ? kernel::kTraceKprobeSession : kernel::kTraceKprobeMulti;
  return attachment->Take(kOperation, bpf_link_create(target.fd, 0, type, &options));
}

}  // namespace

bool ReadKprobeHook(Napi::Value hook, AttachFunction* attach) {
  bool on_return;
  std::string symbol;
  uint64_t offset;
  uint64_t cookie;
  uint32_t mode;
  if (!ReadProperty(hook, "return", &on_return) || !ReadProperty(hook, "symbol", &symbol) ||
      !ReadProperty(hook, "offset", &offset) || !ReadProperty(hook, "cookie", &cookie) ||
      !ReadProperty(hook, "mode", &mode)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_program__attach_kprobe_opts";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
    LibbpfOptions<bpf_kprobe_opts> options;
    options.bpf_cookie = cookie;
    options.offset = offset;
    options.retprobe = on_return;
    if (!SetProbeMode(&options, mode)) return NeedsLibbpf(kOperation, "1.2");
    errno = 0;
    return attachment->Take(
        kOperation, bpf_program__attach_kprobe_opts(target.program, symbol.c_str(), &options));
  };
  return true;
}

bool ReadKsyscallHook(Napi::Value hook, AttachFunction* attach) {
  bool on_return;
  std::string name;
  uint64_t cookie;
  if (!ReadProperty(hook, "return", &on_return) || !ReadProperty(hook, "name", &name) ||
      !ReadProperty(hook, "cookie", &cookie)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    constexpr const char* kOperation = "bpf_program__attach_ksyscall";
    Status status;
    if (!HasProgram(target, kOperation, &status)) return status;
    LibbpfOptions<bpf_ksyscall_opts> options;
    options.bpf_cookie = cookie;
    options.retprobe = on_return;
    errno = 0;
    return attachment->Take(kOperation,
                            bpf_program__attach_ksyscall(target.program, name.c_str(), &options));
  };
  return true;
}

bool ReadKprobeMultiHook(Napi::Value hook, AttachFunction* attach) {
  KprobeMulti multi;
  if (!ReadProperty(hook, "return", &multi.on_return) ||
      !ReadProperty(hook, "session", &multi.session) ||
      !ReadProperty(hook, "uniqueMatch", &multi.unique_match) ||
      !ReadProperty(hook, "pattern", &multi.pattern) ||
      !ReadProperty(hook, "symbols", &multi.symbols) ||
      !ReadProperty(hook, "addresses", &multi.addresses) ||
      !ReadProperty(hook, "cookies", &multi.cookies)) {
    return false;
  }
  *attach = [multi = std::move(multi)](const AttachTarget& target, Attachment* attachment) {
    return AttachMulti(multi, target, attachment);
  };
  return true;
}

}  // namespace ebpf
