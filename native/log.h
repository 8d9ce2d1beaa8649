// What libbpf says, kept for the operation that made it say so. Nothing of it ever reaches stderr.
#ifndef EBPF_NATIVE_LOG_H_
#define EBPF_NATIVE_LOG_H_

#include <string>
#include <vector>

namespace ebpf {

struct LogMessage {
  // libbpf_print_level: 0 warn, 1 info, 2 debug.
  int level;
  std::string text;
};

// Process-wide and once: libbpf has one print function (libbpf_set_print).
void InstallLog();

// Collects the messages of its thread while it lives. What libbpf says on a thread without one is
// dropped.
class LogCapture {
 public:
  // Debug text of a load runs to megabytes; without `debug` only verifier logs are kept of it.
  explicit LogCapture(bool debug);
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  bool debug() const { return debug_; }
  void Add(int level, std::string text) { messages_.push_back({level, std::move(text)}); }
  std::vector<LogMessage> Take() { return std::move(messages_); }

 private:
  LogCapture* outer_;
  bool debug_;
  std::vector<LogMessage> messages_;
};

// For what another thread did on behalf of this one: into the capture of this thread.
void AddLog(std::vector<LogMessage> messages);

// Says what libbpf does not: which map, which program. Into the capture of this thread.
[[gnu::format(printf, 1, 2)]] void LogWarning(const char* format, ...);

}  // namespace ebpf

#endif  // EBPF_NATIVE_LOG_H_
