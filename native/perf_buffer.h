// A BPF_MAP_TYPE_PERF_EVENT_ARRAY map, read as one buffer.
#ifndef EBPF_NATIVE_PERF_BUFFER_H_
#define EBPF_NATIVE_PERF_BUFFER_H_

#include <napi.h>
#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <vector>

#include "map.h"
#include "map_claim.h"
#include "online_cpus.h"
#include "perf_ring.h"
#include "record_reader.h"
#include "status.h"
#include "unique_fd.h"

namespace ebpf {

// An event for each CPU that is online, put into the map. Records get the header of a ring's: their
// length, and their CPU where a ring has a page's number. They keep the padding that the kernel
// counts as theirs: up to 7 bytes.
class PerfBuffer final : public RecordReader {
 public:
  // -EBUSY while another reader of the same map is open in this process.
  static Status Open(const Map& map, const PerfRingOptions& options,
                     std::unique_ptr<PerfBuffer>* result);
  ~PerfBuffer() override;

  int Read(int32_t max_records) override;
  int Commit(int64_t bytes) override;
  size_t Pending() const override;
  size_t size() const override { return options_.size; }
  std::vector<uint64_t> Produced() const override;
  std::vector<uint64_t> Consumed() const override;
  int poll_fd() const override { return epoll_.get(); }
  bool tells_once() const override { return true; }
  bool ready() const override { return Pending() > 0; }

  PerfBuffer* perf_buffer() override { return this; }
  uint64_t Lost() const;
  int Pause(bool paused);

  // Copies of what is in an overwritable buffer, as Read has them.
  struct Snapshot {
    std::vector<uint64_t> words;
    uint32_t records = 0;
  };
  int Take(Snapshot* snapshot);

 private:
  // What Read gave, and where its ring is behind it.
  struct Given {
    size_t ring;
    size_t output_end;
    uint64_t ring_end;
    uint64_t lost;
  };

  explicit PerfBuffer(const PerfRingOptions& options) : options_(options) {}
  Status OpenMap(const Map& map);
  Status OpenRings();
  Status AddRing(int cpu);
  // Rings for the CPUs that came, or came back, since they were looked at last.
  void FollowCpus();

  int Collect(Snapshot* snapshot) const;

  // 1 when it was given, 0 when the buffer has no room for it.
  int Give(size_t ring, PerfCursor* cursor);
  int ReadByCpu(size_t max_records);
  int ReadByTime(size_t max_records);
  // The next sample, as PerfRing::Next has it.
  int Advance(size_t ring, PerfCursor* cursor);

  MapClaim claim_;
  PerfRingOptions options_;
  uint32_t cpus_ = 0;
  UniqueFd map_;
  // Whether the entries end with this descriptor.
  bool own_entries_ = false;
  UniqueFd epoll_;
  // Rings stay where they are: one that another took the place of is null once it was read.
  std::vector<std::unique_ptr<PerfRing>> rings_;
  // Of each CPU, the ring that its programs write to.
  std::vector<size_t> current_;
  uint64_t lost_before_ = 0;
  OnlineCpus online_;
  int64_t looked_ = 0;

  size_t first_ring_ = 0;
  size_t output_ = 0;
  std::vector<Given> given_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_PERF_BUFFER_H_
