// Where the bytes of an object come from: JavaScript, or a file that a thread of the pool reads.
#ifndef EBPF_NATIVE_OBJECT_IMAGE_H_
#define EBPF_NATIVE_OBJECT_IMAGE_H_

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "status.h"

namespace ebpf {

struct ImageSource {
  // Empty for bytes.
  std::string path;
  std::vector<uint8_t> bytes;

  // Once: the bytes, or what is in the file now. Of regular files only: whoever reads from anything
  // else takes something away from it, and may wait.
  Status Get(std::vector<uint8_t>* image);
};

// From a path or a Uint8Array, which is copied.
bool Read(Napi::Value value, ImageSource* result);

}  // namespace ebpf

#endif  // EBPF_NATIVE_OBJECT_IMAGE_H_
