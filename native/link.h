#ifndef EBPF_NATIVE_LINK_H_
#define EBPF_NATIVE_LINK_H_

#include <bpf/libbpf.h>

#include <memory>
#include <mutex>

#include "handle.h"
#include "hook.h"
#include "object.h"
#include "unique_fd.h"

namespace ebpf {

// An attachment, shared by its handle and by what works on it on the thread pool.
class LinkState {
 public:
  // `object` is null for a program that was not loaded here, and for a link that was opened.
  LinkState(std::shared_ptr<ObjectState> object, Attachment attachment);
  LinkState(const LinkState&) = delete;
  LinkState& operator=(const LinkState&) = delete;
  ~LinkState();

  // On the JS thread, while the handle is open.

  // -EOPNOTSUPP for one without a descriptor.
  int fd() const;
  // 0 when there is a link in the kernel.
  int CheckKind() const;
  int Pin(const char* path);

  // On any thread. They wait for each other.

  // With an `expected_fd` of a program (else -1) only when that is the one here.
  Status Update(int program_fd, int expected_fd);
  // The same for struct_ops, whose maps are expected. `object` and `map` are null for a map that
  // was not loaded here.
  Status UpdateMap(const std::shared_ptr<ObjectState>& object, const bpf_map* map, int map_fd,
                   int expected_fd);
  // Whoever else holds the link; it stays open.
  Status Detach();
  // Detaches, and waits for the kernel's grace period: 60 ms and more. Does nothing when it was
  // called before.
  int Close();
  // Closes what the kernel would not detach with the last descriptor.
  void CloseAtExit();

 private:
  // With all locks held.
  int Release();

  std::mutex mutex_;
  // Before the link, as that may point into it (bpf_link_usdt).
  std::shared_ptr<ObjectState> object_;
  bpf_link* link_;
  UniqueFd fd_;
  std::shared_ptr<Placement> placement_;
  bool pinned_ = false;
  bool closed_ = false;
};

class Link final : public Resource {
 public:
  static constexpr Kind kKind = Kind::kLink;
  Link(std::shared_ptr<ObjectState> object, Attachment attachment)
      : state(std::make_shared<LinkState>(std::move(object), std::move(attachment))) {}
  ~Link() override { state->Close(); }

  const std::shared_ptr<LinkState> state;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_LINK_H_
