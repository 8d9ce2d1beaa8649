// Hooks of perf events: counters, clocks, breakpoints.

#include <optional>

#include "convert.h"
#include "perf_event.h"

namespace ebpf {
namespace {

struct Breakpoint {
  uint64_t address;
  uint64_t length;
  uint32_t access;
};

bool Read(Napi::Value value, Breakpoint* result) {
  return ReadProperty(value, "address", &result->address) &&
         ReadProperty(value, "length", &result->length) &&
         ReadProperty(value, "access", &result->access);
}

}  // namespace

bool ReadPerfEventHook(Napi::Value hook, AttachFunction* attach) {
  uint32_t type;
  uint64_t config;
  Napi::Value breakpoint_value;
  std::optional<Breakpoint> breakpoint;
  uint64_t sample;
  bool is_frequency;
  int32_t pid;
  int32_t cpu;
  HeldFd cgroup;
  bool inherit;
  uint64_t cookie;
  if (!ReadProperty(hook, "type", &type) || !ReadProperty(hook, "config", &config) ||
      !GetProperty(hook, "breakpoint", &breakpoint_value) ||
      !ReadProperty(hook, "sample", &sample) || !ReadProperty(hook, "isFrequency", &is_frequency) ||
      !ReadProperty(hook, "pid", &pid) || !ReadProperty(hook, "cpu", &cpu) ||
      !ReadProperty(hook, "cgroupFd", &cgroup) || !ReadProperty(hook, "inherit", &inherit) ||
      !ReadProperty(hook, "cookie", &cookie)) {
    return false;
  }
  if (!breakpoint_value.IsUndefined() && !Read(breakpoint_value, &breakpoint.emplace())) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    perf_event_attr event = MakePerfEvent(type, config);
    event.inherit = inherit;
    event.freq = is_frequency;
    // One place with sample_freq.
    event.sample_period = sample;
    if (breakpoint) {
      event.bp_type = breakpoint->access;
      event.bp_addr = breakpoint->address;
      event.bp_len = breakpoint->length;
    }
    if (cgroup.given()) {
      if (cgroup.get() < 0) return FromReturn("perf_event_open", cgroup.get());
      return AttachPerfEvent(target, OpenPerfEvent(event, cgroup.get(), cpu, PERF_FLAG_PID_CGROUP),
                             cookie, attachment);
    }
    // To the kernel, 0 is the calling thread: one of the pool.
    return AttachPerfEvent(target, OpenPerfEvent(event, pid == 0 ? getpid() : pid, cpu, 0), cookie,
                           attachment);
  };
  return true;
}

}  // namespace ebpf
