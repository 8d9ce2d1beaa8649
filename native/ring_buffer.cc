// A consumer of the kernel's ring (kernel/bpf/ringbuf.c; libbpf's own is src/ringbuf.c): one that
// copies whole spans of records, and leaves it to JavaScript when the kernel may have the space
// back.

#include "ring_buffer.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>

#include "bindings.h"
#include "convert.h"
#include "env.h"

namespace ebpf {
namespace {

static_assert(sizeof(unsigned long) == 8,
              "the positions in the ring's pages are the kernel's unsigned longs");

// BPF_F_RB_OVERWRITE of Linux 6.19, which libbpf 1.7's headers do not have yet.
constexpr uint32_t kOverwrite = 1U << 19;

// 0, or why the map cannot be read as a ring.
int CheckReadable(const MapShape& shape) {
  if (shape.type != BPF_MAP_TYPE_RINGBUF) return -EINVAL;
  // Programs overwrite records without regard for the consumer position: a copy may be torn.
  return (shape.flags & kOverwrite) != 0 ? -EOPNOTSUPP : 0;
}

// Bytes that a record takes: a header of 8 bytes before it, and all a multiple of 8 (roundup_len,
// libbpf's ringbuf.c).
uint64_t RecordSize(uint32_t header) {
  uint64_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
  return (length + BPF_RINGBUF_HDR_SZ + 7) & ~uint64_t{7};
}

}  // namespace

Ring::Ring(UniqueFd fd, size_t size)
    : fd_(std::move(fd)), size_(size), page_size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {}

int Ring::Open(const ebpf::Map& map, std::unique_ptr<Ring>* result) {
  int readable = CheckReadable(map.shape());
  if (readable != 0) return readable;
  UniqueFd fd = Duplicate(map.fd());
  if (!fd.valid()) return fd.get();
  std::unique_ptr<Ring> ring(new Ring(std::move(fd), map.shape().max_entries));
  if (!ring->claim_.Take(map.shape().id)) return -EBUSY;
  int status = ring->Map();
  *result = std::move(ring);
  return status;
}

int64_t Ring::PendingOf(const ebpf::Map& map) {
  int readable = CheckReadable(map.shape());
  if (readable != 0) return readable;
  UniqueFd fd = Duplicate(map.fd());
  if (!fd.valid()) return fd.get();
  Ring ring(std::move(fd), map.shape().max_entries);
  int status = ring.Map();
  return status != 0 ? status : static_cast<int64_t>(ring.Pending());
}

// Three areas (ringbuf_map_mmap_kern): the consumer's page, ours to write; the producer's page; the
// data, twice in a row so that no record is ever in two pieces. The last two are read-only.
int Ring::Map() {
  void* consumer = mmap(nullptr, page_size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (consumer == MAP_FAILED) return -errno;
  consumer_position_ = static_cast<unsigned long*>(consumer);
  void* producer = mmap(nullptr, page_size_ + 2 * size_, PROT_READ, MAP_SHARED, fd_.get(),
                        static_cast<off_t>(page_size_));
  if (producer == MAP_FAILED) return -errno;
  producer_position_ = static_cast<const unsigned long*>(producer);
  data_ = static_cast<const uint8_t*>(producer) + page_size_;
  return 0;
}

Ring::~Ring() {
  if (producer_position_ != nullptr)
    munmap(const_cast<unsigned long*>(producer_position_), page_size_ + 2 * size_);
  if (consumer_position_ != nullptr) munmap(consumer_position_, page_size_);
}

// Acquire: what the kernel wrote into the record before it committed it (xchg in
// bpf_ringbuf_commit) is seen after this.
uint32_t Ring::Header(unsigned long position) const {
  return __atomic_load_n(reinterpret_cast<const uint32_t*>(data_ + (position & (size_ - 1))),
                         __ATOMIC_ACQUIRE);
}

int Ring::Read(int32_t max_records) {
  if (buffer_ == nullptr) return -EINVAL;
  memset(control_, 0, kControlWords * sizeof(*control_));
  unsigned long begin = __atomic_load_n(consumer_position_, __ATOMIC_ACQUIRE);
  // Pairs with the kernel's release in __bpf_ringbuf_reserve: the headers up to here are set, busy
  // at first.
  unsigned long end = __atomic_load_n(producer_position_, __ATOMIC_ACQUIRE);
  // Another process that shares the map can write any consumer position. Never copy past the
  // mapping for that.
  if (end - begin > size_ || begin % 8 != 0) return -EIO;
  span_begin_ = span_end_ = begin;
  control_[3] = static_cast<uint32_t>(end - begin);
  int32_t records = 0;
  unsigned long position = begin;
  while (position < end && records < max_records) {
    uint32_t header = Header(position);
    if ((header & BPF_RINGBUF_BUSY_BIT) != 0) break;
    uint64_t size = RecordSize(header);
    if (size > end - position) return -EIO;
    if (position - begin + size > buffer_size_) {
      control_[2] = static_cast<uint32_t>(size);
      if (position != begin) break;
      return -EMSGSIZE;
    }
    position += size;
    if ((header & BPF_RINGBUF_DISCARD_BIT) == 0) ++records;
  }
  memcpy(buffer_, data_ + (begin & (size_ - 1)), position - begin);
  span_end_ = position;
  control_[0] = static_cast<uint32_t>(records);
  control_[1] = static_cast<uint32_t>(position - begin);
  return records;
}

int Ring::Commit(int64_t bytes) {
  if (control_ == nullptr) return -EINVAL;
  if (bytes < 0 || static_cast<uint64_t>(bytes) > span_end_ - span_begin_) return -EINVAL;
  if (__atomic_load_n(consumer_position_, __ATOMIC_RELAXED) != span_begin_) return -EINVAL;
  unsigned long target = span_begin_ + static_cast<unsigned long>(bytes);
  if (target != span_end_) {
    // The records are still in the ring: they are ours until the position has moved.
    unsigned long position = span_begin_;
    while (position < target) position += RecordSize(Header(position));
    if (position != target) return -EINVAL;
  }
  control_[3] = static_cast<uint32_t>(Pending());
  __atomic_store_n(consumer_position_, target, __ATOMIC_RELEASE);
  // bpf_ringbuf_commit sets the record's length, and then wakes us only if the consumer position is
  // that record's: xchg(&hdr->len), then smp_load_acquire(&rb->consumer_pos). We store the
  // position, and then (in the next Read, or in epoll_wait's ringbuf_avail_data_sz) load what the
  // kernel stored. Without a full barrier in between, both sides can miss each other: we see no
  // record, and the kernel sees no one to wake.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  span_begin_ = target;
  return 0;
}

size_t Ring::Pending() const {
  unsigned long begin = __atomic_load_n(consumer_position_, __ATOMIC_ACQUIRE);
  return __atomic_load_n(producer_position_, __ATOMIC_ACQUIRE) - begin;
}

std::vector<uint64_t> Ring::Produced() const {
  return {__atomic_load_n(producer_position_, __ATOMIC_ACQUIRE)};
}

std::vector<uint64_t> Ring::Consumed() const {
  return {__atomic_load_n(consumer_position_, __ATOMIC_ACQUIRE)};
}

Napi::Value RingOpen(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  HandleTable& handles = Environment::Of(info)->handles();
  Map* map = handles.Get<Map>(handle);
  if (map == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  std::unique_ptr<Ring> ring;
  int status = Ring::Open(*map, &ring);
  return Napi::Number::New(info.Env(), status != 0 ? status : handles.Insert(std::move(ring)));
}

Napi::Value RingPendingOf(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  ebpf::Map* map = Environment::Of(info)->handles().Get<ebpf::Map>(handle);
  int64_t pending = map == nullptr ? -EBADF : Ring::PendingOf(*map);
  return Napi::Number::New(info.Env(), static_cast<double>(pending));
}

}  // namespace ebpf
