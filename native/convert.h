// What node-addon-api leaves open: reading values that may be of any type, and copying lists and
// bytes. JS thread only.
//
// A reader answers false when the value is of another type, with a TypeError pending, or with what
// the value's getters threw; its caller then returns an empty Napi::Value at once. Values are never
// coerced (Napi's To...): that would run the user's valueOf and toString.
//
// Where no more JavaScript can run, Napi's makers of objects give empty values, and throwing does
// nothing (NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS). Passing such values on is harmless.
#ifndef EBPF_NATIVE_CONVERT_H_
#define EBPF_NATIVE_CONVERT_H_

#include <napi.h>
#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

namespace ebpf {

// Throws "expected <what>" unless an exception is pending already. Always false.
[[gnu::cold]] bool Expected(Napi::Env env, const char* what);

bool Read(Napi::Value value, int32_t* result);
bool Read(Napi::Value value, uint32_t* result);
bool Read(Napi::Value value, int64_t* result);
// From a bigint; bits above the 64th are dropped.
bool Read(Napi::Value value, uint64_t* result);
bool Read(Napi::Value value, bool* result);
bool Read(Napi::Value value, std::string* result);
bool Read(Napi::Value value, Napi::ArrayBuffer* result);
bool Read(Napi::Value value, Napi::Function* result);
bool Read(Napi::Value value, Napi::Uint32Array* result);
// Copies a Uint8Array.
bool Read(Napi::Value value, std::vector<uint8_t>* result);
// Copies a BigUint64Array.
bool Read(Napi::Value value, std::vector<uint64_t>* result);
// Copies an array of strings.
bool Read(Napi::Value value, std::vector<std::string>* result);

// `undefined` is an absent value.
template <typename T>
bool Read(Napi::Value value, std::optional<T>* result) {
  return value.IsUndefined() || Read(value, &result->emplace());
}

// The first arguments, in order. Missing ones read as `undefined`.
template <typename... T>
bool ReadArguments(const Napi::CallbackInfo& info, T*... results) {
  size_t index = 0;
  return (Read(info[index++], results) && ...);
}

bool GetProperty(Napi::Value object, const char* name, Napi::Value* result);
bool GetElement(Napi::Array array, uint32_t index, Napi::Value* result);

template <typename T>
bool ReadProperty(Napi::Value object, const char* name, T* result) {
  Napi::Value value;
  return GetProperty(object, name, &value) && Read(value, result);
}

// Calls `read(element)` for each element of an array, until one answers false.
template <typename ReadElement>
bool ReadArray(Napi::Value value, ReadElement read) {
  if (!value.IsArray()) return Expected(value.Env(), "an array");
  auto array = value.As<Napi::Array>();
  uint32_t length = array.Length();
  for (uint32_t index = 0; index < length; ++index) {
    Napi::Value element;
    if (!GetElement(array, index, &element) || !read(element)) return false;
  }
  return true;
}

template <typename ReadElement>
bool ReadArrayProperty(Napi::Value object, const char* name, ReadElement read) {
  Napi::Value value;
  return GetProperty(object, name, &value) && ReadArray(value, read);
}

// A Uint8Array over a copy.
Napi::Value MakeBytes(Napi::Env env, const std::vector<uint8_t>& bytes);

// `make(item)` gives the element. A scope for each keeps a long list from filling the call's handle
// scope.
template <typename Items, typename Make>
Napi::Value MakeArray(Napi::Env env, const Items& items, Make make) {
  auto array = Napi::Array::New(env, items.size());
  uint32_t index = 0;
  for (const auto& item : items) {
    Napi::HandleScope scope(env);
    array.Set(index++, make(item));
  }
  return array;
}

}  // namespace ebpf

#endif  // EBPF_NATIVE_CONVERT_H_
