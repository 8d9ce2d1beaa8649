#ifndef EBPF_NATIVE_RING_BUFFER_H_
#define EBPF_NATIVE_RING_BUFFER_H_

#include <napi.h>
#include <stddef.h>
#include <stdint.h>

#include <memory>

#include "handle.h"
#include "map.h"
#include "map_claim.h"
#include "pollable.h"
#include "unique_fd.h"

namespace ebpf {

// The consumer's side of a BPF_MAP_TYPE_RINGBUF map. JS thread only.
class Ring final : public Resource, public Pollable {
 public:
  static constexpr Kind kKind = Kind::kRing;

  // 0, or a negative errno: -EBUSY while another Ring of the same map is open in this process.
  static int Open(const Map& map, std::unique_ptr<Ring>* result);
  // Bytes between the consumer's and the producer's position of a ring that need not be open here.
  static int64_t PendingOf(const Map& map);
  ~Ring() override;

  int Bind(Napi::ArrayBuffer buffer, Napi::Uint32Array control);
  int Read(int32_t max_records);
  int Commit(int64_t bytes);
  size_t Pending() const;
  size_t size() const { return size_; }

  Pollable* pollable() override { return this; }
  int poll_fd() const override { return fd_.get(); }
  uint32_t poll_events() const override;

 private:
  Ring(UniqueFd fd, size_t size);
  int Map();
  uint32_t Header(unsigned long position) const;

  // Not taken when it did not become the consumer.
  MapClaim claim_;
  UniqueFd fd_;
  size_t size_;
  size_t page_size_;
  unsigned long* consumer_position_ = nullptr;
  const unsigned long* producer_position_ = nullptr;
  const uint8_t* data_ = nullptr;

  Napi::Reference<Napi::ArrayBuffer> buffer_reference_;
  Napi::Reference<Napi::Uint32Array> control_reference_;
  uint8_t* buffer_ = nullptr;
  size_t buffer_size_ = 0;
  uint32_t* control_ = nullptr;

  // What Read gave last, and Commit has not yet taken off.
  unsigned long span_begin_ = 0;
  unsigned long span_end_ = 0;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_RING_BUFFER_H_
