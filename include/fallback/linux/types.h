/* SPDX-License-Identifier: MIT */
/*
 * The integers of the kernel's interface, for machines without the kernel's headers (linux-libc-dev, kernel-headers): looked at after
 * all other folders, so that the system's own come first.
 */
#ifndef EBPF_FALLBACK_LINUX_TYPES_H
#define EBPF_FALLBACK_LINUX_TYPES_H

#include <asm/types.h>

typedef __u16 __le16;
typedef __u16 __be16;
typedef __u32 __le32;
typedef __u32 __be32;
typedef __u64 __le64;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef unsigned __poll_t;

#define __aligned_u64 __u64 __attribute__((aligned(8)))
#define __aligned_s64 __s64 __attribute__((aligned(8)))
#define __aligned_be64 __be64 __attribute__((aligned(8)))
#define __aligned_le64 __le64 __attribute__((aligned(8)))

#endif
