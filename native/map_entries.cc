// The hot calls on a map: raw Node-API (hot.h). Nothing here allocates, and each is one system
// call.

#include <bpf/bpf.h>

#include <iterator>

#include "bindings.h"
#include "env.h"
#include "hot.h"
#include "map.h"
#include "status.h"

namespace ebpf {
namespace {

using hot::Arguments;
using hot::Bytes;
using hot::MakeInt;
using hot::Words;

// Null, with *status telling why, unless the map is open and its memory bound.
Map* GetBound(Environment* environment, int32_t handle, int* status) {
  Map* map = environment->handles().Get<Map>(handle);
  if (map == nullptr) {
    *status = -EBADF;
    return nullptr;
  }
  *status = -EINVAL;
  return map->bound() ? map : nullptr;
}

bool Holds(const Bytes& view, size_t entry_size, uint32_t entries) {
  // A size that overflows would need a value of gigabytes on thousands of CPUs.
  return view.length >= static_cast<uint64_t>(entry_size) * entries;
}

struct Batch {
  Map* map = nullptr;
  LibbpfOptions<bpf_map_batch_opts> options;
  uint32_t wanted = 0;
  int status = 0;

  // `values` and `token` are null for the calls that have none.
  void Check(Environment* environment, int32_t handle, const Bytes& keys, const Bytes* values,
             const Bytes* token, const Words& control) {
    map = environment->handles().Get<Map>(handle);
    if (map == nullptr) {
      status = -EBADF;
      return;
    }
    if (control.length < 2) {
      status = -EINVAL;
      return;
    }
    wanted = control.data[0];
    const MapShape& shape = map->shape();
    // The kernel's cursor is a bucket number for hashes, the last key for arrays and tries.
    size_t cursor_size = shape.key_size < 4 ? 4 : shape.key_size;
    if (!Holds(keys, shape.key_size, wanted) ||
        (values != nullptr && !Holds(*values, shape.value_size, wanted)) ||
        (token != nullptr && token->length < cursor_size)) {
      status = -EINVAL;
    }
  }

  napi_value Finish(napi_env env, const Words& control, int returned, uint32_t count) {
    // A call that is refused outright leaves the count as it was. -ENOENT is the end of a walk,
    // whose last batch may well be full.
    if (returned < 0 && returned != -ENOENT && count >= wanted) count = 0;
    control.data[0] = count;
    return MakeInt(env, returned);
  }

