// What the kernel's buffer of one perf event has in it.
#ifndef EBPF_NATIVE_PERF_RING_H_
#define EBPF_NATIVE_PERF_RING_H_

#include <stddef.h>
#include <stdint.h>

#include <memory>

#include "status.h"
#include "unique_fd.h"

struct perf_event_mmap_page;

namespace ebpf {

struct PerfRingOptions {
  // Bytes of the data area: a power of two, and whole pages.
  size_t size = 0;
  // Bytes, or events, that wake whoever waits; one of them is 0.
  uint32_t wakeup_bytes = 0;
  uint32_t wakeup_events = 0;
  bool with_time = false;
  // The oldest records make room for new ones.
  bool overwritable = false;
};

// What a program gave to bpf_perf_event_output.
struct PerfSample {
  // In the ring: of the data, and behind the event.
  uint64_t data;
  uint64_t end;
  uint32_t length;
  // Nanoseconds of CLOCK_MONOTONIC, where the ring has times.
  uint64_t time;
};

// A place between events, and the end of what is looked at.
struct PerfCursor {
  uint64_t position;
  uint64_t end;
  // Records that the kernel says it had no room for, before the sample.
  uint64_t lost;
  PerfSample sample;
};

// A software event for bpf_perf_event_output on one CPU, and its pages
// (kernel/events/ring_buffer.c).
class PerfRing {
 public:
  // The error is -ENODEV for a CPU that is not online.
  static Status Open(int cpu, const PerfRingOptions& options, std::unique_ptr<PerfRing>* result);
  PerfRing(const PerfRing&) = delete;
  PerfRing& operator=(const PerfRing&) = delete;
  ~PerfRing();

  int cpu() const { return cpu_; }
  int fd() const { return event_.get(); }
  size_t size() const { return size_; }

  uint64_t Head() const;
  uint64_t Tail() const;
  // Gives the space before `position` back.
  void Advance(uint64_t position, uint64_t lost);
  // Records that there was no room for. Before Linux 6.0 those that the kernel has told of: it does
  // so with the next record that has room.
  uint64_t Lost() const;

  // All that was written and not given back.
  PerfCursor Unread() const;
  // Moves to the next sample: 1, 0 when there is none, or -EIO for what the kernel does not write.
  int Next(PerfCursor* cursor) const;
  void Copy(uint64_t position, size_t length, void* to) const;

  // No records while it is paused.
  int Pause(bool paused);
  // Of an overwritable ring: what is in it, the newest event first.
  PerfCursor Backward() const;

 private:
  PerfRing(int cpu, UniqueFd event, const PerfRingOptions& options, bool counts_lost);
  Status Map(bool overwritable);
  template <typename T>
  T Load(uint64_t position) const {
    T value;
    Copy(position, sizeof(value), &value);
    return value;
  }

  int cpu_;
  UniqueFd event_;
  size_t size_;
  bool with_time_;
  // Whether the event itself says how many it lost.
  bool counts_lost_;
  uint64_t told_lost_ = 0;
  perf_event_mmap_page* page_ = nullptr;
  const uint8_t* data_ = nullptr;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_PERF_RING_H_
