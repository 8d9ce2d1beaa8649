// The kernel's own types, parsed once for the loads of all threads.
//
// libbpf parses them anew for each object that needs them: some megabytes, which take milliseconds.
// The bundled libbpf is linked so that it asks here (binding.gyp: --wrap). A libbpf of the system's
// is a shared object of its own, and parses each time.
#ifndef EBPF_NATIVE_KERNEL_BTF_H_
#define EBPF_NATIVE_KERNEL_BTF_H_

namespace ebpf {

// An environment's wish that what is parsed be kept between loads. With the last of them, it goes.
// JS thread only.
class KernelBtfInterest {
 public:
  KernelBtfInterest() = default;
  ~KernelBtfInterest() { End(); }
  KernelBtfInterest(const KernelBtfInterest&) = delete;
  KernelBtfInterest& operator=(const KernelBtfInterest&) = delete;

  void Begin();
  void End();

 private:
  bool begun_ = false;
};

}  // namespace ebpf

#endif  // EBPF_NATIVE_KERNEL_BTF_H_
