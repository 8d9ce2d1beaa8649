#include "kernel_btf.h"

#include <bpf/btf.h>

#include <mutex>
#include <unordered_map>

#include "bindings.h"
#include "env.h"

// What libbpf would call without --wrap.
extern "C" btf* __real_btf__load_vmlinux_btf();
extern "C" void __real_btf__free(btf* types);

namespace ebpf {
namespace {

#if EBPF_LIBBPF_BUNDLED
void Free(btf* types) { __real_btf__free(types); }
#else
void Free(btf* types) { btf__free(types); }
#endif

// What was parsed is only read from then on, by any thread: nothing of libbpf changes the kernel's
// types. It is freed with its last user, of which each load is one until it calls btf__free, and
// the wish of an environment is another.
class SharedBtf {
 public:
  // Null with errno, as libbpf has it.
  template <typename Parse>
  btf* Acquire(Parse parse) {
    // Held while parsing: who else needs it would only do the same on another thread.
    std::lock_guard<std::mutex> lock(mutex_);
    if (kept_ == nullptr) {
      btf* parsed = parse();
      if (parsed == nullptr) return nullptr;
      // The one thing that libbpf finds out later, and writes down then (btf_ptr_sz).
      btf__pointer_size(parsed);
      users_[parsed] = 1;
      if (interested_ == 0) return parsed;
      kept_ = parsed;
    }
    ++users_[kept_];
    return kept_;
  }

  // False for what is not shared.
  bool Release(btf* types) {
    std::lock_guard<std::mutex> lock(mutex_);
    return ReleaseLocked(types);
  }

  void Keep() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++interested_;
  }

  void Forget() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (--interested_ > 0 || kept_ == nullptr) return;
    ReleaseLocked(kept_);
    kept_ = nullptr;
  }

 private:
  bool ReleaseLocked(btf* types) {
    auto found = users_.find(types);
    if (found == users_.end()) return false;
    if (--found->second > 0) return true;
    users_.erase(found);
    Free(types);
    return true;
  }

  std::mutex mutex_;
  // More than one while a load goes on that began before the last one was forgotten.
  std::unordered_map<btf*, int> users_;
  btf* kept_ = nullptr;
  int interested_ = 0;
};

// Never destroyed: threads of the pool may be loading when the process exits.
SharedBtf& Shared() {
  static auto* shared = new SharedBtf;
  return *shared;
}

}  // namespace

void KernelBtfInterest::Begin() {
  if (begun_) return;
  begun_ = true;
  Shared().Keep();
}

void KernelBtfInterest::End() {
  if (!begun_) return;
  begun_ = false;
  Shared().Forget();
}

Napi::Value KernelBtfRelease(const Napi::CallbackInfo& info) {
  Environment::Of(info)->kernel_btf().End();
  return info.Env().Undefined();
}

#if EBPF_LIBBPF_BUNDLED

extern "C" btf* __wrap_btf__load_vmlinux_btf() {
  return Shared().Acquire(__real_btf__load_vmlinux_btf);
}

extern "C" void __wrap_btf__free(btf* types) {
  // libbpf's error pointers, which are no addresses, are not shared either.
  if (!Shared().Release(types)) __real_btf__free(types);
}

#endif

}  // namespace ebpf
