// `struct bpf_link_info` of linux/bpf.h as of Linux 6.18: the header of a system build may be older
// than the kernel that it runs on. The kernel adds fields to it and never moves one.
#ifndef EBPF_NATIVE_LINK_INFO_H_
#define EBPF_NATIVE_LINK_INFO_H_

#include <stddef.h>
#include <stdint.h>

namespace ebpf::kernel {

// enum bpf_link_type
enum : uint32_t {
  kRawTracepointLink = 1,
  kTracingLink = 2,
  kCgroupLink = 3,
  kIteratorLink = 4,
  kNetnsLink = 5,
  kXdpLink = 6,
  kPerfEventLink = 7,
  kKprobeMultiLink = 8,
  kStructOpsLink = 9,
  kNetfilterLink = 10,
  kTcxLink = 11,
  kUprobeMultiLink = 12,
  kNetkitLink = 13,
  kSockmapLink = 14,
};

// enum bpf_perf_event_type
enum : uint32_t {
  kPerfUprobe = 1,
  kPerfUretprobe = 2,
  kPerfKprobe = 3,
  kPerfKretprobe = 4,
  kPerfTracepoint = 5,
  kPerfOther = 6,
};

// Addresses are those of user memory, with the length of what is there beside them.
struct LinkFacts {
  uint32_t type;
  uint32_t id;
  uint32_t program_id;
  uint32_t unused;
  union {
    struct {
      uint64_t name;
      uint32_t name_length;
      uint32_t unused;
      uint64_t cookie;
    } raw_tracepoint;
    struct {
      uint32_t attach_type;
      uint32_t target_object_id;
      uint32_t target_btf_id;
      uint32_t unused;
      uint64_t cookie;
    } tracing;
    struct {
      uint64_t id;
      uint32_t attach_type;
    } cgroup;
    struct {
      uint64_t name;
      uint32_t name_length;
      uint32_t map_id;
      union {
        struct {
          uint64_t id;
          uint32_t order;
        } cgroup;
        struct {
          uint32_t tid;
          uint32_t pid;
        } task;
      };
    } iterator;
    struct {
      uint32_t inode;
      uint32_t attach_type;
    } netns;
    struct {
      uint32_t interface_index;
    } xdp;
    struct {
      uint32_t map_id;
    } struct_ops;
    struct {
      uint32_t family;
      uint32_t hook;
      int32_t priority;
      uint32_t flags;
    } netfilter;
    struct {
      uint64_t addresses;
      uint32_t count;
      uint32_t flags;
      uint64_t missed;
      uint64_t cookies;
    } kprobe_multi;
    struct {
      uint64_t path;
      uint64_t offsets;
      uint64_t reference_counter_offsets;
      uint64_t cookies;
      uint32_t path_size;
      uint32_t count;
      uint32_t flags;
      uint32_t pid;
    } uprobe_multi;
    struct {
      uint32_t type;
      uint32_t unused;
      union {
        struct {
          uint64_t name;
          uint32_t name_length;
          uint32_t offset;
          uint64_t cookie;
          uint64_t reference_counter_offset;
        } uprobe;
        struct {
          uint64_t name;
          uint32_t name_length;
          uint32_t offset;
          uint64_t address;
          uint64_t missed;
          uint64_t cookie;
        } kprobe;
        struct {
          uint64_t name;
          uint32_t name_length;
          uint32_t unused;
          uint64_t cookie;
        } tracepoint;
        struct {
          uint64_t config;
          uint32_t type;
          uint32_t unused;
          uint64_t cookie;
        } other;
      };
    } perf_event;
    // Of netkit, too.
    struct {
      uint32_t interface_index;
      uint32_t attach_type;
    } tcx;
    struct {
      uint32_t map_id;
      uint32_t attach_type;
    } sockmap;
  };
};

static_assert(sizeof(LinkFacts) == 64);
static_assert(offsetof(LinkFacts, raw_tracepoint) == 16);
static_assert(offsetof(LinkFacts, perf_event.kprobe.cookie) == 56);

}  // namespace ebpf::kernel

#endif  // EBPF_NATIVE_LINK_INFO_H_
