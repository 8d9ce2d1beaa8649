// Numbers that the kernel's headers of a system build may be too old for. The kernel never changes
// them.
#ifndef EBPF_NATIVE_KERNEL_ABI_H_
#define EBPF_NATIVE_KERNEL_ABI_H_

#include <linux/bpf.h>
#include <stdint.h>

namespace ebpf::kernel {

// A number of JavaScript's in an enum of C. One that the enum has no bits for would be undefined
// behaviour: it becomes `last`, the highest that it has bits for.
template <typename Enum>
Enum ToEnum(uint32_t number, uint32_t last) {
  return static_cast<Enum>(number < last ? number : last);
}

inline bpf_attach_type ToAttachType(uint32_t number) { return ToEnum<bpf_attach_type>(number, 63); }

// enum bpf_attach_type
constexpr auto kTraceKprobeMulti = static_cast<bpf_attach_type>(42);
constexpr auto kNetfilter = static_cast<bpf_attach_type>(45);
constexpr auto kTraceUprobeMulti = static_cast<bpf_attach_type>(48);
constexpr auto kTraceKprobeSession = static_cast<bpf_attach_type>(56);
constexpr auto kTraceUprobeSession = static_cast<bpf_attach_type>(57);

// enum bpf_map_type
constexpr uint32_t kUserRingMap = 31;

// BPF_MAP_TYPE_ARENA
constexpr uint32_t kArena = 33;

// SO_NETNS_COOKIE of asm-generic/socket.h
constexpr int kSoNetnsCookie = 71;

// BPF_F_ID, of the flags of an attachment
constexpr uint32_t kId = 1U << 5;

// BPF_F_KPROBE_MULTI_RETURN, BPF_F_UPROBE_MULTI_RETURN
constexpr uint32_t kKprobeMultiReturn = 1U << 0;
constexpr uint32_t kUprobeMultiReturn = 1U << 0;

}  // namespace ebpf::kernel

#endif  // EBPF_NATIVE_KERNEL_ABI_H_
