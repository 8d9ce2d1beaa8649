#include "env.h"

#include <atomic>

#include "log.h"

namespace ebpf {
namespace {

// Far apart for neighbours, so that a handle of one environment is none in another.
uint32_t NextSeed() {
  static std::atomic<uint32_t> environments{0};
  return environments.fetch_add(1) * 2654435761U >> 8;
}

}  // namespace

Environment::Environment(Napi::Env env)
    : env_(env), handles_(NextSeed()), poller_(env, &handles_) {}

Environment* Environment::Create(Napi::Env env) {
  InstallLog();
  auto* environment = new Environment(env);
  // node-addon-api has the synchronous hook only, which cannot wait for an event loop.
  if (napi_add_async_cleanup_hook(env, OnCleanup, environment, &environment->hook_) != napi_ok) {
    delete environment;
    Napi::Error::New(env, "the environment is ending").ThrowAsJavaScriptException();
    return nullptr;
  }
  return environment;
}

void Environment::TaskEnded() {
  --tasks_;
  if (ending_) EndWhenIdle();
}

// The environment waits for an asynchronous hook, and turns its event loop meanwhile. So the
// poller's handle can be closed in that loop (a worker that ends with an open uv_poll_t aborts the
// process), and what still runs on the pool comes back here and is released: the last of them ends
// this environment.
void Environment::OnCleanup(napi_async_cleanup_hook_handle, void* data) {
  auto* environment = static_cast<Environment*>(data);
  environment->ending_ = true;
  environment->poller_.Close(
      [](void* closed) {
        auto* ended = static_cast<Environment*>(closed);
        ended->poller_closed_ = true;
        ended->EndWhenIdle();
      },
      environment);
}

void Environment::EndWhenIdle() {
  if (tasks_ > 0 || !poller_closed_) return;
  for (Kind kind : {Kind::kReader, Kind::kUserRing, Kind::kLink, Kind::kObject, Kind::kMap,
                    Kind::kProgram, Kind::kDescriptor}) {
    handles_.DestroyAll(kind);
  }
  napi_async_cleanup_hook_handle hook = hook_;
  delete this;
  napi_remove_async_cleanup_hook(hook);
}

}  // namespace ebpf
