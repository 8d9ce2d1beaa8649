// Filters of the clsact qdisc.

#include <bpf/libbpf.h>

#include "convert.h"
#include "interface.h"
#include "kernel_abi.h"
#include "log.h"
#include "placement.h"

namespace ebpf {
namespace {

// One filter. The qdisc is left where it is, also when it was made here: it can only be deleted
// together with all its filters, and nobody can say that there is none but ours without another
// one being added meanwhile. An empty one does nothing.
class TcPlacement final : public ProgramPlacement {
 public:
  TcPlacement(int index, bpf_tc_attach_point attach_point, uint32_t handle, uint32_t priority,
              NetnsReference netns)
      : handle_(handle), priority_(priority), netns_(std::move(netns)) {
    hook_.ifindex = index;
    hook_.attach_point = attach_point;
  }

 protected:
  Status DoAttach(int program_fd) override {
    return netns_.Enter([&] {
      Status status = MakeQdisc();
      if (!status.ok()) return status;
      LibbpfOptions<bpf_tc_opts> options = Options();
      options.prog_fd = program_fd;
      status = FromReturn("bpf_tc_attach", bpf_tc_attach(&hook_, &options));
      if (!status.ok()) return status;
      // What the kernel chose.
      handle_ = options.handle;
      priority_ = options.priority;
      return status;
    });
  }

  Status DoReplace(int program_fd, int current_fd) override {
    return netns_.Enter([&]() -> Status {
      constexpr const char* kOperation = "bpf_tc_attach";
      int error = CheckOurs(current_fd);
      if (error != 0) return {IsGone(error) ? -ENOLINK : error, kOperation, nullptr};
      LibbpfOptions<bpf_tc_opts> options = Options();
      options.prog_fd = program_fd;
      options.flags = BPF_TC_F_REPLACE;
      return FromReturn(kOperation, bpf_tc_attach(&hook_, &options));
    });
  }

  Status DoDetach(int current_fd) override {
    Status status = netns_.Enter([&]() -> Status {
      int error = CheckOurs(current_fd);
      if (error != 0) return FromReturn("bpf_tc_query", error);
      LibbpfOptions<bpf_tc_opts> options = Options();
      return FromReturn("bpf_tc_detach", bpf_tc_detach(&hook_, &options));
    });
    return IsGone(status.error) ? Status{} : status;
  }

 private:
  Status MakeQdisc() {
    std::vector<LogMessage> log;
    Status status;
    {
      LogCapture capture(false);
      status = FromReturn("bpf_tc_hook_create", bpf_tc_hook_create(&hook_));
      log = capture.Take();
    }
    // Mostly it is there already, which libbpf warns of.
    if (status.error == -EEXIST) return {};
    AddLog(std::move(log));
    return status;
  }

  LibbpfOptions<bpf_tc_opts> Options() const {
    LibbpfOptions<bpf_tc_opts> options;
    options.handle = handle_;
    options.priority = priority_;
    return options;
  }

  // The filter, its qdisc, the interface (tc_get_tfilter and tc_del_tfilter of
  // net/sched/cls_api.c), or the namespace.
  static bool IsGone(int error) {
    return error == -ENOENT || error == -EINVAL || error == -ENODEV || error == -ENOLINK;
  }

  // Gone also when another program is there.
  int CheckOurs(int current_fd) {
    LibbpfOptions<bpf_tc_opts> options = Options();
    int status = bpf_tc_query(&hook_, &options);
    if (status != 0) return status;
    return options.prog_id == ProgramId(current_fd) ? 0 : -ENOENT;
  }

  LibbpfOptions<bpf_tc_hook> hook_;
  uint32_t handle_;
  uint32_t priority_;
  NetnsReference netns_;
};

}  // namespace

bool ReadTcHook(Napi::Value hook, AttachFunction* attach) {
  Interface interface;
  uint32_t attach_point;
  uint32_t handle;
  uint32_t priority;
  if (!Read(hook, &interface) || !ReadProperty(hook, "attachPoint", &attach_point) ||
      !ReadProperty(hook, "handle", &handle) || !ReadProperty(hook, "priority", &priority)) {
    return false;
  }
  *attach = [=](const AttachTarget& target, Attachment* attachment) {
    return OnInterface(interface, [&](int index) {
      NetnsReference netns;
      Status status = netns.Remember(interface);
      if (!status.ok()) return status;
      return attachment->Take(
          std::make_shared<TcPlacement>(index, kernel::ToEnum<bpf_tc_attach_point>(attach_point, 3),
                                        handle, priority, std::move(netns)),
          target.fd);
    });
  };
  return true;
}

}  // namespace ebpf
