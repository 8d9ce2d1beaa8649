#include <bpf/bpf.h>

#include <utility>

#include "descriptor.h"
#include "exit.h"
#include "link.h"
#include "link_info.h"
#include "log.h"

namespace ebpf {
namespace {

std::unique_lock<std::mutex> Lock(const std::shared_ptr<ObjectState>& object) {
  return object == nullptr ? std::unique_lock<std::mutex>()
                           : std::unique_lock<std::mutex>(object->mutex);
}

// The kernel's number of a link's type, or a negative errno.
int LinkType(int fd) {
  bpf_link_info info;
  uint32_t size = sizeof(info);
  memset(&info, 0, sizeof(info));
  int status = bpf_obj_get_info_by_fd(fd, &info, &size);
  return status < 0 ? status : static_cast<int>(info.type);
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
  if (LinkType(bpf_link__fd(link)) != BPF_LINK_TYPE_PERF_EVENT) return -1;
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

#if EBPF_LIBBPF_AT_LEAST(1, 2)
// The beginnings of libbpf's struct bpf_link_struct_ops, the same from 1.2 to 1.7 (libbpf.c).
struct StructOpsLinkLayout {
  int (*detach)(bpf_link*);
  void (*dealloc)(bpf_link*);
  char* pin_path;
  int fd;
  bool disconnected;
  int map_fd;
};

// Gives the kernel the struct of a map, which libbpf does only when it attaches the map or puts it
// into a link, and then with no word about what is to be there before. So it is asked to put it
// into a link that is none, which is refused after the struct was given.
int HandOverStruct(const bpf_map* map) {
  alignas(StructOpsLinkLayout) char nowhere[256] = {};
  StructOpsLinkLayout layout = {};
  layout.fd = -1;
  memcpy(nowhere, &layout, sizeof(layout));
  auto* link = reinterpret_cast<bpf_link*>(nowhere);
  // Of another layout it would be another link.
  if (bpf_link__fd(link) != layout.fd) return -EOPNOTSUPP;
  int status = bpf_link__update_map(link, map);
  return status == -EBADF ? 0 : status;
}
#endif

Status WithoutLink(const char* operation, int error) {
  LogWarning("there is no link in the kernel\n");
  return {error, operation, nullptr};
}

}  // namespace

LinkState::LinkState(std::shared_ptr<ObjectState> object, Attachment attachment)
    : object_(std::move(object)),
      link_(attachment.link),
      fd_(std::move(attachment.fd)),
      placement_(std::move(attachment.placement)) {
  ebpf::CloseAtExit(this);
}

LinkState::~LinkState() {
  ForgetAtExit(this);
  Close();
}

int LinkState::fd() const {
  int fd = link_ != nullptr ? bpf_link__fd(link_) : fd_.get();
  // A link that libbpf puts together from several (USDT) has none, and says 0. No real one is
  // stdio.
  return fd > 2 ? fd : -EOPNOTSUPP;
}

int LinkState::CheckKind() const {
  // Without a link in the kernel the descriptor is another thing, such as libbpf's own of the map
  // of an old struct_ops: it would answer for something else, and is not ours to pin and close.
  return fd() < 0 ? fd() : CheckDescriptorKind(fd(), DescriptorKind::kLink);
}

int LinkState::Pin(const char* path) {
  int status = CheckKind();
  if (status == 0) status = bpf_obj_pin(fd(), path);
  if (status == 0) pinned_ = true;
  return status;
}

Status LinkState::Update(int program_fd, int expected_fd) {
  constexpr const char* kOperation = "bpf_link_update";
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return {-EBADF, kOperation, nullptr};
  if (placement_ != nullptr) return placement_->Replace(program_fd, expected_fd);
  int error = CheckKind();
  if (error != 0) return WithoutLink(kOperation, error);
  LibbpfOptions<bpf_link_update_opts> options;
  if (expected_fd >= 0) {
    options.flags = BPF_F_REPLACE;
    options.old_prog_fd = static_cast<uint32_t>(expected_fd);
  }
  return FromReturn(kOperation, bpf_link_update(fd(), program_fd, &options));
}

Status LinkState::UpdateMap(const std::shared_ptr<ObjectState>& object, const bpf_map* map,
                            int map_fd, int expected_fd) {
  constexpr const char* kOperation = "bpf_link__update_map";
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return {-EBADF, kOperation, nullptr};
  int type = placement_ != nullptr ? -EOPNOTSUPP : CheckKind();
  if (type != 0) return WithoutLink(kOperation, type);
  type = LinkType(fd());
  if (type < 0) return {type, kOperation, nullptr};
  // libbpf takes any link for one of struct_ops.
  if (static_cast<uint32_t>(type) != kernel::kStructOpsLink) return {-EINVAL, kOperation, nullptr};
#if EBPF_LIBBPF_AT_LEAST(1, 2)
  if (link_ != nullptr && map != nullptr && expected_fd < 0) {
    std::unique_lock<std::mutex> own;
    std::unique_lock<std::mutex> other;
    if (object_ == object) {
      own = Lock(object_);
    } else {
      own = std::unique_lock<std::mutex>(object_->mutex, std::defer_lock);
      other = std::unique_lock<std::mutex>(object->mutex, std::defer_lock);
      std::lock(own, other);
    }
    return FromReturn(kOperation, bpf_link__update_map(link_, map));
  }
  if (map != nullptr) {
    std::unique_lock<std::mutex> other = Lock(object);
    int error = HandOverStruct(map);
    if (error != 0) return {error, kOperation, nullptr};
  }
  LibbpfOptions<bpf_link_update_opts> options;
  if (expected_fd >= 0) {
    options.flags = BPF_F_REPLACE;
    options.old_map_fd = static_cast<uint32_t>(expected_fd);
  }
  Status status = FromReturn("bpf_link_update", bpf_link_update(fd(), map_fd, &options));
  if (status.error == -EINVAL && map == nullptr) {
    LogWarning("a map that was opened has to have been attached before\n");
  }
  return status;
#else
  (void)object;
  (void)map;
  (void)map_fd;
  (void)expected_fd;
  return NeedsLibbpf(kOperation, "1.2");
#endif
}

Status LinkState::Detach() {
  constexpr const char* kOperation = "bpf_link_detach";
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return {-EBADF, kOperation, nullptr};
  if (placement_ != nullptr) return placement_->Detach();
  int error = CheckKind();
  if (error != 0) return WithoutLink(kOperation, error);
  return FromReturn(kOperation, bpf_link_detach(fd()));
}

int LinkState::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  // Outlives its lock.
  std::shared_ptr<ObjectState> object = object_;
  std::unique_lock<std::mutex> object_lock;
  if (link_ != nullptr) object_lock = Lock(object);
  return Release();
}

void LinkState::CloseAtExit() {
  std::lock_guard<std::mutex> lock(mutex_);
  // Old struct_ops, and probes by tracefs.
  bool stays = link_ != nullptr && fd() >= 0 && CheckKind() != 0;
  if (placement_ == nullptr && !stays) return;
  std::shared_ptr<ObjectState> object = object_;
  std::unique_lock<std::mutex> object_lock;
  if (link_ != nullptr && object != nullptr) {
    object_lock = std::unique_lock<std::mutex>(object->mutex, std::try_to_lock);
    // Another program of the object is being attached, which may take long.
    if (!object_lock.owns_lock()) return;
  }
  Release();
}

int LinkState::Release() {
  if (closed_) return 0;
  closed_ = true;
  int status = 0;
  if (link_ != nullptr && pinned_) {
    AbandonLink(link_);
  } else if (link_ != nullptr) {
    status = bpf_link__destroy(link_);
  }
  if (placement_ != nullptr) status = placement_->Detach().error;
  link_ = nullptr;
  fd_.Reset();
  placement_.reset();
  object_.reset();
  return status;
}

}  // namespace ebpf
