#include "task.h"

#include "convert.h"

namespace ebpf {
namespace {

napi_value MakeLogMessage(napi_env env, const LogMessage& message) {
  // V8's longest string (String::kMaxLength). A verifier log can be twice as long; its end says
  // why.
  constexpr size_t kLongest = (size_t{1} << 29) - 25;
  size_t skipped = message.text.size() > kLongest ? message.text.size() - kLongest : 0;
  napi_value text = MakeString(env, message.text.data() + skipped, message.text.size() - skipped);
  return ObjectMaker(env).Number("level", message.level).Set("message", text).object();
}

}  // namespace

napi_value Task::Start(std::unique_ptr<Task> task, const char* name) {
  napi_env env = task->environment_->env();
  napi_value promise;
  // Failures here mean that the environment is ending: nobody is left to be told.
  if (napi_create_promise(env, &task->deferred_, &promise) != napi_ok) return nullptr;
  if (napi_create_async_work(env, nullptr, MakeString(env, name), OnExecute, OnComplete, task.get(),
                             &task->work_) != napi_ok) {
    return nullptr;
  }
  if (napi_queue_async_work(env, task->work_) != napi_ok) {
    napi_delete_async_work(env, task->work_);
    return nullptr;
  }
  task->environment_->TaskStarted();
  task.release();  // NOLINT(bugprone-unused-return-value): OnComplete has it back
  return promise;
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

void Task::Settle(napi_env env) {
  napi_value value = nullptr;
  if (status_.ok()) {
    Status delivered = Deliver(environment_, &value);
    if (!delivered.ok()) status_ = delivered;
  }
  ObjectMaker outcome(env);
  outcome.Number("errno", status_.error);
  outcome.String("operation", status_.operation);
  auto make = [env](const LogMessage& message) { return MakeLogMessage(env, message); };
  outcome.Set("log", MakeArray(env, log_, make));
  if (status_.needs_libbpf != nullptr) outcome.String("needsLibbpf", status_.needs_libbpf);
  if (status_.ok() && value == nullptr) napi_get_undefined(env, &value);
  if (status_.ok()) outcome.Set("value", value);
  if (outcome.object() != nullptr) napi_resolve_deferred(env, deferred_, outcome.object());
}

}  // namespace ebpf