  napi_value Refuse(napi_env env, const Words& control) const {
    if (control.length > 0) control.data[0] = 0;
    return MakeInt(env, status);
  }
};

using LookupBatchFunction = int (*)(int fd, void* in_batch, void* out_batch, void* keys,
                                    void* values, __u32* count, const bpf_map_batch_opts* options);

template <LookupBatchFunction function>
napi_value LookupBatch(napi_env env, napi_callback_info info) {
  Arguments<6> arguments(env, info);
  int32_t handle;
  Bytes keys;
  Bytes values;
  Bytes token;
  Words control;
  int64_t flags;
  if (!arguments.Read(&handle, &keys, &values, &token, &control, &flags)) return nullptr;
  Batch batch;
  batch.Check(arguments.environment(), handle, keys, &values, &token, control);
  if (batch.status != 0) return batch.Refuse(env, control);
  batch.options.elem_flags = static_cast<uint64_t>(flags);
  uint32_t count = batch.wanted;
  void* from = control.data[1] == 0 ? nullptr : token.data;
  int returned =
      function(batch.map->fd(), from, token.data, keys.data, values.data, &count, &batch.options);
  return batch.Finish(env, control, returned, count);
}

// What is done with the entry whose key lies in the map's own memory, where its value is, too.
template <typename Option>
using EntryCall = int (*)(Map* map, Option option);

int Lookup(Map* map, int64_t flags) {
  return bpf_map_lookup_elem_flags(map->fd(), map->key(), map->value(),
                                   static_cast<uint64_t>(flags));
}

int Update(Map* map, int64_t flags) {
  return bpf_map_update_elem(map->fd(), map->key(), map->value(), static_cast<uint64_t>(flags));
}

int LookupAndDelete(Map* map, int64_t flags) {
  return bpf_map_lookup_and_delete_elem_flags(map->fd(), map->key(), map->value(),
                                              static_cast<uint64_t>(flags));
}

// The kernel takes no flags for it.
int Delete(Map* map, int64_t) { return bpf_map_delete_elem(map->fd(), map->key()); }

// The kernel copies the key before it writes the next one: they may share their place.
int NextKey(Map* map, bool first) {
  return bpf_map_get_next_key(map->fd(), first ? nullptr : map->key(), map->key());
}

template <typename Option, EntryCall<Option> call>
napi_value OnEntry(napi_env env, napi_callback_info info) {
  Arguments<2> arguments(env, info);
  int32_t handle;
  Option option;
  int status;
  if (!arguments.Read(&handle, &option)) return nullptr;
  Map* map = GetBound(arguments.environment(), handle, &status);
  if (map != nullptr) status = call(map, option);
  return MakeInt(env, status);
}

// A function of one map alone: reading arguments and finding the map by its handle would take as
// long as all the rest of a call, and so would making a number of each success.
template <EntryCall<int64_t> call>
napi_value OnTarget(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  Map* map = static_cast<MapTarget*>(data)->map;
  int status = map == nullptr ? -EBADF : call(map, BPF_ANY);
  return status == 0 ? nullptr : MakeInt(env, status);
}

void ReleaseTarget(napi_env, void* data, void*) { static_cast<MapTarget*>(data)->Release(); }

// Null, with an exception pending or the environment at its end, when there is none to be had.
napi_value MakeOnTarget(napi_env env, Map* map, napi_callback function) {
  MapTarget* target = map->HoldTarget();
  napi_value result = nullptr;
  if (napi_create_function(env, nullptr, 0, function, target, &result) != napi_ok ||
      napi_add_finalizer(env, result, target, ReleaseTarget, nullptr, nullptr) != napi_ok) {
    target->Release();
    return nullptr;
  }
  return result;
}

}  // namespace

napi_value MapFunctions(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  int status;
  if (!arguments.Read(&handle)) return nullptr;
  Map* map = GetBound(arguments.environment(), handle, &status);
  if (map == nullptr) return MakeInt(env, status);
  constexpr napi_callback kFunctions[] = {OnTarget<Lookup>, OnTarget<Update>, OnTarget<Delete>};
  napi_value result = nullptr;
  if (napi_create_array_with_length(env, std::size(kFunctions), &result) != napi_ok) return nullptr;
  for (uint32_t index = 0; index < std::size(kFunctions); ++index) {
    napi_value function = MakeOnTarget(env, map, kFunctions[index]);
    if (function == nullptr || napi_set_element(env, result, index, function) != napi_ok)
      return nullptr;
  }
  return result;
}

napi_value MapLookup(napi_env env, napi_callback_info info) {
  return OnEntry<int64_t, Lookup>(env, info);
}

napi_value MapUpdate(napi_env env, napi_callback_info info) {
  return OnEntry<int64_t, Update>(env, info);
}

napi_value MapDelete(napi_env env, napi_callback_info info) {
  Arguments<1> arguments(env, info);
  int32_t handle;
  int status;
  if (!arguments.Read(&handle)) return nullptr;
  Map* map = GetBound(arguments.environment(), handle, &status);
  if (map != nullptr) status = Delete(map, BPF_ANY);
  return MakeInt(env, status);
}

napi_value MapLookupAndDelete(napi_env env, napi_callback_info info) {
  return OnEntry<int64_t, LookupAndDelete>(env, info);
}

napi_value MapNextKey(napi_env env, napi_callback_info info) {
  return OnEntry<bool, NextKey>(env, info);
}

napi_value MapLookupBatch(napi_env env, napi_callback_info info) {
  return LookupBatch<bpf_map_lookup_batch>(env, info);
}

napi_value MapLookupAndDeleteBatch(napi_env env, napi_callback_info info) {
  return LookupBatch<bpf_map_lookup_and_delete_batch>(env, info);
}

napi_value MapUpdateBatch(napi_env env, napi_callback_info info) {
  Arguments<5> arguments(env, info);
  int32_t handle;
  Bytes keys;
  Bytes values;
  Words control;
  int64_t flags;
  if (!arguments.Read(&handle, &keys, &values, &control, &flags)) return nullptr;
  Batch batch;
  batch.Check(arguments.environment(), handle, keys, &values, nullptr, control);
  if (batch.status != 0) return batch.Refuse(env, control);
  batch.options.elem_flags = static_cast<uint64_t>(flags);
  uint32_t count = batch.wanted;
  int returned =
      bpf_map_update_batch(batch.map->fd(), keys.data, values.data, &count, &batch.options);
  return batch.Finish(env, control, returned, count);
}

napi_value MapDeleteBatch(napi_env env, napi_callback_info info) {
  Arguments<3> arguments(env, info);
  int32_t handle;
  Bytes keys;
  Words control;
  if (!arguments.Read(&handle, &keys, &control)) return nullptr;
  Batch batch;
  batch.Check(arguments.environment(), handle, keys, nullptr, nullptr, control);
  if (batch.status != 0) return batch.Refuse(env, control);
  uint32_t count = batch.wanted;
  int returned = bpf_map_delete_batch(batch.map->fd(), keys.data, &count, &batch.options);
  return batch.Finish(env, control, returned, count);
}

}  // namespace ebpf
