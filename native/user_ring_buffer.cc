// A producer for the ring that programs drain (bpf_user_ringbuf_drain in kernel/bpf/ringbuf.c;
// libbpf's own is in src/ringbuf.c). JavaScript never gets the ring's pages: it gives whole
// records, which are copied here.

#include "user_ring_buffer.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "hot.h"
#include "kernel_abi.h"

namespace ebpf {
namespace {

static_assert(sizeof(unsigned long) == 8,
              "the positions in the ring's pages are the kernel's unsigned longs");

// DYNPTR_MAX_SIZE of the kernel's linux/bpf.h. At a longer record bpf_user_ringbuf_drain answers
// -E2BIG, at every call, and never gets past it.
constexpr size_t kMaxRecord = (1U << 24) - 1;

int CheckType(const MapShape& shape) { return shape.type == kernel::kUserRingMap ? 0 : -EINVAL; }

}  // namespace

UserRing::UserRing(UniqueFd fd, size_t size)
    : fd_(std::move(fd)), size_(size), page_size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {}

int UserRing::Open(const ebpf::Map& map, std::unique_ptr<UserRing>* result) {
  int status = CheckType(map.shape());
  if (status != 0) return status;
  UniqueFd fd = Duplicate(map.fd());
  if (!fd.valid()) return fd.get();
  std::unique_ptr<UserRing> ring(new UserRing(std::move(fd), map.shape().max_entries));
  if (!ring->claim_.Take(map.shape().id)) return -EBUSY;
  status = ring->Map(PROT_READ | PROT_WRITE);
  *result = std::move(ring);
  return status;
}

int64_t UserRing::PendingOf(const ebpf::Map& map) {
  int status = CheckType(map.shape());
  if (status != 0) return status;
  UniqueFd fd = Duplicate(map.fd());
  if (!fd.valid()) return fd.get();
  UserRing ring(std::move(fd), map.shape().max_entries);
  status = ring.Map(PROT_READ);
  return status != 0 ? status : ring.Pending();
}

// Three areas (ringbuf_map_mmap_user): the consumer's page, read-only, since a mapping of it that
// may be written is refused; the producer's page; the data, twice in a row so that no record is
// ever in two pieces.
int UserRing::Map(int protection) {
  void* consumer = mmap(nullptr, page_size_, PROT_READ, MAP_SHARED, fd_.get(), 0);
  if (consumer == MAP_FAILED) return -errno;
  consumer_position_ = static_cast<const unsigned long*>(consumer);
  void* producer = mmap(nullptr, page_size_ + 2 * size_, protection, MAP_SHARED, fd_.get(),
                        static_cast<off_t>(page_size_));
  if (producer == MAP_FAILED) return -errno;
  producer_position_ = static_cast<unsigned long*>(producer);
  data_ = static_cast<uint8_t*>(producer) + page_size_;
  return 0;
}

UserRing::~UserRing() {
  for (const auto& [position, length] : reservations_) {
    SetHeader(position, length | BPF_RINGBUF_DISCARD_BIT);
  }
  if (producer_position_ != nullptr) munmap(producer_position_, page_size_ + 2 * size_);
  if (consumer_position_ != nullptr)
    munmap(const_cast<unsigned long*>(consumer_position_), page_size_);
}

int64_t UserRing::Place(size_t length, size_t* space) const {
  if (length > kMaxRecord) return -E2BIG;
  // Header and record, a multiple of 8, as the kernel reckons (__bpf_user_ringbuf_peek).
  *space = (length + BPF_RINGBUF_HDR_SZ + 7) & ~size_t{7};
  if (*space > size_) return -E2BIG;
  int64_t pending = Pending();
  if (pending < 0) return pending;
  if (*space > size_ - static_cast<size_t>(pending)) return -ENOSPC;
  return static_cast<int64_t>(__atomic_load_n(producer_position_, __ATOMIC_RELAXED));
}

// Release: the kernel that sees the header (smp_load_acquire) also sees the record.
void UserRing::SetHeader(unsigned long position, uint32_t header) {
  __atomic_store_n(reinterpret_cast<uint32_t*>(At(position)), header, __ATOMIC_RELEASE);
}

// Release: the kernel that sees the position also sees the headers up to there.
void UserRing::Publish(unsigned long position) {
  __atomic_store_n(producer_position_, position, __ATOMIC_RELEASE);
}

int UserRing::Submit(const uint8_t* bytes, size_t length) {
  size_t space = 0;
  int64_t place = Place(length, &space);
  if (place < 0) return static_cast<int>(place);
  auto position = static_cast<unsigned long>(place);
  // Behind the producer position, where nobody looks yet: it need not be marked as busy.
  if (length != 0) memcpy(At(position) + BPF_RINGBUF_HDR_SZ, bytes, length);
  SetHeader(position, static_cast<uint32_t>(length));
  Publish(position + space);
  return 0;
}

int64_t UserRing::Reserve(size_t length) {
  size_t space = 0;
  int64_t place = Place(length, &space);
  if (place < 0) return place;
  auto position = static_cast<unsigned long>(place);
  // Only where somebody else has set the producer position back.
  if (!reservations_.emplace(position, static_cast<uint32_t>(length)).second) return -EIO;
  SetHeader(position, static_cast<uint32_t>(length) | BPF_RINGBUF_BUSY_BIT);
  Publish(position + space);
  return place;
}

int UserRing::Commit(int64_t place, const uint8_t* bytes, size_t length) {
  auto reservation = reservations_.find(static_cast<unsigned long>(place));
  if (reservation == reservations_.end()) return -ENOENT;
  auto [position, reserved] = *reservation;
  if (length != reserved) return -EINVAL;
  reservations_.erase(reservation);
  if (length != 0) memcpy(At(position) + BPF_RINGBUF_HDR_SZ, bytes, length);
  SetHeader(position, reserved);
  return 0;
}

int UserRing::Discard(int64_t place) {
  auto reservation = reservations_.find(static_cast<unsigned long>(place));
  if (reservation == reservations_.end()) return -ENOENT;
  auto [position, reserved] = *reservation;
  reservations_.erase(reservation);
  SetHeader(position, reserved | BPF_RINGBUF_DISCARD_BIT);
  return 0;
}

int64_t UserRing::Pending() const {
  // Pairs with the kernel's release in __bpf_user_ringbuf_sample_release: it has done with what is
  // before this position.
  unsigned long begin = __atomic_load_n(consumer_position_, __ATOMIC_ACQUIRE);
  unsigned long end = __atomic_load_n(producer_position_, __ATOMIC_ACQUIRE);
  // Another process that shares the map can write any producer position. The kernel would refuse
  // what we added to it, and a record must never go past the mapping.
  if (end - begin > size_ || end % 8 != 0) return -EIO;
  return static_cast<int64_t>(end - begin);
}

// The kernel says "writable" as long as one byte is free (ringbuf_map_poll_user), whatever a record
// needs: by level, a core would burn while a larger one waits. By edge, each
// bpf_user_ringbuf_drain() that took something is one call.
uint32_t UserRing::poll_events() const { return EPOLLOUT | EPOLLET; }

Napi::Value UserRingOpen(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  HandleTable& handles = Environment::Of(info)->handles();
  Map* map = handles.Get<Map>(handle);
  if (map == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  std::unique_ptr<UserRing> ring;
  int status = UserRing::Open(*map, &ring);
  return Napi::Number::New(info.Env(), status != 0 ? status : handles.Insert(std::move(ring)));
}

napi_value UserRingSubmit(napi_env env, napi_callback_info info) {
  hot::Arguments<2> arguments(env, info);
  int32_t handle;
  hot::Bytes bytes;
  if (!arguments.Read(&handle, &bytes)) return nullptr;
  UserRing* ring = arguments.environment()->handles().Get<UserRing>(handle);
  return hot::MakeInt(env, ring == nullptr ? -EBADF : ring->Submit(bytes.data, bytes.length));
}

napi_value UserRingReserve(napi_env env, napi_callback_info info) {
  hot::Arguments<2> arguments(env, info);
  int32_t handle;
  int64_t length;
  if (!arguments.Read(&handle, &length)) return nullptr;
  UserRing* ring = arguments.environment()->handles().Get<UserRing>(handle);
  int64_t place = -EBADF;
  if (ring != nullptr) place = length < 0 ? -EINVAL : ring->Reserve(static_cast<size_t>(length));
  return hot::MakeNumber(env, static_cast<double>(place));
}

napi_value UserRingCommit(napi_env env, napi_callback_info info) {
  hot::Arguments<3> arguments(env, info);
  int32_t handle;
  int64_t place;
  hot::Bytes bytes;
  if (!arguments.Read(&handle, &place, &bytes)) return nullptr;
  UserRing* ring = arguments.environment()->handles().Get<UserRing>(handle);
  int status = ring == nullptr ? -EBADF : ring->Commit(place, bytes.data, bytes.length);
  return hot::MakeInt(env, status);
}

napi_value UserRingDiscard(napi_env env, napi_callback_info info) {
  hot::Arguments<2> arguments(env, info);
  int32_t handle;
  int64_t place;
  if (!arguments.Read(&handle, &place)) return nullptr;
  UserRing* ring = arguments.environment()->handles().Get<UserRing>(handle);
  return hot::MakeInt(env, ring == nullptr ? -EBADF : ring->Discard(place));
}

napi_value UserRingPending(napi_env env, napi_callback_info info) {
  hot::Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  UserRing* ring = arguments.environment()->handles().Get<UserRing>(handle);
  return hot::MakeNumber(env, ring == nullptr ? -EBADF : static_cast<double>(ring->Pending()));
}

Napi::Value UserRingPendingOf(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Map* map = Environment::Of(info)->handles().Get<Map>(handle);
  int64_t pending = map == nullptr ? -EBADF : UserRing::PendingOf(*map);
  return Napi::Number::New(info.Env(), static_cast<double>(pending));
}

Napi::Value UserRingClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  std::unique_ptr<UserRing> ring = environment->handles().Take<UserRing>(handle);
  if (ring == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  environment->poller().Disarm(ring.get());
  return Napi::Number::New(info.Env(), 0);
}

}  // namespace ebpf
