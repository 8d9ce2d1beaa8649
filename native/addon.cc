// The whole native surface; lib/binding.ts is its description.

#include <napi.h>

#include "bindings.h"
#include "env.h"

namespace ebpf {
namespace {

using MakeFunction = Napi::Function (*)(Napi::Env env, const char* name, Environment* environment);

struct Export {
  const char* name;
  MakeFunction make;
};

template <Napi::Value (*function)(const Napi::CallbackInfo& info)>
Napi::Function Cold(Napi::Env env, const char* name, Environment* environment) {
  return Napi::Function::New<function>(env, name, environment);
}

// hot.h says what these are. Napi::Function makes none in raw Node-API.
template <napi_callback function>
Napi::Function Hot(Napi::Env env, const char* name, Environment* environment) {
  napi_value result = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, environment, &result);
  return Napi::Function(env, result);
}

constexpr Export kExports[] = {
    {"libbpfVersion", Cold<LibbpfVersion>},
    {"possibleCpus", Cold<PossibleCpus>},
    {"clock", Cold<Clock>},
    {"liveHandles", Cold<LiveHandles>},
    {"enableRunStatistics", Cold<EnableRunStatistics>},
    {"instructionsProbe", Cold<InstructionsProbe>},
    {"descriptorClose", Cold<DescriptorClose>},

    {"pidfdOpen", Cold<PidfdOpen>},
    {"descriptorFd", Cold<DescriptorFd>},

    {"hasBpfSecurityModule", Cold<HasBpfSecurityModule>},

    {"objectOpen", Cold<ObjectOpen>},
    {"objectLoad", Cold<ObjectLoad>},
    {"objectClose", Cold<ObjectClose>},
    {"objectCloseSync", Cold<ObjectCloseSync>},
    {"objectsLink", Cold<ObjectsLink>},
    {"kernelBtfRelease", Cold<KernelBtfRelease>},

    {"programLoad", Cold<ProgramLoad>},
    {"programOpenById", Cold<ProgramOpenById>},
    {"programOpenByPath", Cold<ProgramOpenByPath>},
    {"programOpenByFd", Cold<ProgramOpenByFd>},
    {"programFd", Cold<ProgramFd>},
    {"programInfo", Cold<ProgramInfo>},
    {"programTestRun", Cold<ProgramTestRun>},
    {"programPin", Cold<ProgramPin>},
    {"programClose", Cold<ProgramClose>},
    {"programStreamRead", Hot<ProgramStreamRead>},

    {"programAttach", Cold<ProgramAttach>},
    {"mapAttach", Cold<MapAttach>},
    {"classicFilterAttach", Cold<ClassicFilterAttach>},
    {"linkFd", Cold<LinkFd>},
    {"linkInfo", Cold<LinkInfo>},
    {"linkPin", Cold<LinkPin>},
    {"linkOpenById", Cold<LinkOpenById>},
    {"linkOpenByPath", Cold<LinkOpenByPath>},
    {"linkOpenByFd", Cold<LinkOpenByFd>},
    {"linkNextId", Cold<LinkNextId>},
    {"linkUpdate", Cold<LinkUpdate>},
    {"linkUpdateMap", Cold<LinkUpdateMap>},
    {"linkDetach", Cold<LinkDetach>},
    {"iteratorCreate", Cold<IteratorCreate>},
    {"hookQuery", Cold<HookQuery>},
    {"functionOffsets", Cold<FunctionOffsets>},
    {"linkClose", Cold<LinkClose>},
    {"linkCloseSync", Cold<LinkCloseSync>},

    {"mapCreate", Cold<MapCreate>},
    {"mapOpenById", Cold<MapOpenById>},
    {"mapOpenByPath", Cold<MapOpenByPath>},
    {"mapOpenByFd", Cold<MapOpenByFd>},
    {"mapFd", Cold<MapFd>},
    {"mapInfo", Cold<MapInfo>},
    {"mapPin", Cold<MapPin>},
    {"mapFreeze", Cold<MapFreeze>},
    {"mapPutInner", Cold<MapPutInner>},
    {"mapPutInnerBatch", Cold<MapPutInnerBatch>},
    {"mapPutTarget", Cold<MapPutTarget>},
    {"mapClose", Cold<MapClose>},
    {"mapMemory", Cold<MapMemory>},
    {"memoryDetach", Cold<MemoryDetach>},
    {"arenaMap", Cold<ArenaMap>},
    {"arenaRead", Hot<ArenaRead>},
    {"arenaWrite", Hot<ArenaWrite>},
    {"arenaView", Cold<ArenaView>},
    {"mapBind", Cold<MapBind>},
    {"mapLookup", Hot<MapLookup>},
    {"mapUpdate", Hot<MapUpdate>},
    {"mapDelete", Hot<MapDelete>},
    {"mapLookupAndDelete", Hot<MapLookupAndDelete>},
    {"mapNextKey", Hot<MapNextKey>},
    {"mapFunctions", Hot<MapFunctions>},
    {"mapLookupBatch", Hot<MapLookupBatch>},
    {"mapLookupAndDeleteBatch", Hot<MapLookupAndDeleteBatch>},
    {"mapUpdateBatch", Hot<MapUpdateBatch>},
    {"mapDeleteBatch", Hot<MapDeleteBatch>},

    {"btfById", Cold<BtfById>},
    {"btfLoad", Cold<BtfLoad>},

    {"ringOpen", Cold<RingOpen>},
    {"ringPendingOf", Cold<RingPendingOf>},

    {"perfBufferOpen", Cold<PerfBufferOpen>},
    {"perfBufferLost", Cold<PerfBufferLost>},
    {"perfBufferPause", Cold<PerfBufferPause>},
    {"perfBufferSettle", Cold<PerfBufferSettle>},
    {"perfBufferSnapshot", Cold<PerfBufferSnapshot>},

    {"readerBind", Cold<ReaderBind>},
    {"readerRead", Hot<ReaderRead>},
    {"readerCommit", Hot<ReaderCommit>},
    {"readerPending", Hot<ReaderPending>},
    {"readerSize", Cold<ReaderSize>},
    {"readerPositions", Cold<ReaderPositions>},
    {"readerClose", Cold<ReaderClose>},

    {"userRingOpen", Cold<UserRingOpen>},
    {"userRingSubmit", Hot<UserRingSubmit>},
    {"userRingReserve", Hot<UserRingReserve>},
    {"userRingCommit", Hot<UserRingCommit>},
    {"userRingDiscard", Hot<UserRingDiscard>},
    {"userRingPending", Hot<UserRingPending>},
    {"userRingPendingOf", Cold<UserRingPendingOf>},
    {"userRingClose", Cold<UserRingClose>},

    {"pollerStart", Cold<PollerStart>},
    {"pollerReference", Cold<PollerReference>},
    {"pollerArm", Cold<PollerArm>},
    {"pollerDisarm", Cold<PollerDisarm>},
};

// Called once for each environment that loads the addon.
Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment* environment = Environment::Create(env);
  if (environment == nullptr) return exports;
  for (const Export& entry : kExports) {
    Napi::Function function = entry.make(env, entry.name, environment);
    // Empty when the environment is ending: nobody will call it.
    if (function.IsEmpty() || !exports.Set(entry.name, function)) break;
  }
  return exports;
}

}  // namespace

NODE_API_MODULE(ebpf, Init)

}  // namespace ebpf
