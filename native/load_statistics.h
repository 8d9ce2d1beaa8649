// What the verifier says of its work on programs that it takes.
#ifndef EBPF_NATIVE_LOAD_STATISTICS_H_
#define EBPF_NATIVE_LOAD_STATISTICS_H_

#include <bpf/bpf.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace ebpf {

// BPF_LOG_STATS of linux/bpf_verifier.h: a few lines at the end of the log. Of a program that is
// refused it is all but the instructions. Linux 5.2.
constexpr uint32_t kLogStatistics = 4;

// A log level with which a log of instructions ends in statistics as well.
constexpr uint32_t WithStatistics(uint32_t level) {
  return level == 0 ? 0 : level | kLogStatistics;
}

// Collects them for all programs that its thread loads without a log of their own while it lives.
// Nothing where libbpf is the system's: it has no way to be asked for them.
class LoadStatistics {
 public:
  LoadStatistics();
  ~LoadStatistics();
  LoadStatistics(const LoadStatistics&) = delete;
  LoadStatistics& operator=(const LoadStatistics&) = delete;

  // The lines, empty where nothing was said of a program of that name.
  std::string Of(const std::string& program) const;

  // `load` is bpf_prog_load with these options, which ask for no log.
  int Collect(const char* program, bpf_prog_load_opts* options, const std::function<int()>& load);

  // Of this thread; null where nobody collects.
  static LoadStatistics* Current();

 private:
  LoadStatistics* outer_;
  std::unique_ptr<char[]> buffer_;
  std::unordered_map<std::string, std::string> texts_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_LOAD_STATISTICS_H_
