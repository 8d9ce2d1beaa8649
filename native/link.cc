#include "link.h"

#include <bpf/bpf.h>

#include <string>
#include <utility>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "exit.h"
#include "map.h"
#include "program.h"
#include "task.h"

namespace ebpf {
namespace {

Status DeliverLink(Environment* environment, std::unique_ptr<Link>&& link, Napi::Value* value) {
  int32_t handle = environment->handles().Insert(std::move(link));
  if (handle < 0) return FromReturn("bpf_link_create", handle);
  *value = Napi::Number::New(environment->env(), handle);
  return {};
}

// The new handle, or a negative errno.
int Open(Environment* environment, UniqueFd fd) {
  if (!fd.valid()) return fd.get();
  int status = CheckDescriptorKind(fd.get(), DescriptorKind::kLink);
  if (status != 0) return status;
  Attachment attachment;
  attachment.fd = std::move(fd);
  return environment->handles().Insert(std::make_unique<Link>(nullptr, std::move(attachment)));
}

// Null when the handle names none.
std::shared_ptr<LinkState> StateOf(Environment* environment, int32_t handle) {
  Link* link = environment->handles().Get<Link>(handle);
  return link == nullptr ? nullptr : link->state;
}

UniqueFd DuplicateProgram(Environment* environment, int32_t handle) {
  Program* program = environment->handles().Get<Program>(handle);
  return program == nullptr ? UniqueFd(-EBADF) : Duplicate(program->fd());
}

UniqueFd DuplicateMap(const Map* map) {
  return map == nullptr ? UniqueFd(-EBADF) : Duplicate(map->fd());
}

}  // namespace

Napi::Value ProgramAttach(const Napi::CallbackInfo& info) {
  int32_t handle;
  AttachFunction attach;
  if (!ReadArguments(info, &handle) || !ReadHook(info[1], &attach)) return {};
  Environment* environment = Environment::Of(info);
  Program* program = environment->handles().Get<Program>(handle);
  bpf_program* libbpf_program = program == nullptr ? nullptr : program->program;
  std::shared_ptr<ObjectState> object = program == nullptr ? nullptr : program->object;
  // A descriptor of its own: the program may be closed meanwhile.
  UniqueFd fd = program == nullptr ? UniqueFd(-EBADF) : Duplicate(program->fd());
  return StartTask<std::unique_ptr<Link>>(
      environment, "ebpf.programAttach",
      [fd = std::move(fd), libbpf_program, object = std::move(object),
       attach = std::move(attach)](std::unique_ptr<Link>* link) -> Status {
        if (!fd.valid()) return FromReturn("bpf_program__attach", fd.get());
        AttachInProgress in_progress;
        Attachment attachment;
        Status status;
        {
          std::unique_lock<std::mutex> lock;
          if (object != nullptr) lock = std::unique_lock<std::mutex>(object->mutex);
          status = attach({libbpf_program, fd.get()}, &attachment);
        }
        if (status.ok()) *link = std::make_unique<Link>(object, std::move(attachment));
        return status;
      },
      DeliverLink);
}

Napi::Value MapAttach(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  Map* map = environment->handles().Get<Map>(handle);
  int error = map == nullptr ? -EBADF : map->map == nullptr ? -EINVAL : 0;
  bpf_map* libbpf_map = error == 0 ? map->map : nullptr;
  std::shared_ptr<ObjectState> object = error == 0 ? map->object : nullptr;
  return StartTask<std::unique_ptr<Link>>(
      environment, "ebpf.mapAttach",
      [error, libbpf_map, object = std::move(object)](std::unique_ptr<Link>* link) -> Status {
        constexpr const char* kOperation = "bpf_map__attach_struct_ops";
        if (error != 0) return {error, kOperation, nullptr};
        AttachInProgress in_progress;
        Attachment attachment;
        Status status;
        {
          std::lock_guard<std::mutex> lock(object->mutex);
          errno = 0;
          status = attachment.Take(kOperation, bpf_map__attach_struct_ops(libbpf_map));
        }
        if (status.ok()) *link = std::make_unique<Link>(object, std::move(attachment));
        return status;
      },
      DeliverLink);
}

Napi::Value ClassicFilterAttach(const Napi::CallbackInfo& info) {
  int32_t fd;
  std::vector<uint8_t> instructions;
  bool reuseport;
  if (!ReadArguments(info, &fd, &instructions, &reuseport)) return {};
  return StartTask<std::unique_ptr<Link>>(
      Environment::Of(info), "ebpf.classicFilterAttach",
      [fd, held = Duplicate(fd), instructions = std::move(instructions),
       reuseport](std::unique_ptr<Link>* link) {
        AttachInProgress in_progress;
        Attachment attachment;
        Status status = AttachClassicFilter(fd, held, instructions, reuseport, &attachment);
        if (status.ok()) *link = std::make_unique<Link>(nullptr, std::move(attachment));
        return status;
      },
      DeliverLink);
}

Napi::Value LinkFd(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  std::shared_ptr<LinkState> link = StateOf(Environment::Of(info), handle);
  return Napi::Number::New(info.Env(), link == nullptr ? -EBADF : link->fd());
}

Napi::Value LinkPin(const Napi::CallbackInfo& info) {
  int32_t handle;
  std::string path;
  if (!ReadArguments(info, &handle, &path)) return {};
  std::shared_ptr<LinkState> link = StateOf(Environment::Of(info), handle);
  return Napi::Number::New(info.Env(), link == nullptr ? -EBADF : link->Pin(path.c_str()));
}

Napi::Value LinkOpenById(const Napi::CallbackInfo& info) {
  uint32_t id;
  if (!ReadArguments(info, &id)) return {};
  return Napi::Number::New(info.Env(),
                           Open(Environment::Of(info), UniqueFd(bpf_link_get_fd_by_id(id))));
}

Napi::Value LinkOpenByPath(const Napi::CallbackInfo& info) {
  std::string path;
  if (!ReadArguments(info, &path)) return {};
  return Napi::Number::New(info.Env(),
                           Open(Environment::Of(info), UniqueFd(bpf_obj_get(path.c_str()))));
}

Napi::Value LinkOpenByFd(const Napi::CallbackInfo& info) {
  int32_t fd;
  if (!ReadArguments(info, &fd)) return {};
  return Napi::Number::New(info.Env(), Open(Environment::Of(info), Duplicate(fd)));
}

Napi::Value LinkNextId(const Napi::CallbackInfo& info) {
  uint32_t id;
  if (!ReadArguments(info, &id)) return {};
  uint32_t next = 0;
  int status = bpf_link_get_next_id(id, &next);
  if (status < 0) return Napi::Number::New(info.Env(), status);
  return Napi::Number::New(info.Env(), next);
}

Napi::Value LinkUpdate(const Napi::CallbackInfo& info) {
  int32_t handle;
  int32_t program;
  int32_t expected;
  if (!ReadArguments(info, &handle, &program, &expected)) return {};
  Environment* environment = Environment::Of(info);
  return StartTask(
      environment, "ebpf.linkUpdate",
      [link = StateOf(environment, handle), program_fd = DuplicateProgram(environment, program),
       expects = expected != 0, expected_fd = DuplicateProgram(environment, expected)]() -> Status {
        constexpr const char* kOperation = "bpf_link_update";
        if (link == nullptr) return {-EBADF, kOperation, nullptr};
        if (!program_fd.valid()) return {program_fd.get(), kOperation, nullptr};
        if (!expects) return link->Update(program_fd.get(), -1);
        if (!expected_fd.valid()) return {expected_fd.get(), kOperation, nullptr};
        return link->Update(program_fd.get(), expected_fd.get());
      });
}

Napi::Value LinkUpdateMap(const Napi::CallbackInfo& info) {
  int32_t handle;
  int32_t map_handle;
  int32_t expected;
  if (!ReadArguments(info, &handle, &map_handle, &expected)) return {};
  Environment* environment = Environment::Of(info);
  Map* map = environment->handles().Get<Map>(map_handle);
  return StartTask(
      environment, "ebpf.linkUpdateMap",
      [link = StateOf(environment, handle), map_fd = DuplicateMap(map),
       libbpf_map = map == nullptr ? nullptr : map->map,
       object = map == nullptr ? nullptr : map->object, expects = expected != 0,
       expected_fd = DuplicateMap(environment->handles().Get<Map>(expected))]() -> Status {
        constexpr const char* kOperation = "bpf_link__update_map";
        if (link == nullptr) return {-EBADF, kOperation, nullptr};
        if (!map_fd.valid()) return {map_fd.get(), kOperation, nullptr};
        if (!expects) return link->UpdateMap(object, libbpf_map, map_fd.get(), -1);
        if (!expected_fd.valid()) return {expected_fd.get(), kOperation, nullptr};
        return link->UpdateMap(object, libbpf_map, map_fd.get(), expected_fd.get());
      });
}

Napi::Value LinkDetach(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  return StartTask(environment, "ebpf.linkDetach",
                   [link = StateOf(environment, handle)]() -> Status {
                     if (link == nullptr) return {-EBADF, "bpf_link_detach", nullptr};
                     return link->Detach();
                   });
}

Napi::Value IteratorCreate(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  std::shared_ptr<LinkState> link = StateOf(Environment::Of(info), handle);
  int result = link == nullptr ? -EBADF : link->CheckKind();
  if (result == 0) result = bpf_iter_create(link->fd());
  return Napi::Number::New(info.Env(), result);
}

Napi::Value LinkClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  return StartTask(environment, "ebpf.linkClose",
                   [link = environment->handles().Take<Link>(handle)]() -> Status {
                     constexpr const char* kOperation = "bpf_link__destroy";
                     if (link == nullptr) return {-EBADF, kOperation, nullptr};
                     return FromReturn(kOperation, link->state->Close());
                   });
}

Napi::Value LinkCloseSync(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  std::unique_ptr<Link> link = Environment::Of(info)->handles().Take<Link>(handle);
  return Napi::Number::New(info.Env(), link == nullptr ? -EBADF : link->state->Close());
}

}  // namespace ebpf
