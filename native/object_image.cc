#include "object_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "convert.h"
#include "unique_fd.h"

namespace ebpf {
namespace {

constexpr const char* kOperation = "read";
// No object is that large. Memory that there is not would end the process.
constexpr off_t kLargest = 64 << 20;

Status ReadFile(const std::string& path, std::vector<uint8_t>* image) {
  struct stat facts;
  // Before it is opened, which alone does something to a pipe or a device.
  if (stat(path.c_str(), &facts) != 0) return FromSyscall(kOperation, -1);
  if (!S_ISREG(facts.st_mode)) return {-EINVAL, kOperation, nullptr};
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid() || fstat(file.get(), &facts) != 0) return FromSyscall(kOperation, -1);
  if (!S_ISREG(facts.st_mode) || facts.st_size <= 0) return {-EINVAL, kOperation, nullptr};
  if (facts.st_size > kLargest) return {-EFBIG, kOperation, nullptr};
  // One byte more shows the end, or that it has grown.
  image->resize(static_cast<size_t>(facts.st_size) + 1);
  size_t size = 0;
  while (size < image->size()) {
    ssize_t got = read(file.get(), image->data() + size, image->size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FromSyscall(kOperation, -1);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size == 0 || size == image->size()) return {-EAGAIN, kOperation, nullptr};
  image->resize(size);
  return {0, kOperation, nullptr};
}

}  // namespace

Status ImageSource::Get(std::vector<uint8_t>* image) {
  if (!path.empty()) return ReadFile(path, image);
  *image = std::move(bytes);
  return {};
}

bool Read(Napi::Value value, ImageSource* result) {
  return value.IsString() ? Read(value, &result->path) : Read(value, &result->bytes);
}

}  // namespace ebpf
