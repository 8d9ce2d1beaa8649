// The one place that turns what libbpf or the kernel returned into {errno, operation}.
#ifndef EBPF_NATIVE_STATUS_H_
#define EBPF_NATIVE_STATUS_H_

#include <bpf/libbpf_version.h>
#include <errno.h>
#include <string.h>

#define EBPF_LIBBPF_AT_LEAST(major, minor) \
  (LIBBPF_MAJOR_VERSION > (major) ||       \
   (LIBBPF_MAJOR_VERSION == (major) && LIBBPF_MINOR_VERSION >= (minor)))

namespace ebpf {

struct Status {
  // 0, or a negative errno.
  int error = 0;
  // The libbpf or kernel call that was tried last. Always a literal.
  const char* operation = "";
  // The first libbpf that has the operation, when this one lacks it. Always a literal.
  const char* needs_libbpf = nullptr;

  bool ok() const { return error == 0; }
};

// For calls that return a negative errno, as every int of libbpf 1.x does (libbpf_err). Other
// values are success.
inline Status FromReturn(const char* operation, int returned) {
  return {returned < 0 ? returned : 0, operation, nullptr};
}

// For calls that return NULL and set errno (libbpf_err_ptr). NULL without errno is "there is
// nothing to do here", which older versions of libbpf say where newer ones say EOPNOTSUPP. Set
// errno to 0 before the call.
inline Status FromPointer(const char* operation, const void* returned) {
  if (returned != nullptr) return {0, operation, nullptr};
  return {errno != 0 ? -errno : -EOPNOTSUPP, operation, nullptr};
}

// For system calls: -1 and errno.
inline Status FromSyscall(const char* operation, int returned) {
  return {returned < 0 ? -errno : 0, operation, nullptr};
}

inline Status NeedsLibbpf(const char* operation, const char* version) {
  return {-ENOTSUP, operation, version};
}

// The options structs of libbpf want their size, and zeros where nothing is meant, padding included
// (OPTS_VALID): made in place, because a copy of a struct need not have its padding. LIBBPF_OPTS is
// C only.
template <typename Options>
struct LibbpfOptions : Options {
  LibbpfOptions() {
    memset(static_cast<void*>(this), 0, sizeof(*this));
    this->sz = sizeof(Options);
  }
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_STATUS_H_
