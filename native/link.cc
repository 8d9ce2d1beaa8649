#include "link.h"

#include <bpf/bpf.h>

#include <string>
#include <utility>

#include "bindings.h"
#include "convert.h"
#include "descriptor.h"
#include "map.h"
#include "program.h"
#include "task.h"

namespace ebpf {
namespace {

std::unique_lock<std::mutex> Lock(const std::shared_ptr<ObjectState>& object) {
  return object == nullptr ? std::unique_lock<std::mutex>()
                           : std::unique_lock<std::mutex>(object->mutex);
}

Status DeliverLink(Environment* environment, std::unique_ptr<Link>&& link, Napi::Value* value) {
  int32_t handle = environment->handles().Insert(std::move(link));
  if (handle < 0) return FromReturn("bpf_link_create", handle);
  *value = Napi::Number::New(environment->env(), handle);
  return {};
}

int ReadInfo(int fd, bpf_link_info* info) {
  memset(info, 0, sizeof(*info));
  uint32_t size = sizeof(*info);
  return bpf_obj_get_info_by_fd(fd, info, &size);
}

// The beginnings of libbpf's struct bpf_link_perf, the same from 0.7 to 1.7 (libbpf.c).
struct PerfLinkLayout {
  int (*detach)(bpf_link*);
  void (*dealloc)(bpf_link*);
  char* pin_path;
  int fd;
  bool disconnected;
  int perf_event_fd;
};

// The second descriptor of a link that is already disconnected, or -1. libbpf has no function for
// it, so it is read from where it has to be, and believed only when all around it is as it has to
// be.
int PerfEventFd(const bpf_link* link) {
  bpf_link_info facts;
  if (ReadInfo(bpf_link__fd(link), &facts) != 0 || facts.type != BPF_LINK_TYPE_PERF_EVENT)
    return -1;
  PerfLinkLayout layout;
  memcpy(&layout, link, sizeof(layout));
  if (layout.fd != bpf_link__fd(link) || !layout.disconnected || layout.perf_event_fd == layout.fd)
    return -1;
  bool is_perf_event = CheckDescriptorKind(layout.perf_event_fd, DescriptorKind::kPerfEvent) == 0;
  return is_perf_event ? layout.perf_event_fd : -1;
}

// Lets go of a link that a pin keeps attached. Not bpf_link__destroy alone: for a perf event that
// switches the event off, whoever else holds the link (PERF_EVENT_IOC_DISABLE in
// bpf_link_perf_detach), and the pin would be a dead one.
void AbandonLink(bpf_link* link) {
  UniqueFd fd(bpf_link__fd(link));
  bpf_link__disconnect(link);
  // The kernel's link holds the event by itself (bpf_perf_link_attach).
  UniqueFd perf_event(PerfEventFd(link));
  bpf_link__destroy(link);
}

}  // namespace

Link::Link(std::shared_ptr<ObjectState> object, Attachment attachment)
    : object_(std::move(object)), link_(attachment.link), fd_(std::move(attachment.fd)) {}

int Link::fd() const {
  int fd = link_ != nullptr ? bpf_link__fd(link_) : fd_.get();
  // A link that libbpf puts together from several (USDT) has none, and says 0. No real one is
  // stdio.
  return fd > 2 ? fd : -EOPNOTSUPP;
}

int Link::CheckKind() const {
  // Without a link in the kernel the descriptor is another thing, such as libbpf's own of the map
  // of an old struct_ops: it would answer for something else, and is not ours to pin and close.
  return fd() < 0 ? fd() : CheckDescriptorKind(fd(), DescriptorKind::kLink);
}

int Link::Pin(const char* path) {
  int status = CheckKind();
  if (status == 0) status = bpf_obj_pin(fd(), path);
  if (status == 0) pinned_ = true;
  return status;
}

int Link::Close() {
  int status = 0;
  if (link_ != nullptr) {
    auto lock = Lock(object_);
    if (pinned_) {
      AbandonLink(link_);
    } else {
      status = bpf_link__destroy(link_);
    }
  }
  link_ = nullptr;
  fd_.Reset();
  object_.reset();
  return status;
}

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
        Attachment attachment;
        Status status;
        {
          auto lock = Lock(object);
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
        Attachment attachment;
        Status status;
        {
          auto lock = Lock(object);
          errno = 0;
          status = attachment.Take(kOperation, bpf_map__attach_struct_ops(libbpf_map));
        }
        if (status.ok()) *link = std::make_unique<Link>(object, std::move(attachment));
        return status;
      },
      DeliverLink);
}

Napi::Value LinkFd(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Link* link = Environment::Of(info)->handles().Get<Link>(handle);
  return Napi::Number::New(info.Env(), link == nullptr ? -EBADF : link->fd());
}

Napi::Value LinkInfo(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Link* link = Environment::Of(info)->handles().Get<Link>(handle);
  if (link == nullptr) return Napi::Number::New(info.Env(), -EBADF);
  bpf_link_info facts;
  int status = link->CheckKind();
  if (status == 0) status = ReadInfo(link->fd(), &facts);
  if (status != 0) return Napi::Number::New(info.Env(), status);
  auto result = Napi::Object::New(info.Env());
  result.Set("id", facts.id);
  result.Set("type", facts.type);
  result.Set("programId", facts.prog_id);
  return result;
}

Napi::Value LinkPin(const Napi::CallbackInfo& info) {
  int32_t handle;
  std::string path;
  if (!ReadArguments(info, &handle, &path)) return {};
  Link* link = Environment::Of(info)->handles().Get<Link>(handle);
  return Napi::Number::New(info.Env(), link == nullptr ? -EBADF : link->Pin(path.c_str()));
}

Napi::Value LinkClose(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Environment* environment = Environment::Of(info);
  return StartTask(environment, "ebpf.linkClose",
                   [link = environment->handles().Take<Link>(handle)]() mutable -> Status {
                     constexpr const char* kOperation = "bpf_link__destroy";
                     if (link == nullptr) return {-EBADF, kOperation, nullptr};
                     return FromReturn(kOperation, link->Close());
                   });
}

Napi::Value LinkCloseSync(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  std::unique_ptr<Link> link = Environment::Of(info)->handles().Take<Link>(handle);
  return Napi::Number::New(info.Env(), link == nullptr ? -EBADF : link->Close());
}

}  // namespace ebpf
