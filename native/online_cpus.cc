#include "online_cpus.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "clock.h"
#include "unique_fd.h"

namespace ebpf {
namespace {

std::string ReadList() {
  UniqueFd file(open("/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC));
  char text[4096];
  ssize_t length = file.valid() ? read(file.get(), text, sizeof(text)) : 0;
  return std::string(text, length > 0 ? static_cast<size_t>(length) : 0);
}

// How long the machine has slept, in which CPUs go and come back.
int64_t TimeAsleep() { return (Now(CLOCK_BOOTTIME) - Now(CLOCK_MONOTONIC)) / (kSecond / 100); }

}  // namespace

bool OnlineCpus::Changed() {
  std::string list = ReadList();
  int64_t slept = TimeAsleep();
  // Two clocks are read one after the other.
  bool changed = list != list_ || slept > slept_ + 1;
  list_ = std::move(list);
  slept_ = slept;
  return changed;
}

}  // namespace ebpf
