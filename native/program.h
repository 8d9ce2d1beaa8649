#ifndef EBPF_NATIVE_PROGRAM_H_
#define EBPF_NATIVE_PROGRAM_H_

#include <bpf/libbpf.h>

#include <memory>
#include <utility>

#include "handle.h"
#include "object.h"
#include "unique_fd.h"

namespace ebpf {

class Program final : public Resource {
 public:
  static constexpr Kind kKind = Kind::kProgram;

  // One that was opened by id, path or descriptor: `object` and `program` are null.
  explicit Program(UniqueFd fd) : fd_(std::move(fd)) {}
  Program(UniqueFd fd, std::shared_ptr<ObjectState> object, bpf_program* program)
      : object(std::move(object)), program(program), fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  const std::shared_ptr<ObjectState> object;
  bpf_program* const program = nullptr;

 private:
  UniqueFd fd_;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_PROGRAM_H_
