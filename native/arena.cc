#include "arena.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <utility>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "hot.h"
#include "kernel_abi.h"
#include "map.h"
#include "status.h"

// Of headers older than Linux 5.14.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace ebpf {
namespace {

// An arena that this process has mapped, or had: the kernel takes no other address for it, ever.
struct Known {
  std::weak_ptr<ArenaMapping> mapping;
  void* address = nullptr;
};

// By the kernel's id of the map. Should another arena have it by now, the kernel refuses the
// address.
struct Mappings {
  std::mutex mutex;
  std::map<uint32_t, Known> by_id;
};

Mappings& AllMappings() {
  static auto* mappings = new Mappings();
  return *mappings;
}

void* MapAt(int fd, void* address, size_t length) {
  int fixed = address == nullptr ? 0 : MAP_FIXED_NOREPLACE;
  return mmap(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | fixed, fd, 0);
}

// Where libbpf has mapped the arena of an object that it loaded; null where it has not. Of one that
// was there before it gives memory of its own instead, with the object's global variables.
void* AddressInObject(const Map& map, size_t length) {
#if EBPF_LIBBPF_AT_LEAST(1, 4)
  if (map.object == nullptr || map.map == nullptr) return nullptr;
  size_t size = 0;
  void* address = bpf_map__initial_value(map.map, &size);
  if (address == nullptr || reinterpret_cast<uintptr_t>(address) % getpagesize() != 0)
    return nullptr;
  // The kernel looks at the arena's address before it looks whether something is there.
  void* mapped = MapAt(map.fd(), address, length);
  if (mapped != MAP_FAILED) {
    munmap(mapped, length);
    return nullptr;
  }
  return errno == EEXIST ? address : nullptr;
#else
  (void)map;
  (void)length;
  return nullptr;
#endif
}

// Null with *error set when it cannot be mapped.
std::shared_ptr<ArenaMapping> MapArena(const Map& map, uint64_t fixed_address, int* error) {
  size_t length = size_t{map.shape().max_entries} * static_cast<size_t>(getpagesize());
  Mappings& all = AllMappings();
  std::lock_guard<std::mutex> lock(all.mutex);
  auto found = all.by_id.find(map.shape().id);
  Known known = found == all.by_id.end() ? Known{} : found->second;
  std::shared_ptr<ArenaMapping> mapping = known.mapping.lock();
  if (mapping != nullptr) return mapping;
  void* address = MapAt(map.fd(), reinterpret_cast<void*>(fixed_address), length);
  if (address == MAP_FAILED && known.address != nullptr)
    address = MapAt(map.fd(), known.address, length);
  if (address != MAP_FAILED) {
    mapping = std::make_shared<ArenaMapping>(address, length);
  } else {
    *error = -errno;
    address = AddressInObject(map, length);
    if (address == nullptr) return nullptr;
    mapping = std::make_shared<ArenaMapping>(address, length, map.object);
  }
  all.by_id[map.shape().id] = {mapping, address};
  return mapping;
}

// The arena of a handle that was mapped; null with *error set otherwise.
ArenaMapping* GetArena(Environment* environment, int32_t handle, int* error) {
  auto* map = environment->handles().Get<Map>(handle);
  *error = map == nullptr ? -EBADF : -EINVAL;
  return map == nullptr ? nullptr : map->arena.get();
}

// What a buffer that JavaScript holds needs until it is collected. May outlive the map, and the
// environment's end.
struct View {
  std::shared_ptr<ArenaMapping> mapping;
  std::shared_ptr<int> count;
};

void Release(napi_env, void*, void* hint) {
  std::unique_ptr<View> view(static_cast<View*>(hint));
  --*view->count;
}

using hot::Arguments;
using hot::Bytes;
using hot::MakeInt;

// Copies between JavaScript's memory and the arena's by a system call on ourselves: where there is
// no page, and the kernel makes none, this fails where a plain copy would be a SIGSEGV.
int Copy(const ArenaMapping& arena, int64_t offset, const Bytes& bytes, bool writes) {
  if (!arena.Contains(offset, bytes.length)) return -EINVAL;
  if (bytes.length == 0) return 0;
  iovec local = {bytes.data, bytes.length};
  iovec remote = {arena.address() + offset, bytes.length};
  pid_t self = getpid();
  ssize_t done = writes ? process_vm_writev(self, &local, 1, &remote, 1, 0)
                        : process_vm_readv(self, &local, 1, &remote, 1, 0);
  if (done < 0) return -errno;
  return static_cast<size_t>(done) == bytes.length ? 0 : -EFAULT;
}

template <bool writes>
napi_value CopyBytes(napi_env env, napi_callback_info info) {
  Arguments<3> arguments(env, info);
  int32_t handle;
  int64_t offset;
  Bytes bytes;
  if (!arguments.Read(&handle, &offset, &bytes)) return nullptr;
  int error;
  ArenaMapping* arena = GetArena(arguments.environment(), handle, &error);
  return MakeInt(env, arena == nullptr ? error : Copy(*arena, offset, bytes, writes));
}

}  // namespace

