#include "perf_buffer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <queue>

#include "bindings.h"
#include "clock.h"
#include "convert.h"
#include "env.h"
#include "task.h"

namespace ebpf {
namespace {

constexpr size_t kHeaderSize = 8;
constexpr size_t kNoRing = SIZE_MAX;

// From the moment that a record has its time to the one that it can be read, where nothing
// interrupts the CPU: records that are as new may still get an older one before them.
constexpr int64_t kInFlight = 20000;

// BPF_F_PRESERVE_ELEMS of Linux 5.10: entries stay when the descriptor that they came by is closed.
constexpr uint32_t kPreserveElems = 1U << 11;

size_t SpaceOf(const PerfSample& sample) {
  return kHeaderSize + ((size_t{sample.length} + 7) & ~size_t{7});
}

void WriteRecord(const PerfRing& ring, const PerfSample& sample, uint8_t* to) {
  auto cpu = static_cast<uint32_t>(ring.cpu());
  memcpy(to, &sample.length, sizeof(sample.length));
  memcpy(to + sizeof(sample.length), &cpu, sizeof(cpu));
  ring.Copy(sample.data, sample.length, to + kHeaderSize);
}

}  // namespace

Status PerfBuffer::Open(const ebpf::Map& map, const PerfRingOptions& options,
                        std::unique_ptr<PerfBuffer>* result) {
  const MapShape& shape = map.shape();
  if (shape.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY) return {-EINVAL, "perf_event_open"};
  std::unique_ptr<PerfBuffer> buffer(new PerfBuffer(options));
  if (!buffer->claim_.Take(shape.id)) return {-EBUSY, "perf_event_open"};
  Status status = buffer->OpenMap(map);
  if (status.ok()) status = buffer->OpenRings();
  if (status.ok()) *result = std::move(buffer);
  return status;
}

// An entry ends with the open file that it was made by (perf_event_fd_array_release,
// kernel/bpf/arraymap.c). One of our own takes ours away, and not those of another process that
// reads the map by now. Without the right to open maps by their id, the map's own serves as well.
Status PerfBuffer::OpenMap(const ebpf::Map& map) {
  const MapShape& shape = map.shape();
  int possible = libbpf_num_possible_cpus();
  if (possible < 0) return FromReturn("libbpf_num_possible_cpus", possible);
  cpus_ = std::min(shape.max_entries, static_cast<uint32_t>(possible));
  map_ = UniqueFd(bpf_map_get_fd_by_id(shape.id));
  own_entries_ = map_.valid() && (shape.flags & kPreserveElems) == 0;
  if (!map_.valid()) map_ = Duplicate(map.fd());
  if (!map_.valid()) return FromReturn("fcntl", map_.get());
  epoll_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  return FromSyscall("epoll_create1", epoll_.valid() ? 0 : -1);
}

Status PerfBuffer::OpenRings() {
  online_.Changed();
  looked_ = Now(CLOCK_MONOTONIC);
  current_.assign(cpus_, kNoRing);
  Status status = {-ENODEV, "perf_event_open"};
  for (uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    Status added = AddRing(static_cast<int>(cpu));
    if (added.error == -ENODEV) continue;
    status = added;
    if (!status.ok()) break;
  }
  return status;
}

Status PerfBuffer::AddRing(int cpu) {
  std::unique_ptr<PerfRing> ring;
  Status status = PerfRing::Open(cpu, options_, &ring);
  if (!status.ok()) return status;
  epoll_event event = {};
  event.events = EPOLLIN;
  status = FromSyscall("epoll_ctl", epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, ring->fd(), &event));
  if (!status.ok()) return status;
  int fd = ring->fd();
  status = FromReturn("bpf_map_update_elem", bpf_map_update_elem(map_.get(), &cpu, &fd, BPF_ANY));
  if (!status.ok()) return status;
  current_[static_cast<size_t>(cpu)] = rings_.size();
  rings_.push_back(std::move(ring));
  return status;
}

