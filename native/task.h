// Work that may pass 1 ms: done on the thread pool, answered by a promise of an Outcome
// (lib/binding.ts).
#ifndef EBPF_NATIVE_TASK_H_
#define EBPF_NATIVE_TASK_H_

#include <napi.h>

#include <memory>
#include <utility>
#include <vector>

#include "env.h"
#include "log.h"
#include "status.h"

namespace ebpf {

// The order, and the threads: Start (JS), Execute (pool), Deliver (JS, only after a success and
// only while JavaScript can run), destructor (JS). What Execute made and Deliver did not take over
// is released by the destructor, so nothing leaks when the environment ends in between.
//
// The work under it is raw: the end of a task may be the end of its environment (TaskEnded), and so
// has to come after everything else. A Napi::AsyncWorker deletes its work last, in its own
// destructor, and one that is cancelled is destroyed without an answer. The promise is raw, too: a
// Napi::Promise::Deferred that could not be made, as in a worker that is being terminated, does not
// say so, and its promise is whatever was in that memory.
class Task {
 public:
  Task(Environment* environment, bool debug_log)
      : environment_(environment), debug_log_(debug_log) {}
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Returns the promise. `name` is what async_hooks shows.
  static Napi::Value Start(std::unique_ptr<Task> task, const char* name);

 protected:
  virtual Status Execute() = 0;
  // Leaves `value` alone for a result without one.
  virtual Status Deliver(Environment* environment, Napi::Value* value) = 0;

 private:
  static void OnExecute(napi_env env, void* data);
  static void OnComplete(napi_env env, napi_status status, void* data);
  void Settle(Napi::Env env);

  Environment* environment_;
  bool debug_log_;
  Status status_;
  std::vector<LogMessage> log_;
  napi_deferred deferred_ = nullptr;
  napi_async_work work_ = nullptr;
};

template <typename Value, typename ExecuteFunction, typename DeliverFunction>
class TaskOf final : public Task {
 public:
  TaskOf(Environment* environment, bool debug_log, ExecuteFunction execute, DeliverFunction deliver)
      : Task(environment, debug_log), execute_(std::move(execute)), deliver_(std::move(deliver)) {}

 protected:
  Status Execute() override { return execute_(&value_); }
  Status Deliver(Environment* environment, Napi::Value* value) override {
    return deliver_(environment, std::move(value_), value);
  }

 private:
  // What they captured (copies of images, duplicated descriptors) lives as long as the task.
  ExecuteFunction execute_;
  DeliverFunction deliver_;
  Value value_{};
};

// execute: Status(Value*), on the pool. deliver: Status(Environment*, Value&&, Napi::Value*), on
// the JS thread.
template <typename Value, typename ExecuteFunction, typename DeliverFunction>
Napi::Value StartTask(Environment* environment, const char* name, ExecuteFunction execute,
                      DeliverFunction deliver, bool debug_log = false) {
  return Task::Start(std::make_unique<TaskOf<Value, ExecuteFunction, DeliverFunction>>(
                         environment, debug_log, std::move(execute), std::move(deliver)),
                     name);
}

// For work whose success has no value. execute: Status().
template <typename ExecuteFunction>
Napi::Value StartTask(Environment* environment, const char* name, ExecuteFunction execute) {
  struct Nothing {};
  return StartTask<Nothing>(
      environment, name, [execute = std::move(execute)](Nothing*) mutable { return execute(); },
      [](Environment*, Nothing&&, Napi::Value*) { return Status{}; });
}

}  // namespace ebpf

#endif  // EBPF_NATIVE_TASK_H_
