#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "status.h"
#include "task.h"
#include "unique_fd.h"

namespace ebpf {
namespace {

using Bytes = std::vector<uint8_t>;

struct Linked {
  // Of the whole: a failure has its place in `failed`.
  Status status;
  // Which of the images was being added; their number when all were.
  uint32_t failed = 0;
  Bytes image;
};

struct FreeLinker {
  void operator()(bpf_linker* linker) const { bpf_linker__free(linker); }
};

// A file without a name: libbpf's linker reads and writes files only, and in memory since 1.6.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("ebpf.linker", MFD_CLOEXEC)) {}

  bool valid() const { return fd_.valid(); }
  // libbpf opens it anew.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

  bool Write(const Bytes& bytes) {
    for (size_t done = 0; done < bytes.size();) {
      ssize_t length = write(fd_.get(), bytes.data() + done, bytes.size() - done);
      if (length < 0 && errno == EINTR) continue;
      if (length <= 0) return false;
      done += static_cast<size_t>(length);
    }
    return true;
  }

  bool Read(Bytes* bytes) {
    off_t size = lseek(fd_.get(), 0, SEEK_END);
    if (size < 0) return false;
    bytes->resize(static_cast<size_t>(size));
    for (size_t done = 0; done < bytes->size();) {
      ssize_t length =
          pread(fd_.get(), bytes->data() + done, bytes->size() - done, static_cast<off_t>(done));
      if (length < 0 && errno == EINTR) continue;
      if (length <= 0) return false;
      done += static_cast<size_t>(length);
    }
    return true;
  }

 private:
  UniqueFd fd_;
};

Status Add(bpf_linker* linker, const Bytes& image) {
  MemoryFile file;
  if (!file.valid() || !file.Write(image)) return FromSyscall("memfd_create", -1);
  // What libelf refuses, libbpf before 1.6 answers with errno, which libelf does not set: 0 would
  // be taken for success, and what was not read be used.
  errno = EINVAL;
  return FromReturn("bpf_linker__add_file",
                    bpf_linker__add_file(linker, file.path().c_str(), nullptr));
}

void Link(const std::vector<Bytes>& images, Linked* linked) {
  MemoryFile output;
  if (!output.valid()) {
    linked->status = FromSyscall("memfd_create", -1);
    return;
  }
  errno = 0;
  std::unique_ptr<bpf_linker, FreeLinker> linker(bpf_linker__new(output.path().c_str(), nullptr));
  linked->status = FromPointer("bpf_linker__new", linker.get());
  while (linked->status.ok() && linked->failed < images.size()) {
    linked->status = Add(linker.get(), images[linked->failed]);
    if (linked->status.ok()) ++linked->failed;
  }
  if (!linked->status.ok()) return;
  linked->status = FromReturn("bpf_linker__finalize", bpf_linker__finalize(linker.get()));
  if (linked->status.ok() && !output.Read(&linked->image)) {
    linked->status = FromSyscall("read", -1);
  }
}

Status DeliverLinked(Environment* environment, Linked&& linked, Napi::Value* value) {
  Napi::Env env = environment->env();
  auto result = Napi::Object::New(env);
  result.Set("status", linked.status.error);
  result.Set("operation", linked.status.operation);
  result.Set("failed", linked.failed);
  if (linked.status.ok()) result.Set("image", MakeBytes(env, linked.image));
  *value = result;
  return {};
}

}  // namespace

Napi::Value ObjectsLink(const Napi::CallbackInfo& info) {
  std::vector<Bytes> images;
  bool is_read = ReadArray(
      info[0], [&images](Napi::Value element) { return Read(element, &images.emplace_back()); });
  if (!is_read) return {};
  return StartTask<Linked>(
      Environment::Of(info), "ebpf.objectsLink",
      [images = std::move(images)](Linked* linked) {
        Link(images, linked);
        return Status{};
      },
      DeliverLinked);
}

}  // namespace ebpf
