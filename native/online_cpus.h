// Which CPUs run.
#ifndef EBPF_NATIVE_ONLINE_CPUS_H_
#define EBPF_NATIVE_ONLINE_CPUS_H_

#include <stdint.h>

#include <string>

namespace ebpf {

class OnlineCpus {
 public:
  // Whether CPUs may have come or gone since the last call; true the first time.
  bool Changed();

 private:
  std::string list_;
  // In hundredths of a second.
  int64_t slept_ = 0;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_ONLINE_CPUS_H_
