// What only one part of this process may do with a map.
#ifndef EBPF_NATIVE_MAP_CLAIM_H_
#define EBPF_NATIVE_MAP_CLAIM_H_

#include <stdint.h>

namespace ebpf {

// A ring has one position of each kind, so it has one consumer, or one producer, in the whole
// process, whichever thread and whichever descriptor it comes by. Given up when it is destroyed.
class MapClaim {
 public:
  MapClaim() = default;
  MapClaim(const MapClaim&) = delete;
  MapClaim& operator=(const MapClaim&) = delete;
  ~MapClaim();

  // Once. False while another one has the map of this id.
  bool Take(uint32_t map_id);

 private:
  // 0 while it has none.
  uint32_t map_id_ = 0;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_MAP_CLAIM_H_
