// The ways to attach a program.
#ifndef EBPF_NATIVE_HOOK_H_
#define EBPF_NATIVE_HOOK_H_

#include <bpf/libbpf.h>
#include <napi.h>

#include <functional>
#include <memory>
#include <vector>

#include "placement.h"
#include "status.h"
#include "unique_fd.h"

namespace ebpf {

struct AttachTarget {
  // Null for a program that was opened by id, path or descriptor: only what takes a descriptor can
  // attach it.
  bpf_program* program;
  int fd;
};

// One of the three, after a success.
struct Attachment {
  bpf_link* link = nullptr;
  UniqueFd fd;
  std::shared_ptr<Placement> placement;

  Status Take(const char* operation, bpf_link* created);
  Status Take(const char* operation, int created_fd);
  // Attaches the program there.
  Status Take(std::shared_ptr<ProgramPlacement> place, int program_fd);
};

// What takes a bpf_program cannot attach one that libbpf did not load here: false, and says so.
bool HasProgram(const AttachTarget& target, const char* operation, Status* status);

// A descriptor of JavaScript's, duplicated, for a function that may be copied.
class HeldFd {
 public:
  bool given() const { return fd_ != nullptr; }
  // The negative errno of its duplication, or -EBADF where none was given.
  int get() const { return fd_ == nullptr ? -EBADF : fd_->get(); }

 private:
  friend bool Read(Napi::Value value, HeldFd* result);
  std::shared_ptr<UniqueFd> fd_;
};

// From a number; negative ones give none.
bool Read(Napi::Value value, HeldFd* result);

// Runs on the thread pool; holds plain data only.
using AttachFunction = std::function<Status(const AttachTarget& target, Attachment* attachment)>;

// Reads the JavaScript description of a hook. False with a TypeError pending.
using HookReader = bool (*)(Napi::Value hook, AttachFunction* attach);

bool ReadHook(Napi::Value hook, AttachFunction* attach);

// hook_tracing.cc
bool ReadSectionHook(Napi::Value hook, AttachFunction* attach);
bool ReadTracepointHook(Napi::Value hook, AttachFunction* attach);
bool ReadRawTracepointHook(Napi::Value hook, AttachFunction* attach);
bool ReadTracingHook(Napi::Value hook, AttachFunction* attach);
bool ReadFreplaceHook(Napi::Value hook, AttachFunction* attach);

// hook_kprobe.cc
bool ReadKprobeHook(Napi::Value hook, AttachFunction* attach);
bool ReadKsyscallHook(Napi::Value hook, AttachFunction* attach);
bool ReadKprobeMultiHook(Napi::Value hook, AttachFunction* attach);

// hook_uprobe.cc
bool ReadUprobeHook(Napi::Value hook, AttachFunction* attach);
bool ReadUprobeMultiHook(Napi::Value hook, AttachFunction* attach);
bool ReadUsdtHook(Napi::Value hook, AttachFunction* attach);

// hook_perf_event.cc
bool ReadPerfEventHook(Napi::Value hook, AttachFunction* attach);
bool ReadOpenPerfEventHook(Napi::Value hook, AttachFunction* attach);

// hook_interface.cc
bool ReadXdpHook(Napi::Value hook, AttachFunction* attach);
bool ReadTcxHook(Napi::Value hook, AttachFunction* attach);
bool ReadNetkitHook(Napi::Value hook, AttachFunction* attach);

// hook_tc.cc
bool ReadTcHook(Napi::Value hook, AttachFunction* attach);

// hook_netns.cc
bool ReadNetfilterHook(Napi::Value hook, AttachFunction* attach);
bool ReadNetnsHook(Napi::Value hook, AttachFunction* attach);

// hook_cgroup.cc
bool ReadCgroupHook(Napi::Value hook, AttachFunction* attach);

// hook_socket.cc
bool ReadSocketFilterHook(Napi::Value hook, AttachFunction* attach);
bool ReadReuseportHook(Napi::Value hook, AttachFunction* attach);
// `held` is a duplicate of the user's descriptor; the bytes are those of `struct sock_filter`.
Status AttachClassicFilter(int user_fd, const UniqueFd& held,
                           const std::vector<uint8_t>& instructions, bool reuseport,
                           Attachment* attachment);

// hook_descriptor.cc
bool ReadSockmapHook(Napi::Value hook, AttachFunction* attach);
bool ReadLircHook(Napi::Value hook, AttachFunction* attach);

// hook_iterator.cc
bool ReadIteratorHook(Napi::Value hook, AttachFunction* attach);

}  // namespace ebpf

#endif  // EBPF_NATIVE_HOOK_H_
