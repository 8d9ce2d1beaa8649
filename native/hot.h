// What the hot calls use instead of node-addon-api: those on a map's entries and batches, and on a
// ring's records. Each is one system call of less than a microsecond, or none. Raw Node-API checks
// and reads an argument in one call, and nothing here allocates; by way of Napi::CallbackInfo and
// Napi::Value it is two calls, four for a typed array, and half as much time again (40 ns instead
// of 27 for a call that does nothing). Whatever is called less often than that is not hot.
#ifndef EBPF_NATIVE_HOT_H_
#define EBPF_NATIVE_HOT_H_

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

#include "convert.h"

namespace ebpf {

class Environment;

namespace hot {

// A place in JavaScript's memory; good until JavaScript runs again.
template <typename T, napi_typedarray_type wanted>
struct View {
  T* data = nullptr;
  size_t length = 0;

  bool Read(napi_env env, napi_value value) {
    // Newer kinds of typed array than this Node-API knows leave it as it is.
    napi_typedarray_type type = napi_int8_array;
    void* memory = nullptr;
    if (napi_get_typedarray_info(env, value, &type, &length, &memory, nullptr, nullptr) != napi_ok)
      return false;
    // Detached, or out of the bounds of a buffer that has shrunk: the pointer may be anything.
    if (memory == nullptr) length = 0;
    data = length == 0 ? nullptr : static_cast<T*>(memory);
    return type == wanted;
  }
};

using Bytes = View<uint8_t, napi_uint8_array>;
using Words = View<uint32_t, napi_uint32_array>;

// Like those of convert.h: false with a TypeError pending.
inline bool Read(napi_env env, napi_value value, int32_t* result) {
  return napi_get_value_int32(env, value, result) == napi_ok || Expected(env, "a number");
}

inline bool Read(napi_env env, napi_value value, int64_t* result) {
  return napi_get_value_int64(env, value, result) == napi_ok || Expected(env, "a number");
}

inline bool Read(napi_env env, napi_value value, bool* result) {
  return napi_get_value_bool(env, value, result) == napi_ok || Expected(env, "a boolean");
}

inline bool Read(napi_env env, napi_value value, Bytes* result) {
  return result->Read(env, value) || Expected(env, "a Uint8Array");
}

inline bool Read(napi_env env, napi_value value, Words* result) {
  return result->Read(env, value) || Expected(env, "a Uint32Array");
}

// The arguments of a call. Missing ones are `undefined`, which no reader takes.
template <size_t count>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t given = count;
    void* data = nullptr;
    napi_get_cb_info(env, info, &given, values_, nullptr, &data);
    environment_ = static_cast<Environment*>(data);
  }

  Environment* environment() const { return environment_; }

  // All of them, in order.
  template <typename... T>
  bool Read(T*... results) const {
    static_assert(sizeof...(T) == count);
    size_t index = 0;
    return (hot::Read(env_, values_[index++], results) && ...);
  }

 private:
  napi_env env_;
  Environment* environment_ = nullptr;
  napi_value values_[count];
};

inline napi_value MakeInt(napi_env env, int32_t number) {
  napi_value result = nullptr;
  napi_create_int32(env, number, &result);
  return result;
}

inline napi_value MakeNumber(napi_env env, double number) {
  napi_value result = nullptr;
  napi_create_double(env, number, &result);
  return result;
}

}  // namespace hot
}  // namespace ebpf

#endif  // EBPF_NATIVE_HOT_H_
