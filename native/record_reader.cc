#include "record_reader.h"

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "hot.h"

namespace ebpf {
namespace {

RecordReader* Find(const Napi::CallbackInfo& info, int32_t reader) {
  return Environment::Of(info)->handles().Get<RecordReader>(reader);
}

}  // namespace

int RecordReader::Bind(Napi::ArrayBuffer buffer, Napi::Uint32Array control) {
  auto* data = static_cast<uint8_t*>(buffer.Data());
  if (buffer.IsDetached() || data == nullptr) return -EINVAL;
  if (control.Data() == nullptr || control.ElementLength() < kControlWords) return -EINVAL;
  auto buffer_reference = Napi::Persistent(buffer);
  auto control_reference = Napi::Persistent(control);
  if (buffer_reference.IsEmpty() || control_reference.IsEmpty()) return -EINVAL;
  buffer_reference_ = std::move(buffer_reference);
  control_reference_ = std::move(control_reference);
  buffer_ = data;
  buffer_size_ = buffer.ByteLength();
  control_ = control.Data();
  return 0;
}

Napi::Value ReaderBind(const Napi::CallbackInfo& info) {
  int32_t handle;
  Napi::ArrayBuffer buffer;
  Napi::Uint32Array control;
  if (!ReadArguments(info, &handle, &buffer, &control)) return {};
  RecordReader* reader = Find(info, handle);
  return Napi::Number::New(info.Env(), reader == nullptr ? -EBADF : reader->Bind(buffer, control));
}

napi_value ReaderRead(napi_env env, napi_callback_info info) {
  hot::Arguments<2> arguments(env, info);
  int32_t handle;
  int32_t max_records;
  if (!arguments.Read(&handle, &max_records)) return nullptr;
  RecordReader* reader = arguments.environment()->handles().Get<RecordReader>(handle);
  return hot::MakeInt(env, reader == nullptr ? -EBADF : reader->Read(max_records));
}

napi_value ReaderCommit(napi_env env, napi_callback_info info) {
  hot::Arguments<2> arguments(env, info);
  int32_t handle;
  int64_t bytes;
  if (!arguments.Read(&handle, &bytes)) return nullptr;
  RecordReader* reader = arguments.environment()->handles().Get<RecordReader>(handle);
  return hot::MakeInt(env, reader == nullptr ? -EBADF : reader->Commit(bytes));
}

napi_value ReaderPending(napi_env env, napi_callback_info info) {
  hot::Arguments<1> arguments(env, info);
  int32_t handle;
  if (!arguments.Read(&handle)) return nullptr;
  RecordReader* reader = arguments.environment()->handles().Get<RecordReader>(handle);
  return reader == nullptr ? hot::MakeInt(env, -EBADF)
                           : hot::MakeNumber(env, static_cast<double>(reader->Pending()));
}

Napi::Value ReaderSize(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  RecordReader* reader = Find(info, handle);
  return Napi::Number::New(info.Env(),
                           reader == nullptr ? -EBADF : static_cast<double>(reader->size()));
}

Napi::Value ReaderPositions(const Napi::CallbackInfo& info) {
  int32_t handle;
  bool produced;
  if (!ReadArguments(info, &handle, &produced)) return {};
  RecordReader* reader = Find(info, handle);
  if (reader == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  return MakeArray(info.Env(), produced ? reader->Produced() : reader->Consumed(),
                   [&](uint64_t position) {
                     return Napi::Number::New(info.Env(), static_cast<double>(position));
                   });
}

Napi::Value ReaderClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  std::unique_ptr<RecordReader> reader = environment->handles().Take<RecordReader>(handle);
  if (reader == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  environment->poller().Disarm(reader.get());
  return Napi::Number::New(info.Env(), 0);
}

}  // namespace ebpf