PerfBuffer::~PerfBuffer() {
  if (own_entries_) return;
  for (size_t cpu = 0; cpu < current_.size(); ++cpu) {
    auto key = static_cast<uint32_t>(cpu);
    if (current_[cpu] != kNoRing) bpf_map_delete_elem(map_.get(), &key);
  }
}

// A CPU that goes takes its event with it: programs cannot write to it when the CPU is back
// (`event->oncpu`, bpf_perf_event_output). What it had can still be read.
void PerfBuffer::FollowCpus() {
  int64_t now = Now(CLOCK_MONOTONIC);
  if (now - looked_ < kSecond) return;
  looked_ = now;
  for (size_t index = 0; index < rings_.size(); ++index) {
    PerfRing* ring = rings_[index].get();
    if (ring == nullptr || current_[static_cast<size_t>(ring->cpu())] == index) continue;
    if (ring->Head() != ring->Tail()) continue;
    lost_before_ += ring->Lost();
    rings_[index].reset();
  }
  if (!online_.Changed()) return;
  for (uint32_t cpu = 0; cpu < cpus_; ++cpu) AddRing(static_cast<int>(cpu));
}

int PerfBuffer::Read(int32_t max_records) {
  if (buffer_ == nullptr || options_.overwritable || max_records < 0) return -EINVAL;
  memset(control_, 0, kControlWords * sizeof(*control_));
  given_.clear();
  output_ = 0;
  FollowCpus();
  control_[3] = static_cast<uint32_t>(Pending());
  int records = options_.with_time ? ReadByTime(static_cast<size_t>(max_records))
                                   : ReadByCpu(static_cast<size_t>(max_records));
  if (records < 0) return records;
  control_[0] = static_cast<uint32_t>(records);
  control_[1] = static_cast<uint32_t>(output_);
  return records;
}

int PerfBuffer::Advance(size_t ring, PerfCursor* cursor) {
  int found = rings_[ring]->Next(cursor);
  // The kernel's own notes at the start: they are read, and never given.
  if (found == 0 && cursor->position != rings_[ring]->Tail() &&
      std::none_of(given_.begin(), given_.end(),
                   [&](const Given& given) { return given.ring == ring; })) {
    rings_[ring]->Advance(cursor->position, cursor->lost);
    cursor->lost = 0;
  }
  return found;
}

int PerfBuffer::Give(size_t ring, PerfCursor* cursor) {
  const PerfSample& sample = cursor->sample;
  size_t space = SpaceOf(sample);
  if (space > buffer_size_ - output_) {
    control_[2] = static_cast<uint32_t>(space);
    return given_.empty() ? -EMSGSIZE : 0;
  }
  WriteRecord(*rings_[ring], sample, buffer_ + output_);
  output_ += space;
  given_.push_back({ring, output_, sample.end, cursor->lost});
  cursor->position = sample.end;
  cursor->lost = 0;
  return 1;
}

int PerfBuffer::ReadByCpu(size_t max_records) {
  // A CPU that never stops does not keep the others waiting.
  if (++first_ring_ >= rings_.size()) first_ring_ = 0;
  for (size_t index = 0; index < rings_.size(); ++index) {
    size_t ring = (first_ring_ + index) % rings_.size();
    if (rings_[ring] == nullptr) continue;
    PerfCursor cursor = rings_[ring]->Unread();
    while (given_.size() < max_records) {
      int status = Advance(ring, &cursor);
      if (status == 0) break;
      if (status > 0) status = Give(ring, &cursor);
      if (status < 0) return status;
      if (status == 0) return static_cast<int>(given_.size());
    }
  }
  return static_cast<int>(given_.size());
}

