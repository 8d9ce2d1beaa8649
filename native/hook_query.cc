// Who is attached where.

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <sys/ioctl.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "convert.h"
#include "interface.h"
#include "kernel_abi.h"
#include "netfilter_hooks.h"
#include "perf_event.h"
#include "task.h"
#include "tc_filters.h"

namespace ebpf {
namespace {

struct Entry {
  uint32_t program_id;
  uint32_t link_id = 0;
  uint32_t flags = 0;
  uint32_t handle = 0;
  int32_t priority = 0;
};

struct Result {
  uint64_t revision = 0;
  std::vector<Entry> entries;
};

// Runs on the thread pool; holds plain data only.
using QueryFunction = std::function<Status(Result* result)>;

// What BPF_PROG_QUERY is asked for besides the ids. Older kernels refuse to hear of it: those
// before 6.6 of the first, those before 6.0 of the second.
enum class Detail { kLinks, kFlags, kIds };

// Into lists of `count` entries, which becomes what the kernel has.
int QueryInto(int target, bpf_attach_type type, uint32_t query_flags, Detail detail,
              uint32_t* count, Result* result) {
  std::vector<uint32_t> ids(*count);
  std::vector<uint32_t> flags(*count);
  std::vector<uint32_t> links(*count);
  LibbpfOptions<struct bpf_prog_query_opts> options;
  options.query_flags = query_flags;
  options.prog_ids = ids.data();
  options.prog_cnt = *count;
  // What runs in the end comes from several cgroups, and has no flags here.
  bool has_flags = detail != Detail::kIds && (query_flags & BPF_F_QUERY_EFFECTIVE) == 0;
  if (has_flags) options.prog_attach_flags = flags.data();
#if EBPF_LIBBPF_AT_LEAST(1, 3)
  if (detail == Detail::kLinks) options.link_ids = links.data();
#endif
  int status = bpf_prog_query_opts(target, type, &options);
  uint32_t room = *count;
  *count = options.prog_cnt;
  if (status != 0 || *count > room) return status;
#if EBPF_LIBBPF_AT_LEAST(1, 3)
  result->revision = options.revision;
#endif
  result->entries.clear();
  for (uint32_t index = 0; index < *count; ++index) {
    result->entries.push_back(
        {ids[index], links[index], has_flags ? flags[index] : options.attach_flags, 0, 0});
  }
  return 0;
}

Status QueryPrograms(int target, uint32_t attach_type, uint32_t query_flags, Result* result) {
  constexpr const char* kOperation = "bpf_prog_query_opts";
  // More than one hook has today (BPF_MPROG_MAX, BPF_CGROUP_MAX_PROGS of the kernel: 64).
  constexpr uint32_t kCount = 64;
  constexpr uint32_t kMost = 1U << 20;
  auto type = kernel::ToAttachType(attach_type);
  int status = -EINVAL;
  for (Detail detail : {Detail::kLinks, Detail::kFlags, Detail::kIds}) {
    uint32_t room = kCount;
    uint32_t count = room;
    status = QueryInto(target, type, query_flags, detail, &count, result);
    while (status == -ENOSPC && room < kMost) {
      // More may come while we ask again.
      room = count > room ? count + kCount : 2 * room;
      count = room;
      status = QueryInto(target, type, query_flags, detail, &count, result);
    }
    if (status != -EINVAL) break;
  }
  return FromReturn(kOperation, status);
}

Status QueryXdp(int index, Result* result) {
  LibbpfOptions<bpf_xdp_query_opts> options;
  // No further: the driver's features would be asked for by other means, which can fail.
  options.sz = offsetof(bpf_xdp_query_opts, attach_mode) + sizeof(options.attach_mode);
  Status status = FromReturn("bpf_xdp_query", bpf_xdp_query(index, 0, &options));
  if (!status.ok()) return status;
  auto add = [result](uint32_t id, uint32_t mode) {
    if (id != 0) result->entries.push_back({id, 0, mode, 0, 0});
  };
  add(options.hw_prog_id, XDP_ATTACHED_HW);
  add(options.drv_prog_id, XDP_ATTACHED_DRV);
  add(options.skb_prog_id, XDP_ATTACHED_SKB);
  if (result->entries.empty()) add(options.prog_id, options.attach_mode);
  return status;
}

Status QueryTc(int index, uint32_t attach_point, Result* result) {
  std::vector<TcFilter> filters;
  Status status =
      ListTcFilters(index, kernel::ToEnum<bpf_tc_attach_point>(attach_point, 3), &filters);
  for (const TcFilter& filter : filters) {
    result->entries.push_back(
        {filter.program_id, 0, 0, filter.handle, static_cast<int32_t>(filter.priority)});
  }
  return status;
}

Status QueryTracepoint(const std::string& category, const std::string& name, Result* result) {
  // As many as a tracepoint takes (BPF_TRACE_MAX_PROGS, kernel/trace/bpf_trace.c).
  constexpr uint32_t kMost = 64;
  UniqueFd event = OpenTracepoint(category, name);
  if (!event.valid()) return FromReturn("perf_event_open", event.get());
  // struct perf_event_query_bpf: its length, the number there is, the ids.
  std::vector<uint32_t> query(2 + kMost);
  query[0] = kMost;
  Status status = FromSyscall("ioctl(PERF_EVENT_IOC_QUERY_BPF)",
                              ioctl(event.get(), PERF_EVENT_IOC_QUERY_BPF, query.data()));
  if (!status.ok()) return status;
  for (uint32_t index = 0; index < query[1] && index < kMost; ++index) {
    result->entries.push_back({query[2 + index]});
  }
  return status;
}

bool ReadDescriptorQuery(Napi::Value value, QueryFunction* query) {
  HeldFd fd;
  uint32_t attach_type;
  uint32_t flags;
  if (!ReadProperty(value, "fd", &fd) || !ReadProperty(value, "attachType", &attach_type) ||
      !ReadProperty(value, "flags", &flags)) {
    return false;
  }
  *query = [=](Result* result) {
    if (fd.get() < 0) return FromReturn("bpf_prog_query_opts", fd.get());
    return QueryPrograms(fd.get(), attach_type, flags, result);
  };
  return true;
}

bool ReadInterfaceQuery(Napi::Value value, QueryFunction* query) {
  Interface interface;
  uint32_t attach_type;
  uint32_t flags;
  if (!Read(value, &interface) || !ReadProperty(value, "attachType", &attach_type) ||
      !ReadProperty(value, "flags", &flags)) {
    return false;
  }
  *query = [=](Result* result) {
    return OnInterface(interface,
                       [&](int index) { return QueryPrograms(index, attach_type, flags, result); });
  };
  return true;
}

bool ReadXdpQuery(Napi::Value value, QueryFunction* query) {
  Interface interface;
  if (!Read(value, &interface)) return false;
  *query = [=](Result* result) {
    return OnInterface(interface, [&](int index) { return QueryXdp(index, result); });
  };
  return true;
}

bool ReadTcQuery(Napi::Value value, QueryFunction* query) {
  Interface interface;
  uint32_t attach_point;
  if (!Read(value, &interface) || !ReadProperty(value, "attachPoint", &attach_point)) return false;
  *query = [=](Result* result) {
    return OnInterface(interface, [&](int index) { return QueryTc(index, attach_point, result); });
  };
  return true;
}

bool ReadNetfilterQuery(Napi::Value value, QueryFunction* query) {
  uint32_t family;
  uint32_t hook;
  HeldFd netns;
  if (!ReadProperty(value, "family", &family) || !ReadProperty(value, "hook", &hook) ||
      !ReadProperty(value, "netnsFd", &netns)) {
    return false;
  }
  *query = [=](Result* result) {
    return InNetns(netns, [&] {
      std::vector<NetfilterProgram> programs;
      Status status = ListNetfilterPrograms(family, hook, &programs);
      for (const NetfilterProgram& program : programs) {
        result->entries.push_back({program.program_id, 0, 0, 0, program.priority});
      }
      return status;
    });
  };
  return true;
}

bool ReadTracepointQuery(Napi::Value value, QueryFunction* query) {
  std::string category;
  std::string name;
  if (!ReadProperty(value, "category", &category) || !ReadProperty(value, "name", &name)) {
    return false;
  }
  *query = [=](Result* result) { return QueryTracepoint(category, name, result); };
  return true;
}

struct Query {
  const char* kind;
  bool (*read)(Napi::Value value, QueryFunction* query);
};

constexpr Query kQueries[] = {
    {"descriptor", ReadDescriptorQuery},
    {"interface", ReadInterfaceQuery},
    {"xdp", ReadXdpQuery},
    {"tc", ReadTcQuery},
    {"netfilter", ReadNetfilterQuery},
    {"tracepoint", ReadTracepointQuery},
};

bool Read(Napi::Value value, QueryFunction* result) {
  std::string kind;
  if (!ReadProperty(value, "kind", &kind)) return false;
  for (const Query& known : kQueries) {
    if (kind == known.kind) return known.read(value, result);
  }
  return Expected(value.Env(), "a known kind of query");
}

Status DeliverResult(Environment* environment, Result&& found, Napi::Value* value) {
  Napi::Env env = environment->env();
  auto make = [env](const Entry& entry) {
    auto result = Napi::Object::New(env);
    result.Set("programId", entry.program_id);
    result.Set("linkId", entry.link_id);
    result.Set("flags", entry.flags);
    result.Set("handle", entry.handle);
    result.Set("priority", entry.priority);
    return result;
  };
  auto result = Napi::Object::New(env);
  result.Set("revision", Napi::BigInt::New(env, found.revision));
  result.Set("entries", MakeArray(env, found.entries, make));
  *value = result;
  return {};
}

}  // namespace

Napi::Value HookQuery(const Napi::CallbackInfo& info) {
  QueryFunction query;
  if (!Read(info[0], &query)) return {};
  return StartTask<Result>(
      Environment::Of(info), "ebpf.hookQuery",
      [query = std::move(query)](Result* result) { return query(result); }, DeliverResult);
}

}  // namespace ebpf