ArenaMapping::~ArenaMapping() {
  if (object_ == nullptr) munmap(address_, length_);
}

Napi::Value ArenaMap(const Napi::CallbackInfo& info) {
  int32_t handle;
  uint64_t fixed_address;
  if (!ReadArguments(info, &handle, &fixed_address)) return {};
  auto* map = Environment::Of(info)->handles().Get<Map>(handle);
  int error = map == nullptr ? -EBADF : -EINVAL;
  if (map == nullptr || map->shape().type != kernel::kArena)
    return Napi::Number::New(info.Env(), error);
  if (map->arena == nullptr) map->arena = MapArena(*map, fixed_address, &error);
  if (map->arena == nullptr) return Napi::Number::New(info.Env(), error);
  auto result = Napi::Object::New(info.Env());
  result.Set("address",
             Napi::BigInt::New(info.Env(), reinterpret_cast<uint64_t>(map->arena->address())));
  result.Set("length", Napi::Number::New(info.Env(), static_cast<double>(map->arena->length())));
  return result;
}

napi_value ArenaRead(napi_env env, napi_callback_info info) { return CopyBytes<false>(env, info); }

napi_value ArenaWrite(napi_env env, napi_callback_info info) { return CopyBytes<true>(env, info); }

Napi::Value ArenaView(const Napi::CallbackInfo& info) {
  int32_t handle;
  int64_t offset;
  int64_t length;
  if (!ReadArguments(info, &handle, &offset, &length)) return {};
  Environment* environment = Environment::Of(info);
  int error;
  ArenaMapping* arena = GetArena(environment, handle, &error);
  if (arena == nullptr) return Napi::Number::New(info.Env(), error);
  if (length <= 0 || !arena->Contains(offset, static_cast<size_t>(length)))
    return Napi::Number::New(info.Env(), -EINVAL);
  // The longest buffer of Node 20. Asking it for more calls the finalizer, and fails.
  if (length > UINT32_MAX) return Napi::Number::New(info.Env(), -ENOTSUP);
  uint8_t* address = arena->address() + offset;
  auto size = static_cast<size_t>(length);
  // Pages that cannot be had are an error here, and would be a SIGSEGV at the first touch.
  auto page = static_cast<size_t>(getpagesize());
  size_t before = static_cast<size_t>(offset) % page;
  if (madvise(address - before, before + size, MADV_POPULATE_WRITE) != 0)
    return Napi::Number::New(info.Env(), -errno);
  auto* view = new View{environment->handles().Get<Map>(handle)->arena, environment->mappings()};
  ++*view->count;
  napi_value buffer;
  napi_status status =
      napi_create_external_arraybuffer(info.Env(), address, size, Release, view, &buffer);
  if (status == napi_ok) return Napi::Value(info.Env(), buffer);
  Release(info.Env(), nullptr, view);
  // napi_no_external_buffers_allowed: under V8's sandbox, as in Electron.
  return Napi::Number::New(info.Env(), -ENOTSUP);
}

}  // namespace ebpf
