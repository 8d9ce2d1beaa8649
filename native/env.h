// What one environment (the main thread, or a worker) has of the addon, and how it ends.
#ifndef EBPF_NATIVE_ENV_H_
#define EBPF_NATIVE_ENV_H_

#include <napi.h>

#include <memory>

#include "handle.h"
#include "kernel_btf.h"
#include "poller.h"

namespace ebpf {

// Made when the addon is loaded into an environment, and handed to each function as callback data.
// Lives on that JS thread; the pool's threads never see it. Gone when the environment has ended:
// its finalizers, which run later, must not touch it.
class Environment {
 public:
  // Null, with an exception pending, when the environment is ending already.
  static Environment* Create(Napi::Env env);
  // The one of a call.
  static Environment* Of(const Napi::CallbackInfo& info) {
    return static_cast<Environment*>(info.Data());
  }

  Napi::Env env() const { return env_; }
  HandleTable& handles() { return handles_; }
  Poller& poller() { return poller_; }
  KernelBtfInterest& kernel_btf() { return kernel_btf_; }
  // Memory maps that JavaScript holds. Shared with their finalizers.
  const std::shared_ptr<int>& mappings() { return mappings_; }

  bool ending() const { return ending_; }
  void TaskStarted() { ++tasks_; }
  // May destroy this environment.
  void TaskEnded();

 private:
  explicit Environment(Napi::Env env);
  static void OnCleanup(napi_async_cleanup_hook_handle hook, void* data);
  void EndWhenIdle();

  Napi::Env env_;
  HandleTable handles_;
  Poller poller_;
  KernelBtfInterest kernel_btf_;
  std::shared_ptr<int> mappings_ = std::make_shared<int>(0);
  int tasks_ = 0;
  bool ending_ = false;
  bool poller_closed_ = false;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_ENV_H_
