// Events of perf_event_open(2), and programs on them.
#ifndef EBPF_NATIVE_PERF_EVENT_H_
#define EBPF_NATIVE_PERF_EVENT_H_

#include <linux/perf_event.h>

#include <string>

#include "hook.h"
#include "unique_fd.h"

namespace ebpf {

// What measures nothing yet: disabled, of the size of this build's struct.
perf_event_attr MakePerfEvent(uint32_t type, uint64_t config);

// On failure get() is the negative errno. `pid` is a cgroup's descriptor with PERF_FLAG_PID_CGROUP.
UniqueFd OpenPerfEvent(const perf_event_attr& event, int pid, int cpu, unsigned long flags);

// The event of a static tracepoint, on one CPU: BPF programs run on all of them
// (perf_trace_run_bpf_submit, kernel/events/core.c).
UniqueFd OpenTracepoint(const std::string& category, const std::string& name);

// Attaches and enables.
Status AttachPerfEvent(const AttachTarget& target, UniqueFd event, uint64_t cookie,
                       Attachment* attachment);

// The same to an event that stays somebody else's: libbpf's link would disable it when it is
// closed. Linux 5.15, since a program without a link stays as long as its event is open.
Status AttachOpenPerfEvent(const AttachTarget& target, int event_fd, uint64_t cookie,
                           Attachment* attachment);

}  // namespace ebpf

#endif  // EBPF_NATIVE_PERF_EVENT_H_
