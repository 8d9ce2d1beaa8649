// A shared library with a function and a static probe in it.
#include "static-probe.h"

__attribute__((visibility("default"))) long library_call(long value);

__attribute__((noinline)) long library_call(long value) {
  STATIC_PROBE("ebpftest", "library", "0", "-8@%[value]", [value] "r"(value));
  return value + 1;
}
