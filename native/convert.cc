#include "convert.h"

#include <string.h>

namespace ebpf {
namespace {

bool IsTypedArray(Napi::Value value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// For raw calls, in place of Napi::Object::Get: that takes off what a getter threw, wraps it, and
// throws it again. On this way more of the user's code can run (the traps of a proxy that was
// thrown), and where it was node:vm's timeout that ended the getter, node-addon-api cannot make its
// wrapper, and aborts the process.
bool Got(napi_env env, napi_status status, napi_value value, Napi::Value* result) {
  if (status != napi_ok) return Expected(env, "a value");
  *result = Napi::Value(env, value);
  return true;
}

}  // namespace

bool Expected(Napi::Env env, const char* what) {
  if (!env.IsExceptionPending()) {
    Napi::TypeError::New(env, std::string("expected ") + what).ThrowAsJavaScriptException();
  }
  return false;
}

bool Read(Napi::Value value, int32_t* result) {
  if (!value.IsNumber()) return Expected(value.Env(), "a number");
  *result = value.As<Napi::Number>().Int32Value();
  return true;
}

bool Read(Napi::Value value, uint32_t* result) {
  if (!value.IsNumber()) return Expected(value.Env(), "a number");
  *result = value.As<Napi::Number>().Uint32Value();
  return true;
}

bool Read(Napi::Value value, int64_t* result) {
  if (!value.IsNumber()) return Expected(value.Env(), "a number");
  *result = value.As<Napi::Number>().Int64Value();
  return true;
}

bool Read(Napi::Value value, uint64_t* result) {
  if (!value.IsBigInt()) return Expected(value.Env(), "a bigint");
  bool lossless;
  *result = value.As<Napi::BigInt>().Uint64Value(&lossless);
  return true;
}

bool Read(Napi::Value value, bool* result) {
  if (!value.IsBoolean()) return Expected(value.Env(), "a boolean");
  *result = value.As<Napi::Boolean>();
  return true;
}

bool Read(Napi::Value value, std::string* result) {
  if (!value.IsString()) return Expected(value.Env(), "a string");
  *result = value.As<Napi::String>();
  return true;
}

bool Read(Napi::Value value, Napi::ArrayBuffer* result) {
  if (!value.IsArrayBuffer()) return Expected(value.Env(), "an ArrayBuffer");
  *result = value.As<Napi::ArrayBuffer>();
  return true;
}

bool Read(Napi::Value value, Napi::Function* result) {
  if (!value.IsFunction()) return Expected(value.Env(), "a function");
  *result = value.As<Napi::Function>();
  return true;
}

bool Read(Napi::Value value, Napi::Uint32Array* result) {
  if (!IsTypedArray(value, napi_uint32_array)) return Expected(value.Env(), "a Uint32Array");
  *result = value.As<Napi::Uint32Array>();
  return true;
}

bool Read(Napi::Value value, std::vector<uint8_t>* result) {
  if (!IsTypedArray(value, napi_uint8_array)) return Expected(value.Env(), "a Uint8Array");
  auto bytes = value.As<Napi::Uint8Array>();
  // 0 when the memory is detached, or when it has shrunk away from under the view.
  size_t size = bytes.Data() == nullptr ? 0 : bytes.ElementLength();
  result->assign(bytes.Data(), bytes.Data() + size);
  return true;
}

bool Read(Napi::Value value, std::vector<uint64_t>* result) {
  if (!IsTypedArray(value, napi_biguint64_array)) return Expected(value.Env(), "a BigUint64Array");
  auto numbers = value.As<Napi::BigUint64Array>();
  size_t size = numbers.Data() == nullptr ? 0 : numbers.ElementLength();
  result->assign(numbers.Data(), numbers.Data() + size);
  return true;
}

bool Read(Napi::Value value, std::vector<std::string>* result) {
  return ReadArray(
      value, [result](Napi::Value element) { return Read(element, &result->emplace_back()); });
}

bool GetProperty(Napi::Value object, const char* name, Napi::Value* result) {
  napi_env env = object.Env();
  if (object.Type() != napi_object) return Expected(env, "an object");
  napi_value value;
  napi_status status = napi_get_named_property(env, object, name, &value);
  return Got(env, status, value, result);
}

bool GetElement(Napi::Array array, uint32_t index, Napi::Value* result) {
  napi_env env = array.Env();
  napi_value value;
  napi_status status = napi_get_element(env, array, index, &value);
  return Got(env, status, value, result);
}

Napi::Value MakeBytes(Napi::Env env, const std::vector<uint8_t>& bytes) {
  auto array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty() && !array.IsEmpty()) memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

}  // namespace ebpf