// The oldest first. What is newer than the time before the rings were looked at has to wait: an
// older one may have come to a ring that was looked at already.
int PerfBuffer::ReadByTime(size_t max_records) {
  auto newest = static_cast<uint64_t>(Now(CLOCK_MONOTONIC) - kInFlight);
  std::vector<PerfCursor> cursors(rings_.size());
  auto later = [&](size_t left, size_t right) {
    return cursors[left].sample.time > cursors[right].sample.time;
  };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> oldest(later);
  for (size_t ring = 0; ring < rings_.size(); ++ring) {
    if (rings_[ring] == nullptr) continue;
    cursors[ring] = rings_[ring]->Unread();
    int status = Advance(ring, &cursors[ring]);
    if (status < 0) return status;
    if (status > 0) oldest.push(ring);
  }
  while (!oldest.empty() && given_.size() < max_records) {
    size_t ring = oldest.top();
    oldest.pop();
    if (cursors[ring].sample.time > newest) {
      control_[4] = 1;
      break;
    }
    int status = Give(ring, &cursors[ring]);
    if (status == 0) break;
    if (status > 0) status = Advance(ring, &cursors[ring]);
    if (status < 0) return status;
    if (status > 0) oldest.push(ring);
  }
  return static_cast<int>(given_.size());
}

int PerfBuffer::Commit(int64_t bytes) {
  if (control_ == nullptr || bytes < 0) return -EINVAL;
  auto output = static_cast<uint64_t>(bytes);
  auto end = std::find_if(given_.begin(), given_.end(),
                          [&](const Given& given) { return given.output_end > output; });
  if (output != (end == given_.begin() ? 0 : (end - 1)->output_end)) return -EINVAL;
  control_[3] = static_cast<uint32_t>(Pending());
  for (auto given = given_.begin(); given != end; ++given) {
    rings_[given->ring]->Advance(given->ring_end, given->lost);
  }
  given_.clear();
  return 0;
}

size_t PerfBuffer::Pending() const {
  uint64_t most = 0;
  if (options_.overwritable) return 0;
  for (const auto& ring : rings_) {
    if (ring != nullptr) most = std::max(most, ring->Head() - ring->Tail());
  }
  return most;
}

std::vector<uint64_t> PerfBuffer::Produced() const {
  std::vector<uint64_t> positions;
  for (const auto& ring : rings_) positions.push_back(ring == nullptr ? 0 : ring->Head());
  return positions;
}

std::vector<uint64_t> PerfBuffer::Consumed() const {
  std::vector<uint64_t> positions;
  for (const auto& ring : rings_) positions.push_back(ring == nullptr ? UINT64_MAX : ring->Tail());
  return positions;
}

uint64_t PerfBuffer::Lost() const {
  uint64_t lost = lost_before_;
  for (const auto& ring : rings_) lost += ring == nullptr ? 0 : ring->Lost();
  return lost;
}

int PerfBuffer::Pause(bool paused) {
  for (const auto& ring : rings_) {
    int status = ring == nullptr ? 0 : ring->Pause(paused);
    if (status != 0) return status;
  }
  return 0;
}

int PerfBuffer::Collect(Snapshot* snapshot) const {
  struct Found {
    const PerfRing* ring;
    PerfSample sample;
  };
  std::vector<Found> found;
  size_t bytes = 0;
  for (const auto& ring : rings_) {
    if (ring == nullptr) continue;
    auto newest = static_cast<std::ptrdiff_t>(found.size());
    PerfCursor cursor = ring->Backward();
    int status;
    while ((status = ring->Next(&cursor)) > 0) {
      found.push_back({ring.get(), cursor.sample});
      bytes += SpaceOf(cursor.sample);
      cursor.position = cursor.sample.end;
    }
    if (status < 0) return status;
    std::reverse(found.begin() + newest, found.end());
  }
  if (options_.with_time) {
    std::stable_sort(found.begin(), found.end(), [](const Found& left, const Found& right) {
      return left.sample.time < right.sample.time;
    });
  }
  // Readers of batches count with 31 bits.
  if (bytes > INT32_MAX) return -E2BIG;
  snapshot->words.assign(bytes / sizeof(snapshot->words[0]), 0);
  snapshot->records = static_cast<uint32_t>(found.size());
  auto* to = reinterpret_cast<uint8_t*>(snapshot->words.data());
  for (const Found& each : found) {
    WriteRecord(*each.ring, each.sample, to);
    to += SpaceOf(each.sample);
  }
  return 0;
}

