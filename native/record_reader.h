// What brings records from programs: a ring buffer, or a perf buffer.
#ifndef EBPF_NATIVE_RECORD_READER_H_
#define EBPF_NATIVE_RECORD_READER_H_

#include <napi.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include <vector>

#include "handle.h"
#include "pollable.h"

namespace ebpf {

class PerfBuffer;

// Copies records into JavaScript's memory, and leaves it to JavaScript when the kernel may have
// the space back. They lie there as they do in a ring: each behind a header of 8 bytes, all at
// multiples of 8. JS thread only.
class RecordReader : public Resource, public Pollable {
 public:
  static constexpr Kind kKind = Kind::kReader;

  int Bind(Napi::ArrayBuffer buffer, Napi::Uint32Array control);
  virtual int Read(int32_t max_records) = 0;
  virtual int Commit(int64_t bytes) = 0;
  // Bytes that wait, and bytes that there is room for; of the fullest, where there are several
  // buffers.
  virtual size_t Pending() const = 0;
  virtual size_t size() const = 0;
  // How far each buffer was written, and how far space was given back. They only grow.
  virtual std::vector<uint64_t> Produced() const = 0;
  virtual std::vector<uint64_t> Consumed() const = 0;

  // Null when it reads a ring.
  virtual PerfBuffer* perf_buffer() { return nullptr; }

  Pollable* pollable() final { return this; }
  uint32_t poll_events() const final { return EPOLLIN; }

 protected:
  // [records, bytes of the span, bytes that the next record needs where there is no room, bytes
  // that wait, 1 where records wait only for time to pass]
  static constexpr size_t kControlWords = 5;

  uint8_t* buffer_ = nullptr;
  size_t buffer_size_ = 0;
  uint32_t* control_ = nullptr;

 private:
  Napi::Reference<Napi::ArrayBuffer> buffer_reference_;
  Napi::Reference<Napi::Uint32Array> control_reference_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_RECORD_READER_H_
