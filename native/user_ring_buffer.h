#ifndef EBPF_NATIVE_USER_RING_BUFFER_H_
#define EBPF_NATIVE_USER_RING_BUFFER_H_

#include <napi.h>
#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <unordered_map>

#include "handle.h"
#include "map.h"
#include "map_claim.h"
#include "pollable.h"
#include "unique_fd.h"

namespace ebpf {

// The producer's side of a BPF_MAP_TYPE_USER_RINGBUF map. JS thread only.
class UserRing final : public Resource, public Pollable {
 public:
  static constexpr Kind kKind = Kind::kUserRing;

  // 0, or a negative errno: -EBUSY while another UserRing of the same map is open in this process.
  static int Open(const Map& map, std::unique_ptr<UserRing>* result);
  // Bytes between the consumer's and the producer's position of a ring that need not be open here.
  static int64_t PendingOf(const Map& map);
  // Gives up what is reserved, or the kernel would wait for it for ever.
  ~UserRing() override;

  // A whole record. 0; -ENOSPC without room for it, -E2BIG when there never will be, -EIO when the
  // positions in the ring's pages contradict each other.
  int Submit(const uint8_t* bytes, size_t length);
  // Room for a record, which the kernel waits for. The place that names it, or as above.
  int64_t Reserve(size_t length);
  // Fills the room: `length` is what was reserved. -ENOENT unless there is such a reservation.
  int Commit(int64_t place, const uint8_t* bytes, size_t length);
  int Discard(int64_t place);
  // -EIO when it cannot be.
  int64_t Pending() const;

  Pollable* pollable() override { return this; }
  int poll_fd() const override { return fd_.get(); }
  uint32_t poll_events() const override;

 private:
  UserRing(UniqueFd fd, size_t size);
  int Map(int protection);
  // Where a record of so many bytes would begin; or as Submit.
  int64_t Place(size_t length, size_t* space) const;
  uint8_t* At(unsigned long position) const { return data_ + (position & (size_ - 1)); }
  void SetHeader(unsigned long position, uint32_t header);
  void Publish(unsigned long position);

  // Not taken when it did not become the producer.
  MapClaim claim_;
  UniqueFd fd_;
  size_t size_;
  size_t page_size_;
  const unsigned long* consumer_position_ = nullptr;
  unsigned long* producer_position_ = nullptr;
  uint8_t* data_ = nullptr;
  // Lengths, by the position of their headers.
  std::unordered_map<unsigned long, uint32_t> reservations_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_USER_RING_BUFFER_H_