int PerfBuffer::Take(Snapshot* snapshot) {
  if (!options_.overwritable) return -EINVAL;
  FollowCpus();
  // Those of CPUs that have come as well.
  int status = Pause(true);
  return status != 0 ? status : Collect(snapshot);
}

Napi::Value PerfBufferOpen(const Napi::CallbackInfo& info) {
  int32_t handle;
  Napi::Value wanted = info[1];
  if (!ReadArguments(info, &handle)) return {};
  PerfRingOptions options;
  uint32_t pages;
  if (!ReadProperty(wanted, "pages", &pages) ||
      !ReadProperty(wanted, "wakeupBytes", &options.wakeup_bytes) ||
      !ReadProperty(wanted, "wakeupEvents", &options.wakeup_events) ||
      !ReadProperty(wanted, "byTime", &options.with_time) ||
      !ReadProperty(wanted, "overwritable", &options.overwritable)) {
    return {};
  }
  options.size = size_t{pages} * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  HandleTable& handles = Environment::Of(info)->handles();
  Map* map = handles.Get<Map>(handle);
  std::unique_ptr<PerfBuffer> buffer;
  Status status = {-EBADF, "perf_event_open"};
  // The kernel wants a power of two as well.
  if (pages == 0 || (pages & (pages - 1)) != 0)
    status.error = -EINVAL;
  else if (map != nullptr)
    status = PerfBuffer::Open(*map, options, &buffer);
  auto result = Napi::Object::New(info.Env());
  int32_t opened = status.ok() ? handles.Insert<RecordReader>(std::move(buffer)) : status.error;
  result.Set("operation", status.operation);
  result.Set("reader", opened);
  return result;
}

namespace {

PerfBuffer* FindBuffer(const Napi::CallbackInfo& info, int32_t handle) {
  RecordReader* reader = Environment::Of(info)->handles().Get<RecordReader>(handle);
  return reader == nullptr ? nullptr : reader->perf_buffer();
}

}  // namespace

Napi::Value PerfBufferLost(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  PerfBuffer* buffer = FindBuffer(info, handle);
  return Napi::Number::New(info.Env(),
                           buffer == nullptr ? -EBADF : static_cast<double>(buffer->Lost()));
}

Napi::Value PerfBufferPause(const Napi::CallbackInfo& info) {
  int32_t handle;
  bool paused;
  if (!ReadArguments(info, &handle, &paused)) return {};
  PerfBuffer* buffer = FindBuffer(info, handle);
  return Napi::Number::New(info.Env(), buffer == nullptr ? -EBADF : buffer->Pause(paused));
}

// Programs write within a section that RCU readers are in (perf_output_begin to perf_output_end),
// and this waits for the end of all that have begun: those of a buffer that is paused write no
// more.
Napi::Value PerfBufferSettle(const Napi::CallbackInfo& info) {
  return StartTask(Environment::Of(info), "ebpf.perfBufferSettle", [] {
    constexpr timespec kLongerThanAnyWrite = {0, 5'000'000};
    // Kernels with CPUs that are never interrupted (nohz_full) refuse it.
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
      nanosleep(&kLongerThanAnyWrite, nullptr);
    }
    return Status{};
  });
}

Napi::Value PerfBufferSnapshot(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  PerfBuffer* buffer = FindBuffer(info, handle);
  PerfBuffer::Snapshot snapshot;
  int status = buffer == nullptr ? -EBADF : buffer->Take(&snapshot);
  if (status < 0) return Napi::Number::New(info.Env(), status);
  size_t bytes = snapshot.words.size() * sizeof(snapshot.words[0]);
  auto memory = Napi::ArrayBuffer::New(info.Env(), bytes);
  if (memory.IsEmpty()) return {};
  if (bytes > 0) memcpy(memory.Data(), snapshot.words.data(), bytes);
  auto result = Napi::Object::New(info.Env());
  result.Set("memory", memory);
  result.Set("records", snapshot.records);
  return result;
}

}  // namespace ebpf
