#include "load_statistics.h"

#include <errno.h>

#include <new>

// What libbpf would call without --wrap.
extern "C" int __real_bpf_prog_load(bpf_prog_type type, const char* name, const char* license,
                                    const bpf_insn* instructions, size_t count,
                                    bpf_prog_load_opts* options);

namespace ebpf {
namespace {

// Linux 7.3 has a line for each of a program's functions.
constexpr uint32_t kBufferSize = 64 * 1024;

// A plain pointer, as that of log.cc.
thread_local LoadStatistics* current = nullptr;

}  // namespace

LoadStatistics::LoadStatistics() : outer_(current), buffer_(new (std::nothrow) char[kBufferSize]) {
  current = this;
}

LoadStatistics::~LoadStatistics() { current = outer_; }

LoadStatistics* LoadStatistics::Current() { return current; }

std::string LoadStatistics::Of(const std::string& program) const {
  auto found = texts_.find(program);
  return found == texts_.end() ? "" : found->second;
}

int LoadStatistics::Collect(const char* program, bpf_prog_load_opts* options,
                            const std::function<int()>& load) {
  if (program == nullptr || buffer_ == nullptr) return load();
  buffer_[0] = '\0';
  options->log_level = kLogStatistics;
  options->log_buf = buffer_.get();
  options->log_size = kBufferSize;
  int fd = load();
  int error = errno;
  options->log_level = 0;
  options->log_buf = nullptr;
  options->log_size = 0;
  // The kernel refuses what it takes otherwise when it has more to say than there is room for.
  if (fd == -ENOSPC) return load();
  if (fd >= 0) texts_[program] = buffer_.get();
  errno = error;
  return fd;
}

#if EBPF_LIBBPF_BUNDLED

// Without a log libbpf loads a program once, and again with a log when it is refused
// (bpf_object_load_prog): the first time is the one to ask, for it costs no load more.
extern "C" int __wrap_bpf_prog_load(bpf_prog_type type, const char* name, const char* license,
                                    const bpf_insn* instructions, size_t count,
                                    bpf_prog_load_opts* options) {
  auto load = [=] {
    return __real_bpf_prog_load(type, name, license, instructions, count, options);
  };
  LoadStatistics* statistics = LoadStatistics::Current();
  bool silent = options != nullptr && options->log_level == 0 && options->log_buf == nullptr;
  return statistics != nullptr && silent ? statistics->Collect(name, options, load) : load();
}

#endif

}  // namespace ebpf
