#include "slot.h"

#include <mutex>
#include <unordered_map>

namespace ebpf {
namespace {

struct Owners {
  std::mutex mutex;
  std::unordered_map<std::string, const Slot*> by_name;

  bool Has(const std::string& name, const Slot* slot) const {
    auto found = by_name.find(name);
    return found != by_name.end() && found->second == slot;
  }
};

// Never destroyed: placements are undone when the process exits.
Owners& AllOwners() {
  static auto* owners = new Owners;
  return *owners;
}

}  // namespace

Slot::~Slot() {
  if (name_.empty()) return;
  Owners& owners = AllOwners();
  std::lock_guard<std::mutex> lock(owners.mutex);
  if (owners.Has(name_, this)) owners.by_name.erase(name_);
}

Status Slot::Take(const Work& work) {
  if (name_.empty()) return work();
  Owners& owners = AllOwners();
  std::lock_guard<std::mutex> lock(owners.mutex);
  Status status = work();
  if (status.ok()) owners.by_name[name_] = this;
  return status;
}

Status Slot::Use(const Work& work) {
  if (name_.empty()) return work();
  Owners& owners = AllOwners();
  std::lock_guard<std::mutex> lock(owners.mutex);
  return owners.Has(name_, this) ? work() : Status{-ENOLINK, "bpf_link_update", nullptr};
}

Status Slot::Leave(const Work& work) {
  if (name_.empty()) return work();
  Owners& owners = AllOwners();
  std::lock_guard<std::mutex> lock(owners.mutex);
  if (!owners.Has(name_, this)) return {};
  Status status = work();
  if (status.ok()) owners.by_name.erase(name_);
  return status;
}

}  // namespace ebpf
