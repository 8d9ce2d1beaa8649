#include "perf_ring.h"

#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>

#include "perf_event.h"

namespace ebpf {
namespace {

// PERF_FORMAT_LOST of Linux 6.0.
constexpr uint64_t kFormatLost = 1U << 4;

size_t PageSize() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

perf_event_attr MakeOutputEvent(const PerfRingOptions& options) {
  perf_event_attr event = MakePerfEvent(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT);
  event.disabled = 0;
  event.sample_period = 1;
  event.sample_type = PERF_SAMPLE_RAW;
  if (options.with_time) event.sample_type |= PERF_SAMPLE_TIME;
  // Times that can be compared with those of bpf_ktime_get_ns().
  event.use_clockid = 1;
  event.clockid = CLOCK_MONOTONIC;
  event.write_backward = options.overwritable;
  event.watermark = options.wakeup_bytes != 0;
  if (event.watermark) {
    event.wakeup_watermark = options.wakeup_bytes;
  } else {
    event.wakeup_events = options.wakeup_events;
  }
  return event;
}

}  // namespace

PerfRing::PerfRing(int cpu, UniqueFd event, const PerfRingOptions& options, bool counts_lost)
    : cpu_(cpu),
      event_(std::move(event)),
      size_(options.size),
      with_time_(options.with_time),
      counts_lost_(counts_lost) {}

Status PerfRing::Open(int cpu, const PerfRingOptions& options, std::unique_ptr<PerfRing>* result) {
  perf_event_attr event = MakeOutputEvent(options);
  event.read_format = kFormatLost;
  UniqueFd fd = OpenPerfEvent(event, -1, cpu, 0);
  bool counts_lost = fd.valid();
  if (fd.get() == -EINVAL) {
    event.read_format = 0;
    fd = OpenPerfEvent(event, -1, cpu, 0);
  }
  if (!fd.valid()) return FromReturn("perf_event_open", fd.get());
  result->reset(new PerfRing(cpu, std::move(fd), options, counts_lost));
  return (*result)->Map(options.overwritable);
}

Status PerfRing::Map(bool overwritable) {
  // Pages that cannot be written have no tail, so the kernel goes on over what is there (rb_alloc).
  int protection = overwritable ? PROT_READ : PROT_READ | PROT_WRITE;
  size_t page_size = PageSize();
  void* pages = mmap(nullptr, page_size + size_, protection, MAP_SHARED, event_.get(), 0);
  if (pages == MAP_FAILED) return FromSyscall("mmap", -1);
  page_ = static_cast<perf_event_mmap_page*>(pages);
  data_ = static_cast<const uint8_t*>(pages) + page_size;
  return {};
}

PerfRing::~PerfRing() {
  if (page_ != nullptr) munmap(page_, PageSize() + size_);
}

// Acquire: the events up to here are seen after this.
uint64_t PerfRing::Head() const { return __atomic_load_n(&page_->data_head, __ATOMIC_ACQUIRE); }

// Only we write it.
uint64_t PerfRing::Tail() const { return page_->data_tail; }

void PerfRing::Advance(uint64_t position, uint64_t lost) {
  told_lost_ += lost;
  __atomic_store_n(&page_->data_tail, position, __ATOMIC_RELEASE);
}

uint64_t PerfRing::Lost() const {
  // The event's count, and the count of what was lost.
  uint64_t counts[2];
  if (!counts_lost_ || read(event_.get(), counts, sizeof(counts)) != sizeof(counts)) {
    return told_lost_;
  }
  return counts[1];
}

PerfCursor PerfRing::Unread() const { return {Tail(), Head(), 0, {}}; }

PerfCursor PerfRing::Backward() const {
  uint64_t head = Head();
  // It counts down from 0.
  uint64_t written = 0 - head;
  return {head, head + std::min<uint64_t>(written, size_), 0, {}};
}

void PerfRing::Copy(uint64_t position, size_t length, void* to) const {
  size_t offset = position & (size_ - 1);
  size_t first = std::min(length, size_ - offset);
  memcpy(to, data_ + offset, first);
  memcpy(static_cast<uint8_t*>(to) + first, data_, length - first);
}

// Events as PERF_RECORD_* of linux/perf_event.h describes them.
int PerfRing::Next(PerfCursor* cursor) const {
  while (cursor->end - cursor->position >= sizeof(perf_event_header)) {
    uint64_t begin = cursor->position;
    auto header = Load<perf_event_header>(begin);
    if (header.size < sizeof(header) || header.size % 8 != 0) return -EIO;
    // The oldest event of an overwritable ring may have lost its end; else all of it is there.
    if (header.size > cursor->end - begin) return 0;
    uint64_t body = begin + sizeof(header);
    uint64_t end = begin + header.size;
    if (header.type == PERF_RECORD_SAMPLE) {
      PerfSample& sample = cursor->sample;
      size_t fields = (with_time_ ? sizeof(uint64_t) : 0) + sizeof(uint32_t);
      if (end - body < fields) return -EIO;
      if (with_time_) sample.time = Load<uint64_t>(body);
      sample.length = Load<uint32_t>(body + fields - sizeof(uint32_t));
      sample.data = body + fields;
      sample.end = end;
      return sample.length <= end - sample.data ? 1 : -EIO;
    }
    // Its id, and how many.
    if (header.type == PERF_RECORD_LOST && end - body >= 2 * sizeof(uint64_t)) {
      cursor->lost += Load<uint64_t>(body + sizeof(uint64_t));
    }
    cursor->position = end;
  }
  return 0;
}

int PerfRing::Pause(bool paused) {
  return ioctl(event_.get(), PERF_EVENT_IOC_PAUSE_OUTPUT, paused ? 1 : 0) == 0 ? 0 : -errno;
}

}  // namespace ebpf
