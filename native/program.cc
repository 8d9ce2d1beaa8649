#include "program.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "log.h"
#include "task.h"

namespace ebpf {
namespace {

// The new handle, or a negative errno.
int Open(Environment* environment, UniqueFd fd) {
  if (!fd.valid()) return fd.get();
  int status = CheckDescriptorKind(fd.get(), DescriptorKind::kProgram);
  if (status != 0) return status;
  return environment->handles().Insert(std::make_unique<Program>(std::move(fd)));
}

// Memory of a size that JavaScript chose: too much of it is an errno, not the end of the process.
class OutputBuffer {
 public:
  explicit OutputBuffer(uint32_t size)
      : size_(size), data_(size == 0 ? nullptr : calloc(1, size)) {}
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;
  ~OutputBuffer() { free(data_); }

  bool failed() const { return size_ != 0 && data_ == nullptr; }
  // Null for size 0: programs that give no output refuse any place for it.
  void* data() const { return data_; }
  uint32_t size() const { return size_; }

 private:
  uint32_t size_;
  void* data_;
};

struct TestRunOptions {
  std::optional<std::vector<uint8_t>> data;
  std::optional<std::vector<uint8_t>> ctx;
  uint32_t data_out_size;
  uint32_t ctx_out_size;
  int32_t repeat;
  uint32_t flags;
  uint32_t cpu;
  uint32_t batch_size;
};

struct TestRunResult {
  uint32_t return_value;
  uint32_t duration;
  std::vector<uint8_t> data;
  std::vector<uint8_t> ctx;
};

bool Read(Napi::Value value, TestRunOptions* result) {
  return ReadProperty(value, "data", &result->data) && ReadProperty(value, "ctx", &result->ctx) &&
         ReadProperty(value, "dataOutSize", &result->data_out_size) &&
         ReadProperty(value, "ctxOutSize", &result->ctx_out_size) &&
         ReadProperty(value, "repeat", &result->repeat) &&
         ReadProperty(value, "flags", &result->flags) && ReadProperty(value, "cpu", &result->cpu) &&
         ReadProperty(value, "batchSize", &result->batch_size);
}

void LogNeed(const char* what, uint32_t needed, uint32_t room) {
  if (needed > room)
    LogWarning("the output %s needs %u bytes, there is room for %u\n", what, needed, room);
}

std::vector<uint8_t> CopyOutput(const OutputBuffer& buffer, uint32_t used) {
  const auto* bytes = static_cast<const uint8_t*>(buffer.data());
  return std::vector<uint8_t>(bytes, bytes + (used < buffer.size() ? used : buffer.size()));
}

Status TestRun(int fd, const TestRunOptions& options, TestRunResult* result) {
  constexpr const char* kOperation = "bpf_prog_test_run_opts";
  OutputBuffer data(options.data_out_size);
  OutputBuffer ctx(options.ctx_out_size);
  if (data.failed() || ctx.failed()) return {-ENOMEM, kOperation, nullptr};
  LibbpfOptions<bpf_test_run_opts> run;
  if (options.data) {
    run.data_in = options.data->data();
    run.data_size_in = static_cast<uint32_t>(options.data->size());
  }
  if (options.ctx) {
    run.ctx_in = options.ctx->data();
    run.ctx_size_in = static_cast<uint32_t>(options.ctx->size());
  }
  run.data_out = data.data();
  run.data_size_out = data.size();
  run.ctx_out = ctx.data();
  run.ctx_size_out = ctx.size();
  run.repeat = options.repeat;
  run.flags = options.flags;
  run.cpu = options.cpu;
  run.batch_size = options.batch_size;
  Status status = FromReturn(kOperation, bpf_prog_test_run_opts(fd, &run));
  if (status.error == -ENOSPC) {
    // The kernel gives the full sizes also when it had to cut (bpf_test_finish,
    // net/bpf/test_run.c).
    LogNeed("data", run.data_size_out, data.size());
    LogNeed("context", run.ctx_size_out, ctx.size());
  }
  if (!status.ok()) return status;
  result->return_value = run.retval;
  result->duration = run.duration;
  result->data = CopyOutput(data, run.data_size_out);
  // A program of the type syscall has its context in place (bpf_prog_test_run_syscall,
  // net/bpf/test_run.c).
  result->ctx =
      options.ctx_out_size == 0 && options.ctx ? *options.ctx : CopyOutput(ctx, run.ctx_size_out);
  return status;
}

Status DeliverTestRun(Environment* environment, TestRunResult&& run, Napi::Value* value) {
  Napi::Env env = environment->env();
  auto result = Napi::Object::New(env);
  result.Set("returnValue", run.return_value);
  result.Set("durationNs", run.duration);
  result.Set("data", MakeBytes(env, run.data));
  result.Set("ctx", MakeBytes(env, run.ctx));
  *value = result;
  return {};
}

// The list of maps takes a second call, with room for as many as the first one told of.
int ReadInfo(int fd, bpf_prog_info* info, std::vector<uint32_t>* map_ids) {
  uint32_t size = sizeof(*info);
  memset(info, 0, sizeof(*info));
  int status = bpf_obj_get_info_by_fd(fd, info, &size);
  if (status != 0 || info->nr_map_ids == 0) return status;
  map_ids->resize(info->nr_map_ids);
  bpf_prog_info again;
  memset(&again, 0, sizeof(again));
  size = sizeof(again);
  again.nr_map_ids = info->nr_map_ids;
  again.map_ids = reinterpret_cast<uintptr_t>(map_ids->data());
  status = bpf_obj_get_info_by_fd(fd, &again, &size);
  if (status == 0 && again.nr_map_ids < map_ids->size()) map_ids->resize(again.nr_map_ids);
  return status;
}

}  // namespace

Napi::Value ProgramOpenById(const Napi::CallbackInfo& info) {
  uint32_t id;
  if (!ReadArguments(info, &id)) return {};
  return Napi::Number::New(info.Env(),
                           Open(Environment::Of(info), UniqueFd(bpf_prog_get_fd_by_id(id))));
}

Napi::Value ProgramOpenByPath(const Napi::CallbackInfo& info) {
  std::string path;
  if (!ReadArguments(info, &path)) return {};
  return Napi::Number::New(info.Env(),
                           Open(Environment::Of(info), UniqueFd(bpf_obj_get(path.c_str()))));
}

Napi::Value ProgramOpenByFd(const Napi::CallbackInfo& info) {
  int32_t fd;
  if (!ReadArguments(info, &fd)) return {};
  return Napi::Number::New(info.Env(), Open(Environment::Of(info), Duplicate(fd)));
}

Napi::Value ProgramFd(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Program* program = Environment::Of(info)->handles().Get<Program>(handle);
  return Napi::Number::New(info.Env(), program == nullptr ? -EBADF : program->fd());
}

Napi::Value ProgramInfo(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Program* program = Environment::Of(info)->handles().Get<Program>(handle);
  if (program == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  bpf_prog_info facts;
  std::vector<uint32_t> map_ids;
  int status = ReadInfo(program->fd(), &facts, &map_ids);
  if (status != 0) return Napi::Number::New(info.Env(), status);
  char tag[2 * BPF_TAG_SIZE + 1];
  for (int index = 0; index < BPF_TAG_SIZE; ++index)
    snprintf(tag + 2 * index, 3, "%02x", facts.tag[index]);
  Napi::Env env = info.Env();
  auto big = [env](uint64_t number) { return Napi::BigInt::New(env, number); };
  auto result = Napi::Object::New(env);
  result.Set("id", facts.id);
  result.Set("type", facts.type);
  result.Set("name", facts.name);
  result.Set("tag", tag);
  result.Set("gplCompatible", facts.gpl_compatible != 0);
  result.Set("loadTime", big(facts.load_time));
  result.Set("createdByUid", facts.created_by_uid);
  result.Set("mapIds", MakeArray(env, map_ids, [](uint32_t id) { return id; }));
  result.Set("btfId", facts.btf_id);
  result.Set("translatedSize", facts.xlated_prog_len);
  result.Set("jitedSize", facts.jited_prog_len);
  result.Set("verifiedInstructions", facts.verified_insns);
  result.Set("runTimeNs", big(facts.run_time_ns));
  result.Set("runCount", big(facts.run_cnt));
  result.Set("recursionMisses", big(facts.recursion_misses));
  result.Set("attachBtfObjectId", facts.attach_btf_obj_id);
  result.Set("attachBtfId", facts.attach_btf_id);
  return result;
}

Napi::Value ProgramTestRun(const Napi::CallbackInfo& info) {
  int32_t handle;
  TestRunOptions options;
  if (!ReadArguments(info, &handle, &options)) return {};
  Environment* environment = Environment::Of(info);
  Program* program = environment->handles().Get<Program>(handle);
  // A descriptor of its own: the program may be closed while it runs.
  UniqueFd fd = program == nullptr ? UniqueFd(-EBADF) : Duplicate(program->fd());
  return StartTask<TestRunResult>(
      environment, "ebpf.programTestRun",
      [fd = std::move(fd), options = std::move(options)](TestRunResult* result) -> Status {
        if (!fd.valid()) return FromReturn("bpf_prog_test_run_opts", fd.get());
        return TestRun(fd.get(), options, result);
      },
      DeliverTestRun);
}

Napi::Value ProgramPin(const Napi::CallbackInfo& info) {
  int32_t handle;
  std::string path;
  if (!ReadArguments(info, &handle, &path)) return {};
  Program* program = Environment::Of(info)->handles().Get<Program>(handle);
  return Napi::Number::New(info.Env(),
                           program == nullptr ? -EBADF : bpf_obj_pin(program->fd(), path.c_str()));
}

Napi::Value ProgramClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  bool closed = Environment::Of(info)->handles().Take<Program>(handle) != nullptr;
  return Napi::Number::New(info.Env(), closed ? 0 : -EBADF);
}

}  // namespace ebpf
