// A file descriptor with one owner.
#ifndef EBPF_NATIVE_UNIQUE_FD_H_
#define EBPF_NATIVE_UNIQUE_FD_H_

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace ebpf {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(); }

  // Negative when there is none; a failed Duplicate() keeps its errno here.
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  int Release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }

  void Reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// Never 0, 1 or 2, as libbpf has it (ensure_good_fd): a kernel object there would be taken for
// stdio. On failure get() is the negative errno.
inline UniqueFd Duplicate(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return UniqueFd(copy < 0 ? -errno : copy);
}

}  // namespace ebpf

#endif  // EBPF_NATIVE_UNIQUE_FD_H_
