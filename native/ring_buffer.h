#ifndef EBPF_NATIVE_RING_BUFFER_H_
#define EBPF_NATIVE_RING_BUFFER_H_

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <vector>

#include "map.h"
#include "map_claim.h"
#include "record_reader.h"
#include "unique_fd.h"

namespace ebpf {

// The consumer's side of a BPF_MAP_TYPE_RINGBUF map.
class Ring final : public RecordReader {
 public:
  // 0, or a negative errno: -EBUSY while another reader of the same map is open in this process.
  static int Open(const Map& map, std::unique_ptr<Ring>* result);
  // Bytes between the consumer's and the producer's position of a ring that need not be open here.
  static int64_t PendingOf(const Map& map);
  ~Ring() override;

  int Read(int32_t max_records) override;
  int Commit(int64_t bytes) override;
  size_t Pending() const override;
  size_t size() const override { return size_; }
  std::vector<uint64_t> Produced() const override;
  std::vector<uint64_t> Consumed() const override;
  int poll_fd() const override { return fd_.get(); }

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

  // What Read gave last, and Commit has not yet taken off.
  unsigned long span_begin_ = 0;
  unsigned long span_end_ = 0;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_RING_BUFFER_H_
