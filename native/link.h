#ifndef EBPF_NATIVE_LINK_H_
#define EBPF_NATIVE_LINK_H_

#include <bpf/libbpf.h>

#include <memory>

#include "handle.h"
#include "hook.h"
#include "object.h"
#include "unique_fd.h"

namespace ebpf {

// An attachment. May be made and destroyed on any thread.
class Link final : public Resource {
 public:
  static constexpr Kind kKind = Kind::kLink;

  // `object` is null for a program that was not loaded here.
  Link(std::shared_ptr<ObjectState> object, Attachment attachment);
  ~Link() override { Close(); }

  // -EOPNOTSUPP for one without a descriptor.
  int fd() const;
  // 0 when there is a link in the kernel.
  int CheckKind() const;
  int Pin(const char* path);
  // Detaches, and waits for the kernel's grace period: 60 ms and more.
  int Close();

 private:
  // Before the link, as that may point into it (bpf_link_usdt).
  std::shared_ptr<ObjectState> object_;
  bpf_link* link_;
  UniqueFd fd_;
  bool pinned_ = false;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_LINK_H_
