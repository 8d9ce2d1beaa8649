// JavaScript values to C and back. JS thread only.
//
// A reader answers false when the value is of another type, with a TypeError pending (or with
// whatever the value's getters threw). A maker answers nullptr when the environment can run no more
// JavaScript; passing that on is harmless.
#ifndef EBPF_NATIVE_CONVERT_H_
#define EBPF_NATIVE_CONVERT_H_

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

namespace ebpf {

class Environment;

// ---- reading ----

// Throws "expected <what>" unless an exception is pending already. Always false.
[[gnu::cold]] bool Expected(napi_env env, const char* what);

// A place in JavaScript's memory; good until JavaScript runs again.
struct View {
  uint8_t* data = nullptr;
  size_t size = 0;
};

struct WordsView {
  uint32_t* data = nullptr;
  size_t length = 0;
};

inline bool Read(napi_env env, napi_value value, int32_t* result) {
  return napi_get_value_int32(env, value, result) == napi_ok || Expected(env, "a number");
}

inline bool Read(napi_env env, napi_value value, uint32_t* result) {
  return napi_get_value_uint32(env, value, result) == napi_ok || Expected(env, "a number");
}

inline bool Read(napi_env env, napi_value value, int64_t* result) {
  return napi_get_value_int64(env, value, result) == napi_ok || Expected(env, "a number");
}

inline bool Read(napi_env env, napi_value value, bool* result) {
  return napi_get_value_bool(env, value, result) == napi_ok || Expected(env, "a boolean");
}

// From a bigint; bits above the 64th are dropped.
bool Read(napi_env env, napi_value value, uint64_t* result);
bool Read(napi_env env, napi_value value, std::string* result);
bool Read(napi_env env, napi_value value, View* result);
bool Read(napi_env env, napi_value value, WordsView* result);
// Copies a Uint8Array.
bool Read(napi_env env, napi_value value, std::vector<uint8_t>* result);

// `undefined` is an absent value.
template <typename T>
bool Read(napi_env env, napi_value value, std::optional<T>* result) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) != napi_ok) return Expected(env, "a value");
  if (type == napi_undefined) return true;
  return Read(env, value, &result->emplace());
}

bool GetProperty(napi_env env, napi_value object, const char* name, napi_value* result);

template <typename T>
bool ReadProperty(napi_env env, napi_value object, const char* name, T* result) {
  napi_value value;
  return GetProperty(env, object, name, &value) && Read(env, value, result);
}

// Calls `read(element)` for each element of an array property, until one answers false.
template <typename ReadElement>
bool ReadArrayProperty(napi_env env, napi_value object, const char* name, ReadElement read) {
  napi_value array;
  uint32_t length;
  if (!GetProperty(env, object, name, &array)) return false;
  if (napi_get_array_length(env, array, &length) != napi_ok) return Expected(env, "an array");
  for (uint32_t index = 0; index < length; ++index) {
    napi_value element;
    if (napi_get_element(env, array, index, &element) != napi_ok) return Expected(env, "a value");
    if (!read(element)) return false;
  }
  return true;
}

// The arguments of a call. Missing ones read as `undefined`, which no reader takes.
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
  napi_value operator[](size_t index) const { return values_[index]; }

  // The first arguments, in order.
  template <typename... T>
  bool Read(T*... results) const {
    static_assert(sizeof...(T) <= count);
    size_t index = 0;
    return (ebpf::Read(env_, values_[index++], results) && ...);
  }

 private:
  napi_env env_;
  Environment* environment_ = nullptr;
  napi_value values_[count == 0 ? 1 : count] = {};
};

// ---- making ----

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

inline napi_value MakeBoolean(napi_env env, bool boolean) {
  napi_value result = nullptr;
  napi_get_boolean(env, boolean, &result);
  return result;
}

inline napi_value MakeBigInt(napi_env env, uint64_t number) {
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, number, &result);
  return result;
}

inline napi_value MakeString(napi_env env, const char* text, size_t length = NAPI_AUTO_LENGTH) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, text == nullptr ? "" : text, length, &result);
  return result;
}

// A Uint8Array over a copy.
napi_value MakeBytes(napi_env env, const void* data, size_t size);

class ObjectMaker {
 public:
  explicit ObjectMaker(napi_env env) : env_(env) { napi_create_object(env, &object_); }

  ObjectMaker& Set(const char* name, napi_value value) {
    if (object_ != nullptr && value != nullptr) napi_set_named_property(env_, object_, name, value);
    return *this;
  }
  ObjectMaker& Number(const char* name, double value) { return Set(name, MakeNumber(env_, value)); }
  ObjectMaker& BigInt(const char* name, uint64_t value) {
    return Set(name, MakeBigInt(env_, value));
  }
  ObjectMaker& Boolean(const char* name, bool value) { return Set(name, MakeBoolean(env_, value)); }
  ObjectMaker& String(const char* name, const char* value) {
    return Set(name, MakeString(env_, value));
  }
  ObjectMaker& String(const char* name, const std::string& value) {
    return Set(name, MakeString(env_, value.data(), value.size()));
  }

  napi_value object() const { return object_; }

 private:
  napi_env env_;
  napi_value object_ = nullptr;
};

// `make(item)` gives the element. A scope for each keeps a long list from filling the call's handle
// scope.
template <typename Items, typename Make>
napi_value MakeArray(napi_env env, const Items& items, Make make) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, items.size(), &array) != napi_ok) return nullptr;
  uint32_t index = 0;
  for (const auto& item : items) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return nullptr;
    napi_value element = make(item);
    if (element != nullptr) napi_set_element(env, array, index, element);
    napi_close_handle_scope(env, scope);
    ++index;
  }
  return array;
}

}  // namespace ebpf

#endif  // EBPF_NATIVE_CONVERT_H_
