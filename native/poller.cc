#include "poller.h"

#include <sys/epoll.h>

#include <algorithm>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "hot.h"
#include "pollable.h"

namespace ebpf {

int Poller::Start(Napi::Function on_ready) {
  if (!on_ready_.IsEmpty()) return -EBUSY;
  on_ready_ = Napi::Persistent(on_ready);
  return on_ready_.IsEmpty() ? -EINVAL : 0;
}

int Poller::Open() {
  uv_loop_t* loop;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -EINVAL;
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return -errno;
  auto* poll = new uv_poll_t;
  int status = uv_poll_init(loop, poll, epoll.get());
  if (status != 0) {
    delete poll;
    return status;
  }
  poll->data = this;
  poll_ = poll;
  epoll_ = std::move(epoll);
  KeepAlive(keep_alive_);
  return 0;
}

int Poller::Arm(int32_t handle, Pollable* pollable) {
  if (on_ready_.IsEmpty()) return -EINVAL;
  if (pollable->armed) return 0;
  if (poll_ == nullptr) {
    int status = Open();
    if (status != 0) return status;
  }
  // Unless it asks for edges, what is ready already is reported at once, and what is left as it is
  // is reported again.
  epoll_event event = {};
  event.events = pollable->poll_events();
  event.data.u32 = static_cast<uint32_t>(handle);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pollable->poll_fd(), &event) != 0) return -errno;
  if (armed_ == 0) {
    int status = uv_poll_start(poll_, UV_READABLE, OnPoll);
    if (status != 0) {
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, pollable->poll_fd(), nullptr);
      return status;
    }
  }
  ++armed_;
  pollable->armed = true;
  if (!pollable->tells_once()) return 0;
  asked_.push_back(handle);
  // What it told before, epoll_ctl has heard.
  return pollable->ready() ? 1 : 0;
}

int Poller::Disarm(Pollable* pollable) {
  if (!pollable->armed) return 0;
  // Closing the descriptor would not do: the epoll entry belongs to the open file, which others
  // hold as well.
  int status =
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, pollable->poll_fd(), nullptr) == 0 ? 0 : -errno;
  pollable->armed = false;
  if (pollable->tells_once()) {
    // Those that were closed are gone from the table.
    asked_.erase(std::remove_if(asked_.begin(), asked_.end(),
                                [&](int32_t handle) {
                                  Pollable* other = handles_->GetPollable(handle);
                                  return other == nullptr || other == pollable;
                                }),
                 asked_.end());
  }
  if (--armed_ == 0) uv_poll_stop(poll_);
  return status;
}

void Poller::KeepAlive(bool keep_alive) {
  keep_alive_ = keep_alive;
  if (poll_ == nullptr) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(poll_);
  keep_alive ? uv_ref(handle) : uv_unref(handle);
}

void Poller::OnPoll(uv_poll_t* poll, int, int) { static_cast<Poller*>(poll->data)->Dispatch(); }

void Poller::Dispatch() {
  constexpr int kMaxEvents = 64;
  epoll_event events[kMaxEvents];
  int count = epoll_wait(epoll_.get(), events, kMaxEvents, 0);
  for (int index = 0; index < count; ++index) {
    auto handle = static_cast<int32_t>(events[index].data.u32);
    // A call before this one may have closed or disarmed it.
    Pollable* pollable = handles_->GetPollable(handle);
    if (pollable == nullptr || !pollable->armed || pollable->tells_once()) continue;
    if (!Call(handle)) return;
  }
  if (asked_.empty()) return;
  for (int32_t handle : std::vector<int32_t>(asked_)) {
    Pollable* pollable = handles_->GetPollable(handle);
    if (pollable != nullptr && pollable->armed && pollable->ready() && !Call(handle)) return;
  }
}

// Raw, and hot: once for each batch of records. What the callback throws is an uncaught exception,
// which node-addon-api has no call for.
bool Poller::Call(int32_t handle) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value global = nullptr;
  napi_value callback = nullptr;
  napi_value argument = hot::MakeInt(env_, handle);
  napi_get_global(env_, &global);
  napi_get_reference_value(env_, on_ready_, &callback);
  // Not napi_call_function: this one also runs the microtasks and what process.nextTick has queued.
  napi_status status = napi_make_callback(env_, nullptr, global, callback, 1, &argument, nullptr);
  bool pending = false;
  if (status != napi_ok) napi_is_exception_pending(env_, &pending);
  if (pending) {
    napi_value exception;
    if (napi_get_and_clear_last_exception(env_, &exception) == napi_ok) {
      // 'uncaughtException'; without a listener the process ends here.
      status = napi_fatal_exception(env_, exception);
    }
  }
  napi_close_handle_scope(env_, scope);
  return status == napi_ok;
}

void Poller::Close(void (*closed)(void* data), void* data) {
  on_ready_.Reset();
  if (poll_ == nullptr) return closed(data);
  closed_ = closed;
  closed_data_ = data;
  uv_close(reinterpret_cast<uv_handle_t*>(poll_), [](uv_handle_t* handle) {
    auto* poller = static_cast<Poller*>(handle->data);
    delete reinterpret_cast<uv_poll_t*>(handle);
    poller->poll_ = nullptr;
    // The last use of the poller: its environment may go now.
    poller->closed_(poller->closed_data_);
  });
}

Napi::Value PollerStart(const Napi::CallbackInfo& info) {
  Napi::Function on_ready;
  if (!ReadArguments(info, &on_ready)) return {};
  return Napi::Number::New(info.Env(), Environment::Of(info)->poller().Start(on_ready));
}

Napi::Value PollerReference(const Napi::CallbackInfo& info) {
  bool keep_alive;
  if (!ReadArguments(info, &keep_alive)) return {};
  Environment::Of(info)->poller().KeepAlive(keep_alive);
  return info.Env().Undefined();
}

Napi::Value PollerArm(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  Pollable* pollable = environment->handles().GetPollable(handle);
  int status = pollable == nullptr ? -EBADF : environment->poller().Arm(handle, pollable);
  return Napi::Number::New(info.Env(), status);
}

Napi::Value PollerDisarm(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  Pollable* pollable = environment->handles().GetPollable(handle);
  int status = pollable == nullptr ? -EBADF : environment->poller().Disarm(pollable);
  return Napi::Number::New(info.Env(), status);
}

}  // namespace ebpf
