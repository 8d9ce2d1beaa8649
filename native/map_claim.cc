#include "map_claim.h"

#include <mutex>
#include <unordered_set>

namespace ebpf {
namespace {

// Guards the ids of the maps that are claimed.
std::mutex claims_mutex;

std::unordered_set<uint32_t>& Claims() {
  // Never destroyed: other threads' environments may end after this library's statics.
  static auto* claims = new std::unordered_set<uint32_t>();
  return *claims;
}

}  // namespace

bool MapClaim::Take(uint32_t map_id) {
  std::lock_guard<std::mutex> lock(claims_mutex);
  if (!Claims().insert(map_id).second) return false;
  map_id_ = map_id;
  return true;
}

MapClaim::~MapClaim() {
  if (map_id_ == 0) return;
  std::lock_guard<std::mutex> lock(claims_mutex);
  Claims().erase(map_id_);
}

}  // namespace ebpf
