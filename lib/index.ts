/**
 * eBPF for Node.js: the public API, one export a line.
 *
 * @packageDocumentation
 */
export { loadObject } from './object-spec.ts'
export { openObject } from './object-spec.ts'
export { createMap } from './maps/create.ts'
export { openMap } from './maps/open.ts'
export { openProgram } from './open-program.ts'

// Objects
export { ObjectSpec } from './object-spec.ts'
export { BpfObject } from './object.ts'
export { BpfProgram } from './program.ts'
export { Link } from './link.ts'

// Maps
export { BpfMap } from './maps/map.ts'
export { KeyedMap } from './maps/keyed-map.ts'
export { HashMap } from './maps/hash-map.ts'
export { LruHashMap } from './maps/hash-map.ts'
export { ArrayMap } from './maps/array-map.ts'
export { PerCpuHashMap } from './maps/per-cpu.ts'
export { LruPerCpuHashMap } from './maps/per-cpu.ts'
export { PerCpuArrayMap } from './maps/per-cpu.ts'

// Events
export { RingBuffer } from './events/ring-buffer.ts'
export { RecordStream } from './events/stream.ts'
export { Batch } from './events/batch.ts'

// Hooks
export { tracepoint } from './hooks/tracepoint.ts'
export { rawTracepoint } from './hooks/raw-tracepoint.ts'
export { tpBtf } from './hooks/tp-btf.ts'
export { uprobe } from './hooks/uprobe.ts'
export { uretprobe } from './hooks/uprobe.ts'
export { xdp } from './hooks/xdp.ts'

// Types without BTF
export * from './btf/schema.ts'

// Errors
export { EbpfError } from './errors.ts'
export { VerifierError } from './errors.ts'
export { AddonLoadError } from './errors.ts'

// The system
export { onLog } from './system/logging.ts'
export { monotonicToDate } from './system/clocks.ts'
export { bootTimeToDate } from './system/clocks.ts'
export { kernelSymbols } from './system/kernel-symbols.ts'
export { possibleCpus } from './system/cpus.ts'
export { enableRunStatistics } from './system/run-statistics.ts'
export { libbpfVersion } from './system/libbpf-version.ts'

// Types
export type { ObjectSource } from './source.ts'
export type { OpenOptions } from './object-spec.ts'
export type { LoadOptions } from './object-spec.ts'
export type { ProgramSpec } from './object-spec.ts'
export type { MapSpec } from './object-spec.ts'
export type { MapEdit } from './object-spec.ts'
export type { ProgramEdit } from './object-spec.ts'
export type { KconfigValue } from './object-spec.ts'
export type { ObjectShape } from './object.ts'
export type { ShapeOf } from './object.ts'
export type { UnknownShape } from './object.ts'
export type { AttachResult } from './object.ts'
export type { ProgramInfo } from './program.ts'
export type { TestRunOptions } from './program.ts'
export type { TestRunResult } from './program.ts'
export type { LinkInfo } from './link.ts'
export type { Hook } from './hooks/hook.ts'
export type { TracepointHook } from './hooks/tracepoint.ts'
export type { TracepointOptions } from './hooks/tracepoint.ts'
export type { RawTracepointHook } from './hooks/raw-tracepoint.ts'
export type { RawTracepointOptions } from './hooks/raw-tracepoint.ts'
export type { TpBtfHook } from './hooks/tp-btf.ts'
export type { TpBtfOptions } from './hooks/tp-btf.ts'
export type { UprobeHook } from './hooks/uprobe.ts'
export type { UprobeOptions } from './hooks/uprobe.ts'
export type { XdpHook } from './hooks/xdp.ts'
export type { XdpMode } from './hooks/xdp.ts'
export type { XdpOptions } from './hooks/xdp.ts'
export type { NetworkNamespace } from './system/netns.ts'
export type { MapInfo } from './maps/map.ts'
export type { SetOptions } from './maps/keyed-map.ts'
export type { RawOptions } from './maps/keyed-map.ts'
export type { MapType } from './maps/types.ts'
export type { MapClass } from './maps/factory.ts'
export type { CreateMapOptions } from './maps/create.ts'
export type { HashOptions } from './maps/create.ts'
export type { ArrayOptions } from './maps/create.ts'
export type { RingBufferOptions } from './maps/create.ts'
export type { KernelTarget } from './target.ts'
export type { OpenMapOptions } from './maps/open.ts'
export type { BatchHandler } from './events/ring-consumer.ts'
export type { StreamOptions } from './events/stream.ts'
export type { StreamStatistics } from './events/stream.ts'
export type { Subscription } from './events/stream.ts'
export type { Int64 } from './object-types.ts'
export type { LogLevel } from './system/logging.ts'
export type { LogMessage } from './system/logging.ts'
export type { KernelSymbol } from './system/kernel-symbols.ts'
export type { RunStatistics } from './system/run-statistics.ts'
export type { EbpfErrorCode } from './errors.ts'
export type { FailureContext } from './errors.ts'
