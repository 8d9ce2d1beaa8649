// Every function of the addon; lib/binding.ts says what each does. addon.cc gives them their names.
#ifndef EBPF_NATIVE_BINDINGS_H_
#define EBPF_NATIVE_BINDINGS_H_

#include <node_api.h>

namespace ebpf {

// query.cc
napi_value LibbpfVersion(napi_env env, napi_callback_info info);
napi_value PossibleCpus(napi_env env, napi_callback_info info);
napi_value Clock(napi_env env, napi_callback_info info);
napi_value LiveHandles(napi_env env, napi_callback_info info);
napi_value EnableRunStatistics(napi_env env, napi_callback_info info);
napi_value DescriptorClose(napi_env env, napi_callback_info info);

// object.cc
napi_value ObjectInspect(napi_env env, napi_callback_info info);
napi_value ObjectLoad(napi_env env, napi_callback_info info);
napi_value ObjectClose(napi_env env, napi_callback_info info);
napi_value ObjectCloseSync(napi_env env, napi_callback_info info);

// program.cc
napi_value ProgramOpenById(napi_env env, napi_callback_info info);
napi_value ProgramOpenByPath(napi_env env, napi_callback_info info);
napi_value ProgramOpenByFd(napi_env env, napi_callback_info info);
napi_value ProgramFd(napi_env env, napi_callback_info info);
napi_value ProgramInfo(napi_env env, napi_callback_info info);
napi_value ProgramTestRun(napi_env env, napi_callback_info info);
napi_value ProgramPin(napi_env env, napi_callback_info info);
napi_value ProgramClose(napi_env env, napi_callback_info info);

// link.cc
napi_value ProgramAttach(napi_env env, napi_callback_info info);
napi_value MapAttach(napi_env env, napi_callback_info info);
napi_value LinkFd(napi_env env, napi_callback_info info);
napi_value LinkInfo(napi_env env, napi_callback_info info);
napi_value LinkPin(napi_env env, napi_callback_info info);
napi_value LinkClose(napi_env env, napi_callback_info info);
napi_value LinkCloseSync(napi_env env, napi_callback_info info);

// map.cc
napi_value MapCreate(napi_env env, napi_callback_info info);
napi_value MapOpenById(napi_env env, napi_callback_info info);
napi_value MapOpenByPath(napi_env env, napi_callback_info info);
napi_value MapOpenByFd(napi_env env, napi_callback_info info);
napi_value MapFd(napi_env env, napi_callback_info info);
napi_value MapInfo(napi_env env, napi_callback_info info);
napi_value MapPin(napi_env env, napi_callback_info info);
napi_value MapFreeze(napi_env env, napi_callback_info info);
napi_value MapClose(napi_env env, napi_callback_info info);
napi_value MapMemory(napi_env env, napi_callback_info info);

// map_entries.cc
napi_value MapBind(napi_env env, napi_callback_info info);
napi_value MapLookup(napi_env env, napi_callback_info info);
napi_value MapUpdate(napi_env env, napi_callback_info info);
napi_value MapDelete(napi_env env, napi_callback_info info);
napi_value MapLookupAndDelete(napi_env env, napi_callback_info info);
napi_value MapNextKey(napi_env env, napi_callback_info info);
napi_value MapLookupBatch(napi_env env, napi_callback_info info);
napi_value MapLookupAndDeleteBatch(napi_env env, napi_callback_info info);
napi_value MapUpdateBatch(napi_env env, napi_callback_info info);
napi_value MapDeleteBatch(napi_env env, napi_callback_info info);

// btf.cc
napi_value BtfById(napi_env env, napi_callback_info info);

// ring_buffer.cc
napi_value RingOpen(napi_env env, napi_callback_info info);
napi_value RingBind(napi_env env, napi_callback_info info);
napi_value RingRead(napi_env env, napi_callback_info info);
napi_value RingCommit(napi_env env, napi_callback_info info);
napi_value RingPending(napi_env env, napi_callback_info info);
napi_value RingPendingOf(napi_env env, napi_callback_info info);
napi_value RingSize(napi_env env, napi_callback_info info);
napi_value RingClose(napi_env env, napi_callback_info info);

// poller.cc
napi_value PollerStart(napi_env env, napi_callback_info info);
napi_value PollerReference(napi_env env, napi_callback_info info);
napi_value RingArm(napi_env env, napi_callback_info info);
napi_value RingDisarm(napi_env env, napi_callback_info info);

}  // namespace ebpf

#endif  // EBPF_NATIVE_BINDINGS_H_
