// The kernel's clocks, in nanoseconds.
#ifndef EBPF_NATIVE_CLOCK_H_
#define EBPF_NATIVE_CLOCK_H_

#include <stdint.h>
#include <time.h>

namespace ebpf {

constexpr int64_t kSecond = 1000000000;

inline int64_t Now(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace ebpf

#endif  // EBPF_NATIVE_CLOCK_H_
