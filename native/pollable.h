// What the event loop can wait for.
#ifndef EBPF_NATIVE_POLLABLE_H_
#define EBPF_NATIVE_POLLABLE_H_

#include <stdint.h>

namespace ebpf {

// A resource with a descriptor that epoll can watch. JS thread only.
class Pollable {
 public:
  virtual int poll_fd() const = 0;
  // Of epoll_ctl(2).
  virtual uint32_t poll_events() const = 0;
  // Perf events tell that they are ready once, to whoever asks epoll first: libuv's own epoll, or
  // epoll_ctl. Such a pollable is asked itself.
  virtual bool tells_once() const { return false; }
  virtual bool ready() const { return false; }

  // Kept by the poller.
  bool armed = false;

 protected:
  ~Pollable() = default;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_POLLABLE_H_
