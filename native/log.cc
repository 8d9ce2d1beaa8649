#include "log.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <mutex>
#include <utility>

namespace ebpf {
namespace {

// A plain pointer, so that the thread has nothing to destroy when the addon may be unloaded
// already.
thread_local LogCapture* current = nullptr;

std::string Format(const char* format, va_list arguments) {
  std::string text(256, '\0');
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(text.data(), text.size() + 1, format, arguments);
  size_t room = text.size();
  text.resize(length < 0 ? 0 : static_cast<size_t>(length));
  // A verifier log is one message, of many megabytes at times.
  if (text.size() > room) vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

// V8 has no strings of 2^29 characters (512 MiB), and Linux before 5.18 writes 400 bytes for each
// of a million instructions and more. The end says why, so most of what is kept is the end.
constexpr size_t kLongest = size_t{480} << 20;
constexpr size_t kBeginning = size_t{16} << 20;

std::string Shortened(std::string text) {
  if (text.size() <= kLongest) return text;
  size_t left_out = text.size() - kLongest;
  text.replace(kBeginning, left_out,
               "\n(" + std::to_string(left_out) +
                   " bytes are left out here: JavaScript has no strings as long as this log)\n");
  return text;
}

// On whichever thread libbpf was called.
int Print(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (current == nullptr) return 0;
  // With a log level of its own, a load that succeeds gives its log as debug text
  // (bpf_object_load_prog).
  bool wanted = level != LIBBPF_DEBUG || current->debug() ||
                strstr(format, "-- BEGIN PROG LOAD LOG --") != nullptr;
  if (wanted) current->Add(level, Shortened(Format(format, arguments)));
  return 0;
}

}  // namespace

void InstallLog() {
  static std::once_flag once;
  std::call_once(once, [] { libbpf_set_print(Print); });
}

LogCapture::LogCapture(bool debug) : outer_(current), debug_(debug) { current = this; }

LogCapture::~LogCapture() { current = outer_; }

void AddLog(std::vector<LogMessage> messages) {
  if (current == nullptr) return;
  for (LogMessage& message : messages) current->Add(message.level, std::move(message.text));
}

void LogWarning(const char* format, ...) {
  if (current == nullptr) return;
  va_list arguments;
  va_start(arguments, format);
  current->Add(LIBBPF_WARN, Format(format, arguments));
  va_end(arguments);
}

}  // namespace ebpf
