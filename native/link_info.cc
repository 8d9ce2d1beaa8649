#include <bpf/bpf.h>
#include <limits.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "env.h"
#include "link.h"
#include "link_info.h"

namespace ebpf {
namespace {

using kernel::LinkFacts;

// In a field before the question: whatever a kernel does not know it leaves as it is
// (bpf_link_get_info_by_fd, kernel/bpf/syscall.c).
constexpr uint64_t kUntold = 0x9e3779b97f4a7c15;

// As many as one link can have (MAX_KPROBE_MULTI_CNT, MAX_UPROBE_MULTI_CNT of
// kernel/trace/bpf_trace.c).
constexpr uint32_t kMostPlaces = 1U << 20;

int Ask(int fd, LinkFacts* facts, uint32_t* size) {
  *size = sizeof(*facts);
  return bpf_obj_get_info_by_fd(fd, facts, size);
}

uint64_t AddressOf(void* memory) { return reinterpret_cast<uintptr_t>(memory); }

// One link, asked twice: for its kind and the lengths of its lists, then with room for them.
class Answer {
 public:
  Answer(Napi::Env env, int fd) : env_(env), fd_(fd), result_(Napi::Object::New(env)) {}

  int status() { return Ask(fd_, &first_, &size_); }

  Napi::Value Describe() {
    Set("id", first_.id);
    Set("type", first_.type);
    Set("programId", first_.program_id);
    switch (first_.type) {
      case kernel::kRawTracepointLink:
        DescribeRawTracepoint();
        break;
      case kernel::kTracingLink:
        DescribeTracing();
        break;
      case kernel::kCgroupLink:
        Set("cgroupId", first_.cgroup.id);
        Set("attachType", first_.cgroup.attach_type);
        break;
      case kernel::kIteratorLink:
        DescribeIterator();
        break;
      case kernel::kNetnsLink:
        Set("netnsInode", first_.netns.inode);
        Set("attachType", first_.netns.attach_type);
        break;
      case kernel::kXdpLink:
        Set("interfaceIndex", first_.xdp.interface_index);
        break;
      case kernel::kPerfEventLink:
        DescribePerfEvent();
        break;
      case kernel::kKprobeMultiLink:
        DescribeKprobeMulti();
        break;
      case kernel::kStructOpsLink:
        Set("mapId", first_.struct_ops.map_id);
        break;
      case kernel::kNetfilterLink:
        DescribeNetfilter();
        break;
      case kernel::kUprobeMultiLink:
        DescribeUprobeMulti();
        break;
      case kernel::kTcxLink:
      case kernel::kNetkitLink:
        Set("interfaceIndex", first_.tcx.interface_index);
        Set("attachType", first_.tcx.attach_type);
        break;
      case kernel::kSockmapLink:
        Set("mapId", first_.sockmap.map_id);
        Set("attachType", first_.sockmap.attach_type);
        break;
    }
    return result_;
  }

 private:
  using Numbers = std::vector<uint64_t>;

  void Set(const char* name, uint32_t number) {
    result_.Set(name, Napi::Number::New(env_, number));
  }
  void Set(const char* name, uint64_t number) {
    result_.Set(name, Napi::BigInt::New(env_, number));
  }

  // Only when the kernel wrote it.
  void SetTold(const char* name, uint64_t number) {
    if (number != kUntold) Set(name, number);
  }

  void SetText(const char* name, const std::string& room) {
    result_.Set(name, Napi::String::New(env_, room.c_str()));
  }

  void SetList(const char* name, const Numbers& numbers) {
    if (numbers.empty() || numbers.front() == kUntold) return;
    auto list = Napi::BigUint64Array::New(env_, numbers.size());
    if (list.IsEmpty()) return;
    std::copy(numbers.begin(), numbers.end(), list.Data());
    result_.Set(name, list);
  }

  // Marks a field, unless this kernel's struct ends before it: what it does not know has to be 0.
  void Mark(uint64_t* field) {
    auto end = reinterpret_cast<const char*>(field + 1) - reinterpret_cast<const char*>(&second_);
    *field = end <= static_cast<ptrdiff_t>(size_) ? kUntold : 0;
  }
  // What was not marked was not told either.
  uint64_t Told(uint64_t field, const uint64_t* place) const {
    auto end = reinterpret_cast<const char*>(place + 1) - reinterpret_cast<const char*>(&second_);
    return end <= static_cast<ptrdiff_t>(size_) ? field : kUntold;
  }
  void SetTold(const char* name, const uint64_t* place) { SetTold(name, Told(*place, place)); }

  bool AskAgain() {
    uint32_t size;
    return Ask(fd_, &second_, &size) == 0;
  }

  void DescribeRawTracepoint() {
    std::string name(first_.raw_tracepoint.name_length, '\0');
    second_.raw_tracepoint.name = name.empty() ? 0 : AddressOf(name.data());
    second_.raw_tracepoint.name_length = first_.raw_tracepoint.name_length;
    Mark(&second_.raw_tracepoint.cookie);
    if (!AskAgain()) return;
    SetText("tracepointName", name);
    SetTold("cookie", &second_.raw_tracepoint.cookie);
  }

  void DescribeTracing() {
    Set("attachType", first_.tracing.attach_type);
    Set("targetObjectId", first_.tracing.target_object_id);
    Set("targetBtfId", first_.tracing.target_btf_id);
    Mark(&second_.tracing.cookie);
    if (AskAgain()) SetTold("cookie", &second_.tracing.cookie);
  }

