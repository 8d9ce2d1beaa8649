// The whole native surface; lib/binding.ts is its description.

#include <node_api.h>

#include "bindings.h"
#include "env.h"

namespace ebpf {
namespace {

struct Export {
  const char* name;
  napi_callback function;
};

constexpr Export kExports[] = {
    {"libbpfVersion", LibbpfVersion},
    {"possibleCpus", PossibleCpus},
    {"clock", Clock},
    {"liveHandles", LiveHandles},
    {"enableRunStatistics", EnableRunStatistics},
    {"descriptorClose", DescriptorClose},

    {"objectInspect", ObjectInspect},
    {"objectLoad", ObjectLoad},
    {"objectClose", ObjectClose},
    {"objectCloseSync", ObjectCloseSync},

    {"programOpenById", ProgramOpenById},
    {"programOpenByPath", ProgramOpenByPath},
    {"programOpenByFd", ProgramOpenByFd},
    {"programFd", ProgramFd},
    {"programInfo", ProgramInfo},
    {"programTestRun", ProgramTestRun},
    {"programPin", ProgramPin},
    {"programClose", ProgramClose},

    {"programAttach", ProgramAttach},
    {"mapAttach", MapAttach},
    {"linkFd", LinkFd},
    {"linkInfo", LinkInfo},
    {"linkPin", LinkPin},
    {"linkClose", LinkClose},
    {"linkCloseSync", LinkCloseSync},

    {"mapCreate", MapCreate},
    {"mapOpenById", MapOpenById},
    {"mapOpenByPath", MapOpenByPath},
    {"mapOpenByFd", MapOpenByFd},
    {"mapFd", MapFd},
    {"mapInfo", MapInfo},
    {"mapPin", MapPin},
    {"mapFreeze", MapFreeze},
    {"mapClose", MapClose},
    {"mapMemory", MapMemory},
    {"mapBind", MapBind},
    {"mapLookup", MapLookup},
    {"mapUpdate", MapUpdate},
    {"mapDelete", MapDelete},
    {"mapLookupAndDelete", MapLookupAndDelete},
    {"mapNextKey", MapNextKey},
    {"mapLookupBatch", MapLookupBatch},
    {"mapLookupAndDeleteBatch", MapLookupAndDeleteBatch},
    {"mapUpdateBatch", MapUpdateBatch},
    {"mapDeleteBatch", MapDeleteBatch},

    {"btfById", BtfById},

    {"ringOpen", RingOpen},
    {"ringBind", RingBind},
    {"ringRead", RingRead},
    {"ringCommit", RingCommit},
    {"ringPending", RingPending},
    {"ringPendingOf", RingPendingOf},
    {"ringSize", RingSize},
    {"ringClose", RingClose},

    {"pollerStart", PollerStart},
    {"pollerReference", PollerReference},
    {"ringArm", RingArm},
    {"ringDisarm", RingDisarm},
};

}  // namespace
}  // namespace ebpf

// Called once for each environment that loads the addon.
NAPI_MODULE_INIT() {
  ebpf::Environment* environment = ebpf::Environment::Create(env);
  if (environment == nullptr) return nullptr;
  for (const ebpf::Export& entry : ebpf::kExports) {
    napi_value function;
    if (napi_create_function(env, entry.name, NAPI_AUTO_LENGTH, entry.function, environment,
                             &function) != napi_ok ||
        napi_set_named_property(env, exports, entry.name, function) != napi_ok) {
      return nullptr;
    }
  }
  return exports;
}
