// Tells the event loop which rings and buffers are ready.
#ifndef EBPF_NATIVE_POLLER_H_
#define EBPF_NATIVE_POLLER_H_

#include <napi.h>
#include <stdint.h>
#include <uv.h>

#include <vector>

#include "handle.h"
#include "unique_fd.h"

namespace ebpf {

class Pollable;

// One epoll descriptor with all that is armed in it, and one uv_poll_t on that in the environment's
// own loop. While nothing is armed the uv_poll_t is stopped and costs nothing. JS thread only.
class Poller {
 public:
  Poller(napi_env env, HandleTable* handles) : env_(env), handles_(handles) {}
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  int Start(Napi::Function on_ready);
  // 1 when it is ready now, and nothing will tell.
  int Arm(int32_t handle, Pollable* pollable);
  int Disarm(Pollable* pollable);
  void KeepAlive(bool keep_alive);

  // Once, at the end of the environment. `closed(data)` is called when libuv has let go of the
  // handle: within this call when there never was one, else from the event loop.
  void Close(void (*closed)(void* data), void* data);

 private:
  int Open();
  static void OnPoll(uv_poll_t* poll, int status, int events);
  void Dispatch();
  // False when no more JavaScript can run.
  bool Call(int32_t handle);

  napi_env env_;
  HandleTable* handles_;
  Napi::FunctionReference on_ready_;
  UniqueFd epoll_;
  // Apart from this object: libuv keeps it until the close callback.
  uv_poll_t* poll_ = nullptr;
  int armed_ = 0;
  // Those armed that tell once.
  std::vector<int32_t> asked_;
  bool keep_alive_ = false;
  void (*closed_)(void* data) = nullptr;
  void* closed_data_ = nullptr;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_POLLER_H_