  void DescribeIterator() {
    std::string name(first_.iterator.name_length, '\0');
    second_.iterator.name = name.empty() ? 0 : AddressOf(name.data());
    second_.iterator.name_length = first_.iterator.name_length;
    if (!AskAgain()) return;
    SetText("targetName", name);
    Set("mapId", second_.iterator.map_id);
    // The rest is a union; what of it is meant, the name says.
    if (name.rfind("cgroup", 0) == 0) {
      Set("cgroupId", second_.iterator.cgroup.id);
      Set("cgroupOrder", second_.iterator.cgroup.order);
    } else if (name.rfind("task", 0) == 0) {
      Set("tid", second_.iterator.task.tid);
      Set("pid", second_.iterator.task.pid);
    }
  }

  void DescribeNetfilter() {
    auto netfilter = Napi::Object::New(env_);
    netfilter.Set("family", first_.netfilter.family);
    netfilter.Set("hook", first_.netfilter.hook);
    netfilter.Set("priority", first_.netfilter.priority);
    netfilter.Set("flags", first_.netfilter.flags);
    result_.Set("netfilter", netfilter);
  }

  void DescribeKprobeMulti() {
    uint32_t count = first_.kprobe_multi.count;
    // Linux before 6.6 tells nothing.
    if (count == 0 || count > kMostPlaces) return;
    Numbers addresses(count);
    Numbers cookies(count, kUntold);
    auto& multi = second_.kprobe_multi;
    multi.addresses = AddressOf(addresses.data());
    multi.cookies = AddressOf(cookies.data());
    multi.count = count;
    Mark(&multi.missed);
    if (!AskAgain()) return;
    Set("flags", multi.flags);
    SetTold("missed", &multi.missed);
    SetList("addresses", addresses);
    SetList("cookies", cookies);
  }

  void DescribeUprobeMulti() {
    uint32_t count = first_.uprobe_multi.count;
    // Linux before 6.8 tells nothing.
    if (count == 0 || count > kMostPlaces) return;
    std::string path(PATH_MAX, '\0');
    Numbers offsets(count);
    Numbers reference_counter_offsets(count);
    Numbers cookies(count);
    auto& multi = second_.uprobe_multi;
    multi.path = AddressOf(path.data());
    multi.path_size = PATH_MAX;
    multi.offsets = AddressOf(offsets.data());
    multi.reference_counter_offsets = AddressOf(reference_counter_offsets.data());
    multi.cookies = AddressOf(cookies.data());
    multi.count = count;
    if (!AskAgain()) return;
    SetText("path", path);
    Set("flags", multi.flags);
    Set("pid", multi.pid);
    SetList("offsets", offsets);
    SetList("referenceCounterOffsets", reference_counter_offsets);
    SetList("cookies", cookies);
  }

  void DescribePerfEvent() {
    uint32_t type = first_.perf_event.type;
    // Linux before 6.6 tells nothing.
    if (type == 0) return;
    Set("perfType", type);
    auto& event = second_.perf_event;
    std::string name(PATH_MAX, '\0');
    if (type != kernel::kPerfOther) {
      // Of the probes and of the tracepoint at the same place.
      event.uprobe.name = AddressOf(name.data());
      event.uprobe.name_length = static_cast<uint32_t>(name.size());
    }
    switch (type) {
      case kernel::kPerfUprobe:
      case kernel::kPerfUretprobe:
        Mark(&event.uprobe.cookie);
        Mark(&event.uprobe.reference_counter_offset);
        if (!AskAgain()) return;
        SetText("path", name);
        Set("offset", uint64_t{event.uprobe.offset});
        SetTold("cookie", &event.uprobe.cookie);
        SetList("referenceCounterOffsets", {Told(event.uprobe.reference_counter_offset,
                                                 &event.uprobe.reference_counter_offset)});
        break;
      case kernel::kPerfKprobe:
      case kernel::kPerfKretprobe:
        Mark(&event.kprobe.missed);
        Mark(&event.kprobe.cookie);
        if (!AskAgain()) return;
        // Empty for a probe of an address.
        if (name[0] != '\0') SetText("functionName", name);
        Set("offset", uint64_t{event.kprobe.offset});
        Set("address", event.kprobe.address);
        SetTold("missed", &event.kprobe.missed);
        SetTold("cookie", &event.kprobe.cookie);
        break;
      case kernel::kPerfTracepoint:
        Mark(&event.tracepoint.cookie);
        if (!AskAgain()) return;
        SetText("tracepointName", name);
        SetTold("cookie", &event.tracepoint.cookie);
        break;
      case kernel::kPerfOther:
        Mark(&event.other.cookie);
        if (!AskAgain()) return;
        Set("config", event.other.config);
        Set("eventType", event.other.type);
        SetTold("cookie", &event.other.cookie);
        break;
    }
  }

  Napi::Env env_;
  int fd_;
  Napi::Object result_;
  LinkFacts first_ = {};
  LinkFacts second_ = {};
  // Of the kernel's struct, as far as ours goes.
  uint32_t size_ = 0;
};

}  // namespace

Napi::Value LinkInfo(const Napi::CallbackInfo& info) {
  int32_t handle;
  if (!ReadArguments(info, &handle)) return {};
  Link* link = Environment::Of(info)->handles().Get<Link>(handle);
  int status = link == nullptr ? -EBADF : link->state->CheckKind();
  if (status != 0) return Napi::Number::New(info.Env(), status);
  Answer answer(info.Env(), link->state->fd());
  status = answer.status();
  if (status != 0) return Napi::Number::New(info.Env(), status);
  return answer.Describe();
}

}  // namespace ebpf
