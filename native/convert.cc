#include "convert.h"

#include <string.h>

namespace ebpf {
namespace {

bool ReadTypedArray(napi_env env, napi_value value, napi_typedarray_type wanted, void** data,
                    size_t* length) {
  napi_typedarray_type type;
  bool is_typed_array = false;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array) return false;
  if (napi_get_typedarray_info(env, value, &type, length, data, nullptr, nullptr) != napi_ok)
    return false;
  // Detached, or out of the bounds of a buffer that has shrunk: the pointer may be anything.
  if (*length == 0) *data = nullptr;
  if (*data == nullptr) *length = 0;
  return type == wanted;
}

}  // namespace

bool Expected(napi_env env, const char* what) {
  bool pending = true;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, nullptr, (std::string("expected ") + what).c_str());
  return false;
}

bool Read(napi_env env, napi_value value, uint64_t* result) {
  bool lossless;
  return napi_get_value_bigint_uint64(env, value, result, &lossless) == napi_ok ||
         Expected(env, "a bigint");
}

bool Read(napi_env env, napi_value value, std::string* result) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
    return Expected(env, "a string");
  result->resize(length);
  // One more for the NUL, which std::string has room for.
  napi_get_value_string_utf8(env, value, result->data(), length + 1, &length);
  result->resize(length);
  return true;
}

bool Read(napi_env env, napi_value value, View* result) {
  void* data;
  if (!ReadTypedArray(env, value, napi_uint8_array, &data, &result->size))
    return Expected(env, "a Uint8Array");
  result->data = static_cast<uint8_t*>(data);
  return true;
}

bool Read(napi_env env, napi_value value, WordsView* result) {
  void* data;
  if (!ReadTypedArray(env, value, napi_uint32_array, &data, &result->length))
    return Expected(env, "a Uint32Array");
  result->data = static_cast<uint32_t*>(data);
  return true;
}

bool Read(napi_env env, napi_value value, std::vector<uint8_t>* result) {
  View view;
  if (!Read(env, value, &view)) return false;
  result->assign(view.data, view.data + view.size);
  return true;
}

bool GetProperty(napi_env env, napi_value object, const char* name, napi_value* result) {
  napi_valuetype type;
  if (napi_typeof(env, object, &type) != napi_ok || type != napi_object)
    return Expected(env, "an object");
  return napi_get_named_property(env, object, name, result) == napi_ok || Expected(env, "a value");
}

napi_value MakeBytes(napi_env env, const void* data, size_t size) {
  void* memory;
  napi_value buffer;
  napi_value result = nullptr;
  if (napi_create_arraybuffer(env, size, &memory, &buffer) != napi_ok) return nullptr;
  if (size > 0) memcpy(memory, data, size);
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &result);
  return result;
}

}  // namespace ebpf
