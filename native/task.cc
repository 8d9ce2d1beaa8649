#include "task.h"

#include "convert.h"

namespace ebpf {
namespace {

Napi::Value MakeLogMessage(Napi::Env env, const LogMessage& message) {
  // V8's longest string (String::kMaxLength). A verifier log can be twice as long; its end says
  // why.
  constexpr size_t kLongest = (size_t{1} << 29) - 25;
  size_t skipped = message.text.size() > kLongest ? message.text.size() - kLongest : 0;
  // Not as a Napi::String, which Set would make into a std::string and then into another string.
  Napi::Value text =
      Napi::String::New(env, message.text.data() + skipped, message.text.size() - skipped);
  auto result = Napi::Object::New(env);
  result.Set("level", message.level);
  result.Set("message", text);
  return result;
}

}  // namespace

Napi::Value Task::Start(std::unique_ptr<Task> task, const char* name) {
  Napi::Env env = task->environment_->env();
  napi_value promise;
  // Failures here mean that the environment is ending: nobody is left to be told.
  if (napi_create_promise(env, &task->deferred_, &promise) != napi_ok) return {};
  if (napi_create_async_work(env, nullptr, Napi::String::New(env, name), OnExecute, OnComplete,
                             task.get(), &task->work_) != napi_ok) {
    return {};
  }
  if (napi_queue_async_work(env, task->work_) != napi_ok) {
    napi_delete_async_work(env, task->work_);
    return {};
  }
  task->environment_->TaskStarted();
  task.release();  // NOLINT(bugprone-unused-return-value): OnComplete has it back
  return Napi::Value(env, promise);
}

void Task::OnExecute(napi_env, void* data) {
  auto* task = static_cast<Task*>(data);
  LogCapture capture(task->debug_log_);
  task->status_ = task->Execute();
  task->log_ = capture.Take();
}

void Task::OnComplete(napi_env env, napi_status status, void* data) {
  std::unique_ptr<Task> task(static_cast<Task*>(data));
  Environment* environment = task->environment_;
  if (status == napi_cancelled) task->status_ = {-ECANCELED, "uv_queue_work", nullptr};
  if (!environment->ending()) task->Settle(env);
  napi_delete_async_work(env, task->work_);
  task.reset();
  environment->TaskEnded();
}

void Task::Settle(Napi::Env env) {
  Napi::Value value = env.Undefined();
  if (status_.ok()) {
    Status delivered = Deliver(environment_, &value);
    if (!delivered.ok()) status_ = delivered;
  }
  auto outcome = Napi::Object::New(env);
  outcome.Set("errno", status_.error);
  outcome.Set("operation", status_.operation);
  auto make = [env](const LogMessage& message) { return MakeLogMessage(env, message); };
  outcome.Set("log", MakeArray(env, log_, make));
  if (status_.needs_libbpf != nullptr) outcome.Set("needsLibbpf", status_.needs_libbpf);
  if (status_.ok()) outcome.Set("value", value);
  napi_resolve_deferred(env, deferred_, outcome);
}

}  // namespace ebpf
