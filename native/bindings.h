// Every function of the addon; lib/binding.ts says what each does. addon.cc gives them their names.
// Those in raw Node-API are the hot ones (hot.h).
#ifndef EBPF_NATIVE_BINDINGS_H_
#define EBPF_NATIVE_BINDINGS_H_

#include <napi.h>

namespace ebpf {

// query.cc
Napi::Value LibbpfVersion(const Napi::CallbackInfo& info);
Napi::Value PossibleCpus(const Napi::CallbackInfo& info);
Napi::Value Clock(const Napi::CallbackInfo& info);
Napi::Value LiveHandles(const Napi::CallbackInfo& info);
Napi::Value EnableRunStatistics(const Napi::CallbackInfo& info);
Napi::Value InstructionsProbe(const Napi::CallbackInfo& info);
Napi::Value DescriptorClose(const Napi::CallbackInfo& info);

// pidfd.cc
Napi::Value PidfdOpen(const Napi::CallbackInfo& info);
Napi::Value DescriptorFd(const Napi::CallbackInfo& info);

// security.cc
Napi::Value HasBpfSecurityModule(const Napi::CallbackInfo& info);

// object.cc
Napi::Value ObjectOpen(const Napi::CallbackInfo& info);
Napi::Value ObjectLoad(const Napi::CallbackInfo& info);
Napi::Value ObjectClose(const Napi::CallbackInfo& info);
Napi::Value ObjectCloseSync(const Napi::CallbackInfo& info);

// linker.cc
Napi::Value ObjectsLink(const Napi::CallbackInfo& info);

// kernel_btf.cc
Napi::Value KernelBtfRelease(const Napi::CallbackInfo& info);

// program_load.cc
Napi::Value ProgramLoad(const Napi::CallbackInfo& info);

// program.cc
Napi::Value ProgramOpenById(const Napi::CallbackInfo& info);
Napi::Value ProgramOpenByPath(const Napi::CallbackInfo& info);
Napi::Value ProgramOpenByFd(const Napi::CallbackInfo& info);
Napi::Value ProgramFd(const Napi::CallbackInfo& info);
Napi::Value ProgramInfo(const Napi::CallbackInfo& info);
Napi::Value ProgramTestRun(const Napi::CallbackInfo& info);
Napi::Value ProgramPin(const Napi::CallbackInfo& info);
Napi::Value ProgramClose(const Napi::CallbackInfo& info);

// program_stream.cc
napi_value ProgramStreamRead(napi_env env, napi_callback_info info);

// link.cc
Napi::Value ProgramAttach(const Napi::CallbackInfo& info);
Napi::Value MapAttach(const Napi::CallbackInfo& info);
Napi::Value ClassicFilterAttach(const Napi::CallbackInfo& info);
Napi::Value LinkFd(const Napi::CallbackInfo& info);
Napi::Value LinkPin(const Napi::CallbackInfo& info);
Napi::Value LinkOpenById(const Napi::CallbackInfo& info);
Napi::Value LinkOpenByPath(const Napi::CallbackInfo& info);
Napi::Value LinkOpenByFd(const Napi::CallbackInfo& info);
Napi::Value LinkNextId(const Napi::CallbackInfo& info);
Napi::Value LinkUpdate(const Napi::CallbackInfo& info);
Napi::Value LinkUpdateMap(const Napi::CallbackInfo& info);
Napi::Value LinkDetach(const Napi::CallbackInfo& info);
Napi::Value IteratorCreate(const Napi::CallbackInfo& info);
Napi::Value LinkClose(const Napi::CallbackInfo& info);
Napi::Value LinkCloseSync(const Napi::CallbackInfo& info);

// hook_query.cc
Napi::Value HookQuery(const Napi::CallbackInfo& info);
Napi::Value FunctionOffsets(const Napi::CallbackInfo& info);

// link_info.cc
Napi::Value LinkInfo(const Napi::CallbackInfo& info);

// map.cc
Napi::Value MapCreate(const Napi::CallbackInfo& info);
Napi::Value MapOpenById(const Napi::CallbackInfo& info);
Napi::Value MapOpenByPath(const Napi::CallbackInfo& info);
Napi::Value MapOpenByFd(const Napi::CallbackInfo& info);
Napi::Value MapFd(const Napi::CallbackInfo& info);
Napi::Value MapPin(const Napi::CallbackInfo& info);
Napi::Value MapFreeze(const Napi::CallbackInfo& info);
Napi::Value MapPutInner(const Napi::CallbackInfo& info);
Napi::Value MapPutInnerBatch(const Napi::CallbackInfo& info);
Napi::Value MapClose(const Napi::CallbackInfo& info);
Napi::Value MapMemory(const Napi::CallbackInfo& info);
Napi::Value MapBind(const Napi::CallbackInfo& info);

// map_target.cc
Napi::Value MapPutTarget(const Napi::CallbackInfo& info);

// map_info.cc
Napi::Value MapInfo(const Napi::CallbackInfo& info);

// memory.cc
Napi::Value MemoryDetach(const Napi::CallbackInfo& info);

// arena.cc
Napi::Value ArenaMap(const Napi::CallbackInfo& info);
napi_value ArenaRead(napi_env env, napi_callback_info info);
napi_value ArenaWrite(napi_env env, napi_callback_info info);
Napi::Value ArenaView(const Napi::CallbackInfo& info);

// map_entries.cc
napi_value MapLookup(napi_env env, napi_callback_info info);
napi_value MapUpdate(napi_env env, napi_callback_info info);
napi_value MapDelete(napi_env env, napi_callback_info info);
napi_value MapLookupAndDelete(napi_env env, napi_callback_info info);
napi_value MapNextKey(napi_env env, napi_callback_info info);
napi_value MapFunctions(napi_env env, napi_callback_info info);
napi_value MapLookupBatch(napi_env env, napi_callback_info info);
napi_value MapLookupAndDeleteBatch(napi_env env, napi_callback_info info);
napi_value MapUpdateBatch(napi_env env, napi_callback_info info);
napi_value MapDeleteBatch(napi_env env, napi_callback_info info);

// btf.cc
Napi::Value BtfById(const Napi::CallbackInfo& info);
Napi::Value BtfLoad(const Napi::CallbackInfo& info);

// ring_buffer.cc
Napi::Value RingOpen(const Napi::CallbackInfo& info);
Napi::Value RingPendingOf(const Napi::CallbackInfo& info);

// perf_buffer.cc
Napi::Value PerfBufferOpen(const Napi::CallbackInfo& info);
Napi::Value PerfBufferLost(const Napi::CallbackInfo& info);
Napi::Value PerfBufferPause(const Napi::CallbackInfo& info);
Napi::Value PerfBufferSettle(const Napi::CallbackInfo& info);
Napi::Value PerfBufferSnapshot(const Napi::CallbackInfo& info);

// record_reader.cc
Napi::Value ReaderBind(const Napi::CallbackInfo& info);
napi_value ReaderRead(napi_env env, napi_callback_info info);
napi_value ReaderCommit(napi_env env, napi_callback_info info);
napi_value ReaderPending(napi_env env, napi_callback_info info);
Napi::Value ReaderSize(const Napi::CallbackInfo& info);
Napi::Value ReaderPositions(const Napi::CallbackInfo& info);
Napi::Value ReaderClose(const Napi::CallbackInfo& info);

// user_ring_buffer.cc
Napi::Value UserRingOpen(const Napi::CallbackInfo& info);
napi_value UserRingSubmit(napi_env env, napi_callback_info info);
napi_value UserRingReserve(napi_env env, napi_callback_info info);
napi_value UserRingCommit(napi_env env, napi_callback_info info);
napi_value UserRingDiscard(napi_env env, napi_callback_info info);
napi_value UserRingPending(napi_env env, napi_callback_info info);
Napi::Value UserRingPendingOf(const Napi::CallbackInfo& info);
Napi::Value UserRingClose(const Napi::CallbackInfo& info);

// poller.cc
Napi::Value PollerStart(const Napi::CallbackInfo& info);
Napi::Value PollerReference(const Napi::CallbackInfo& info);
Napi::Value PollerArm(const Napi::CallbackInfo& info);
Napi::Value PollerDisarm(const Napi::CallbackInfo& info);

}  // namespace ebpf

#endif  // EBPF_NATIVE_BINDINGS_H_
