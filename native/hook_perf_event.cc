// Hooks of perf events: counters, clocks, breakpoints.

#include "convert.h"
#include "perf_event.h"

namespace ebpf {
namespace {

// What is not sampled, and how exact the rest is.
struct Conditions {
  bool exclude_user;
  bool exclude_kernel;
  bool exclude_hypervisor;
  bool exclude_idle;
  uint32_t precise;
};

bool Read(Napi::Value value, Conditions* result) {
  return ReadProperty(value, "excludeUser", &result->exclude_user) &&
         ReadProperty(value, "excludeKernel", &result->exclude_kernel) &&
         ReadProperty(value, "excludeHypervisor", &result->exclude_hypervisor) &&
         ReadProperty(value, "excludeIdle", &result->exclude_idle) &&
         ReadProperty(value, "precise", &result->precise);
}

}  // namespace

bool ReadPerfEventHook(Napi::Value hook, AttachFunction* attach) {
  uint32_t type;
  uint64_t config;
  uint64_t config1;
  uint64_t config2;
  uint32_t breakpoint_type;
  uint64_t sample;
  bool is_frequency;
  int32_t pid;
  int32_t cpu;
  HeldFd cgroup;
  bool inherit;
  Conditions conditions;
  uint64_t cookie;
  if (!ReadProperty(hook, "type", &type) || !ReadProperty(hook, "config", &config) ||
      !ReadProperty(hook, "config1", &config1) || !ReadProperty(hook, "config2", &config2) ||
      !ReadProperty(hook, "breakpointType", &breakpoint_type) ||
      !ReadProperty(hook, "sample", &sample) || !ReadProperty(hook, "isFrequency", &is_frequency) ||
      !ReadProperty(hook, "pid", &pid) || !ReadProperty(hook, "cpu", &cpu) ||
      !ReadProperty(hook, "cgroupFd", &cgroup) || !ReadProperty(hook, "inherit", &inherit) ||
      !Read(hook, &conditions) || !ReadProperty(hook, "cookie", &cookie)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    perf_event_attr event = MakePerfEvent(type, config);
    event.inherit = inherit;
    event.freq = is_frequency;
    // One place with sample_freq.
    event.sample_period = sample;
    event.bp_type = breakpoint_type;
    // One place with bp_addr and bp_len.
    event.config1 = config1;
    event.config2 = config2;
    event.exclude_user = conditions.exclude_user;
    event.exclude_kernel = conditions.exclude_kernel;
    event.exclude_hv = conditions.exclude_hypervisor;
    event.exclude_idle = conditions.exclude_idle;
    event.precise_ip = conditions.precise & 3;
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

bool ReadOpenPerfEventHook(Napi::Value hook, AttachFunction* attach) {
  HeldFd event;
  uint64_t cookie;
  if (!ReadProperty(hook, "fd", &event) || !ReadProperty(hook, "cookie", &cookie)) return false;
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    return AttachOpenPerfEvent(target, event.get(), cookie, attachment);
  };
  return true;
}

}  // namespace ebpf
