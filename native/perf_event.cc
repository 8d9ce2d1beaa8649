#include "perf_event.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <utility>

#include "log.h"

namespace ebpf {
namespace {

// The number of a tracepoint, or a negative errno.
int64_t TracepointId(const std::string& category, const std::string& name) {
  // The second is where tracefs was before Linux 4.1, and where some systems still have it alone.
  constexpr const char* kRoots[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
  int error = -ENOENT;
  for (const char* root : kRoots) {
    std::string path = std::string(root) + "/events/" + category + "/" + name + "/id";
    UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
      error = -errno;
      continue;
    }
    char text[32] = {};
    if (read(file.get(), text, sizeof(text) - 1) < 0) return -errno;
    int64_t id;
    return sscanf(text, "%ld", &id) == 1 ? id : -EIO;
  }
  LogWarning("tracepoint '%s/%s': %s\n", category.c_str(), name.c_str(), strerror(-error));
  return error;
}

Status CreateLink(int program_fd, int event_fd, uint64_t cookie, Attachment* link) {
  LibbpfOptions<bpf_link_create_opts> options;
  options.perf_event.bpf_cookie = cookie;
  return link->Take("bpf_link_create",
                    bpf_link_create(program_fd, event_fd, BPF_PERF_EVENT, &options));
}

Status Enable(int event_fd) {
  return FromSyscall("ioctl(PERF_EVENT_IOC_ENABLE)", ioctl(event_fd, PERF_EVENT_IOC_ENABLE, 0));
}

// Without a bpf_program. `bpf_program__attach_perf_event_opts` does the same.
Status AttachByDescriptor(int program_fd, UniqueFd event, uint64_t cookie, Attachment* attachment) {
  Attachment link;
  Status status = CreateLink(program_fd, event.get(), cookie, &link);
  // Linux before 5.15 has no link of an event, and so no cookie.
  bool without_link = status.error == -EINVAL && cookie == 0;
  if (without_link) {
    status = FromSyscall("ioctl(PERF_EVENT_IOC_SET_BPF)",
                         ioctl(event.get(), PERF_EVENT_IOC_SET_BPF, program_fd));
  }
  if (!status.ok()) return status;
  status = Enable(event.get());
  // The link holds the event by itself (bpf_perf_link_attach, kernel/bpf/syscall.c).
  if (status.ok()) attachment->fd = without_link ? std::move(event) : std::move(link.fd);
  return status;
}

}  // namespace

perf_event_attr MakePerfEvent(uint32_t type, uint64_t config) {
  perf_event_attr event;
  memset(&event, 0, sizeof(event));
  event.size = sizeof(event);
  event.type = type;
  event.config = config;
  event.disabled = 1;
  return event;
}

UniqueFd OpenPerfEvent(const perf_event_attr& event, int pid, int cpu, unsigned long flags) {
  long fd = syscall(SYS_perf_event_open, &event, pid, cpu, -1, flags | PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) return UniqueFd(-errno);
  UniqueFd opened(static_cast<int>(fd));
  return fd > 2 ? std::move(opened) : Duplicate(opened.get());
}

UniqueFd OpenTracepoint(const std::string& category, const std::string& name) {
  int64_t id = TracepointId(category, name);
  if (id < 0) return UniqueFd(static_cast<int>(id));
  perf_event_attr event = MakePerfEvent(PERF_TYPE_TRACEPOINT, static_cast<uint64_t>(id));
  return OpenPerfEvent(event, -1, 0, 0);
}

Status AttachPerfEvent(const AttachTarget& target, UniqueFd event, uint64_t cookie,
                       Attachment* attachment) {
  if (!event.valid()) return FromReturn("perf_event_open", event.get());
  if (target.program == nullptr) {
    return AttachByDescriptor(target.fd, std::move(event), cookie, attachment);
  }
  LibbpfOptions<bpf_perf_event_opts> options;
  options.bpf_cookie = cookie;
  errno = 0;
  Status status =
      attachment->Take("bpf_program__attach_perf_event_opts",
                       bpf_program__attach_perf_event_opts(target.program, event.get(), &options));
  // The link closes it from now on.
  if (status.ok()) event.Release();
  return status;
}

Status AttachOpenPerfEvent(const AttachTarget& target, int event_fd, uint64_t cookie,
                           Attachment* attachment) {
  if (event_fd < 0) return FromReturn("bpf_link_create", event_fd);
  Attachment link;
  Status status = CreateLink(target.fd, event_fd, cookie, &link);
  if (status.ok()) status = Enable(event_fd);
  if (status.ok()) attachment->fd = std::move(link.fd);
  return status;
}

}  // namespace ebpf
