// The ways to attach a program.
#ifndef EBPF_NATIVE_HOOK_H_
#define EBPF_NATIVE_HOOK_H_

#include <bpf/libbpf.h>
#include <napi.h>

#include <functional>

#include "status.h"
#include "unique_fd.h"

namespace ebpf {

struct AttachTarget {
  // Null for a program that was opened by id, path or descriptor: only what takes a descriptor can
  // attach it.
  bpf_program* program;
  int fd;
};

// One of the two, after a success.
struct Attachment {
  bpf_link* link = nullptr;
  UniqueFd fd;

  Status Take(const char* operation, bpf_link* created);
  Status Take(const char* operation, int created_fd);
};

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
bool ReadUprobeHook(Napi::Value hook, AttachFunction* attach);

// hook_network.cc
bool ReadXdpHook(Napi::Value hook, AttachFunction* attach);

}  // namespace ebpf

#endif  // EBPF_NATIVE_HOOK_H_
