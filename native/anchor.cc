#include "anchor.h"

#include "convert.h"
#include "kernel_abi.h"

namespace ebpf {

bool Read(Napi::Value value, Anchor* result) {
  Napi::Value relative;
  if (!ReadProperty(value, "flags", &result->flags) || !GetProperty(value, "relative", &relative) ||
      !ReadProperty(value, "expectedRevision", &result->expected_revision)) {
    return false;
  }
  uint32_t number;
  if (!Read(relative, &number)) return false;
  if ((result->flags & kernel::kId) != 0) {
    result->id = number;
    return true;
  }
  return number == 0 || Read(relative, &result->fd);
}

}  // namespace ebpf
