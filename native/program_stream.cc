#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bindings.h"
#include "env.h"
#include "hot.h"
#include "program.h"

namespace ebpf {
namespace {

// BPF_PROG_STREAM_READ_BY_FD of linux/bpf.h (Linux 6.17) and its part of union bpf_attr. Not by
// libbpf, which has it since 1.6: there is nothing that it adds.
constexpr int kProgStreamRead = 37;

struct StreamRead {
  uint64_t buffer;
  uint32_t length;
  uint32_t stream;
  uint32_t program;
  uint32_t zero;
};

}  // namespace

napi_value ProgramStreamRead(napi_env env, napi_callback_info info) {
  hot::Arguments<3> arguments(env, info);
  int32_t handle;
  int32_t stream;
  hot::Bytes buffer;
  if (!arguments.Read(&handle, &stream, &buffer)) return nullptr;
  auto* program = arguments.environment()->handles().Get<Program>(handle);
  if (program == nullptr) return hot::MakeInt(env, -EBADF);
  StreamRead read = {reinterpret_cast<uintptr_t>(buffer.data), static_cast<uint32_t>(buffer.length),
                     static_cast<uint32_t>(stream), static_cast<uint32_t>(program->fd()), 0};
  long status = syscall(SYS_bpf, kProgStreamRead, &read, sizeof(read));
  return hot::MakeInt(env, status < 0 ? -errno : static_cast<int32_t>(status));
}

}  // namespace ebpf
