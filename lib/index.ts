/**
 * eBPF for Node.js: the public API, one module a line.
 *
 * @packageDocumentation
 */
export {
  loadObject,
  openObject,
  ObjectSpec,
  type OpenOptions,
  type EditableGlobals,
  type KconfigEdits,
  type LoadOptions,
} from './object-spec.ts'
export { createMap } from './maps/create.ts'
export { openMap } from './maps/open.ts'
export { openProgram } from './open-program.ts'
export { openLink, listLinks } from './open-link.ts'
export {
  attachFirst,
  NoneAttachedError,
  type AttachChoice,
  type FirstAttached,
  type PassedOver,
} from './attach-first.ts'
export { query, type QueryEntry, type QueryOptions, type QueryResult } from './query.ts'

// Objects
export {
  BpfObject,
  type ObjectShape,
  type GlobalsOf,
  type ShapeOf,
  type UnknownShape,
  type AttachResult,
} from './object.ts'
export { BpfProgram, type ProgramInfo, type TestRunOptions, type TestRunResult } from './program.ts'
export { Link, type UpdateOptions } from './link.ts'
export { LinkSet } from './link-set.ts'
export type { ObjectBytes, ObjectSource } from './source.ts'
export type { ProgramSpec, ProgramEdit } from './program-spec.ts'
export type { MapSpec, MapEdit } from './map-spec.ts'
export type { KconfigValue } from './kconfig.ts'
export type {
  LinkInfo,
  RawTracepointLinkInfo,
  TracingLinkInfo,
  CgroupLinkInfo,
  IteratorLinkInfo,
  NetnsLinkInfo,
  XdpLinkInfo,
  PerfEventLinkInfo,
  KprobeMultiLinkInfo,
  UprobeMultiLinkInfo,
  StructOpsLinkInfo,
  NetfilterLinkInfo,
  TcxLinkInfo,
  NetkitLinkInfo,
  SockmapLinkInfo,
  UnknownLinkInfo,
} from './link-info.ts'
export type { KernelTarget } from './target.ts'
export type { Int64 } from './object-types.ts'

// Maps
export { BpfMap, type MapInfo, type MapOwner } from './maps/map.ts'
export { KeyedMap, type Encodable, type Input } from './maps/keyed-map.ts'
export { HashMap, LruHashMap } from './maps/hash-map.ts'
export { ArrayMap } from './maps/array-map.ts'
export { PerCpuHashMap, LruPerCpuHashMap, PerCpuArrayMap, type CpuOptions, type SetCpuOptions } from './maps/per-cpu.ts'
export { EntryMap } from './maps/entry-map.ts'
export { LpmTrie } from './maps/lpm-trie.ts'
export { QueueMap, StackMap, type PushOptions } from './maps/queue.ts'
export { Arena } from './maps/arena.ts'
export { BloomFilter } from './maps/bloom-filter.ts'
export { DescriptorArray } from './maps/descriptor-array.ts'
export { ProgramArray } from './maps/program-array.ts'
export { StackTraceMap, type KernelFrame, type BuildIdFrame } from './maps/stack-trace.ts'
export { CgroupArray } from './maps/cgroup-array.ts'
export { SockMap, SockHash, SocketMap } from './maps/socket-map.ts'
export { ReuseportSocketArray } from './maps/socket-array.ts'
export { XskMap } from './maps/xsk-map.ts'
export { DeviceMap, DeviceHashMap, type Device, type DeviceTarget } from './maps/device-map.ts'
export { CpuMap, type CpuQueue, type CpuTarget } from './maps/cpu-map.ts'
export { TargetMap, ReadableTargetMap } from './maps/target-map.ts'
export { NestedMap, ArrayOfMaps, HashOfMaps, type CreateInnerOptions } from './maps/nested.ts'
export { StorageMap } from './maps/storage.ts'
export { SocketStorage } from './maps/storage-socket.ts'
export { TaskStorage, type TaskOrDescriptor } from './maps/storage-task.ts'
export { InodeStorage } from './maps/storage-inode.ts'
export { CgroupStorage } from './maps/storage-cgroup.ts'
export { OldCgroupStorage, OldPerCpuCgroupStorage, type AttachedPlaceKey } from './maps/storage-old-cgroup.ts'
export { StructOpsMap } from './maps/struct-ops.ts'
export {
  log2Histogram,
  Log2Histogram,
  type HistogramBucket,
  type HistogramOptions,
  type HistogramSource,
} from './maps/histogram.ts'
export type { MapView, MapViewClass, ViewOf } from './maps/memory-view.ts'
export type { readings, ReadingsOf } from './maps/readings.ts'
export type { KeyOf, InferKey } from './maps/key-types.ts'
export type { LockOptions, RawOptions, SetCondition, SetOptions } from './maps/entry-options.ts'
export type { Prefix, PrefixKey } from './maps/prefix-codec.ts'
export type { AttachedPlace, AttachedPlaceInput } from './maps/storage-old-cgroup-key.ts'
export type { MapType } from './maps/types.ts'
export type { MapFlag } from './maps/flags.ts'
export type { MapClass } from './maps/factory.ts'
export type {
  HashType,
  HashOptions,
  ArrayOptions,
  LpmTrieOptions,
  QueueOptions,
  BloomFilterOptions,
  ArrayOfMapsOptions,
  HashOfMapsOptions,
  InnerMap,
  DescriptorArrayOptions,
  StackTraceOptions,
  RedirectOptions,
  CpuMapOptions,
  SocketArrayOptions,
  SockHashOptions,
  OldStorageType,
  StorageType,
  StorageOptions,
  OldCgroupStorageOptions,
  PerfEventArrayOptions,
  RingBufferOptions,
  UserRingBufferOptions,
  ArenaOptions,
  OtherMapOptions,
  CreateMapOptions,
} from './maps/create-options.ts'
export type { CreatedMap } from './maps/created-map.ts'
export type { OpenMapOptions } from './maps/opened.ts'

// Events
export { RingBuffer } from './events/ring-buffer.ts'
export { PerfBuffer, type OverwritableOptions } from './events/perf-buffer.ts'
export { OverwritableBuffer } from './events/overwritable-buffer.ts'
export { RecordMap } from './events/record-map.ts'
export { UserRingBuffer } from './events/user-ring-buffer.ts'
export { RecordProducer, type WriteOptions } from './events/record-producer.ts'
export { Reservation } from './events/reservation.ts'
export { RecordStream, type StreamOptions, type StreamStatistics, type Subscription } from './events/stream.ts'
export {
  mergeStreams,
  MergedStream,
  type MergeableStream,
  type MergeableStreams,
  type MergedBatch,
  type MergedRecord,
} from './events/merged-stream.ts'
export { Batch } from './events/batch.ts'
export { tracePipe, TracePipe, type TraceLine } from './events/trace-pipe.ts'
export { LineStream, type LineOptions } from './events/line-stream.ts'
export type { BatchHandler } from './events/record-consumer.ts'
export type {
  AnyColumn,
  BigIntColumn,
  Column,
  ColumnName,
  Columns,
  NumberColumn,
  RecordOfType,
  TextColumn,
} from './events/columns.ts'
export type { RecordView } from './events/view.ts'
export type { PerfBufferOptions, PerfStreamOptions } from './events/perf-options.ts'

// Hooks
export { tracepoint, tracepoints, type TracepointHook, type TracepointOptions } from './hooks/tracepoint.ts'
export { rawTracepoint, type RawTracepointHook, type RawTracepointOptions } from './hooks/raw-tracepoint.ts'
export { tpBtf, type TpBtfHook, type TpBtfOptions } from './hooks/tp-btf.ts'
export {
  kprobe,
  kretprobe,
  kprobes,
  kretprobes,
  ksyscall,
  kretsyscall,
  type KprobeHook,
  type KprobeOptions,
  type KretprobeOptions,
  type KsyscallHook,
  type KsyscallOptions,
} from './hooks/kprobe.ts'
export {
  kprobeMulti,
  kretprobeMulti,
  kprobeSession,
  type KernelFunctions,
  type KprobeMultiHook,
  type KprobeMultiOptions,
} from './hooks/kprobe-multi.ts'
export { fentry, fexit, fmodRet, fsession, type TracingHook, type TracingOptions } from './hooks/tracing.ts'
export { freplace, type FreplaceHook, type FreplaceTarget } from './hooks/freplace.ts'
export { lsm, lsmCgroup, type LsmHook, type LsmOptions, type LsmCgroupHook } from './hooks/lsm.ts'
export { uprobe, uretprobe, type UprobeHook, type UprobeOptions } from './hooks/uprobe.ts'
export {
  uprobeMulti,
  uretprobeMulti,
  uprobeSession,
  type UprobeMultiHook,
  type UprobeMultiOptions,
} from './hooks/uprobe-multi.ts'
export { usdt, type UsdtHook, type UsdtOptions } from './hooks/usdt.ts'
export {
  perfEvent,
  perfEvents,
  type PerfEventHook,
  type OpenPerfEventOptions,
  type PerfEventOptions,
  type PerfEventsOptions,
  type PerfEventPrecision,
} from './hooks/perf-event.ts'
export {
  softwareEvent,
  hardwareEvent,
  cacheEvent,
  rawEvent,
  breakpoint,
  type PerfEventSource,
  type SoftwareEvent,
  type HardwareEvent,
  type CacheLevel,
  type CacheOperation,
  type CacheResult,
  type BreakpointAccess,
  type RawEventOptions,
  type BreakpointOptions,
} from './hooks/perf-event-source.ts'
export { xdp, type XdpHook, type XdpMode, type XdpOptions } from './hooks/xdp.ts'
export { tc, type TcHook, type TcOptions } from './hooks/tc.ts'
export { tcx, type TcxHook, type TcxOptions } from './hooks/tcx.ts'
export { netkit, type NetkitHook, type NetkitOptions, type NetkitSide } from './hooks/netkit.ts'
export {
  netfilter,
  type NetfilterHook,
  type NetfilterOptions,
  type NetfilterFamily,
  type NetfilterHookName,
} from './hooks/netfilter.ts'
export {
  cgroup,
  type CgroupHook,
  type CgroupOptions,
  type CgroupAttachType,
  type CgroupAnchor,
} from './hooks/cgroup.ts'
export { socketFilter, reuseport, type SocketFilterHook, type ReuseportHook } from './hooks/socket.ts'
export { attachClassicFilter, type ClassicInstruction, type ClassicFilterOptions } from './classic-filter.ts'
export { sockmap, type SockmapHook, type SockmapOptions, type SockmapAttachType } from './hooks/sockmap.ts'
export {
  skLookup,
  flowDissector,
  type SkLookupHook,
  type FlowDissectorHook,
  type NetworkNamespaceOptions,
} from './hooks/network-namespace.ts'
export { lirc, type LircHook } from './hooks/lirc.ts'
export { iterator, type IteratorHook, type IteratorOptions, type CgroupOrder } from './hooks/iterator.ts'
export type { Hook } from './hooks/hook.ts'
export type { Binary, ProcessBinary } from './hooks/binary.ts'
export type { ProbeMode } from './hooks/probe-mode.ts'
export type { PathOrDescriptor } from './hooks/descriptor.ts'
export type { InterfacePlace } from './hooks/interface.ts'
export type { Direction } from './hooks/direction.ts'
export type { Anchor, Ordering } from './hooks/anchor.ts'

// Types without BTF
export * from './btf/schema.ts'
export { text } from './text.ts'

// Types of the kernel and of objects
export { kernelBtf, moduleBtf, modulesWithBtf } from './system/kernel-btf.ts'
export { minimalBtf } from './minimal-btf.ts'
export { objectBtf, type ObjectBtf } from './object-btf.ts'
export { readBtf } from './read-btf.ts'
export { Btf } from './btf/btf.ts'
export type { DeclarationOptions } from './btf/declaration.ts'
export type { FunctionInfo, LineInfo, CoreRelocation, CoreRelocationKind, InstructionPlace } from './btf/extension.ts'
export type {
  TypeId,
  BtfType,
  BtfTypeOf,
  BtfKind,
  BtfVoid,
  BtfInt,
  BtfReference,
  BtfArray,
  BtfComposite,
  BtfMember,
  BtfEnum,
  BtfEnum64,
  BtfForward,
  BtfFunction,
  BtfFunctionPrototype,
  BtfParameter,
  BtfVariable,
  BtfDataSection,
  BtfFloat,
  BtfDeclarationTag,
  Linkage,
} from './btf/types.ts'

// C in the loop
export {
  compile,
  CompileError,
  Diagnostic,
  type CompiledObject,
  type CompileOptions,
  type CpuVersion,
  type DiagnosticData,
  type DiagnosticFix,
  type SourcePlace,
} from './compile/index.ts'
export { linkObjects, type LinkObjectsOptions } from './link-objects.ts'
export { skeleton, type SkeletonOptions } from './skeleton/index.ts'
export { enumName } from './skeleton/enum-name.ts'

// What there is to attach to
export { listFunctions, type KernelFunction } from './discover/functions.ts'
export { listTracepoints, type KernelTracepoint, type TracepointArgument } from './discover/tracepoints.ts'
export type { TracepointField } from './discover/tracepoint-format.ts'
export { listSymbols, type BinarySymbol } from './discover/symbols.ts'
export { listUsdt, type UsdtPlace, type UsdtProbe } from './discover/usdt.ts'
export type { UsdtArgument, UsdtOperand } from './elf/usdt-arguments.ts'

// Errors
export { EbpfError, AddonLoadError, type EbpfErrorCode, type FailureContext } from './errors.ts'
export {
  VerifierError,
  type VerifierFailureKind,
  type VerifierInstruction,
  type VerifierLocation,
  type VerifierStatistics,
  type VerifierStep,
} from './verifier-error.ts'
export { BtfFormatError } from './btf/format-error.ts'

// The system
export { onLog, type LogLevel, type LogMessage } from './system/logging.ts'
export { monotonicToDate, bootTimeToDate } from './system/clocks.ts'
export { kernelSymbols, type KernelSymbol } from './system/kernel-symbols.ts'
export { possibleCpus } from './system/cpus.ts'
export { enableRunStatistics, type RunStatistics } from './system/run-statistics.ts'
export { libbpfVersion } from './system/libbpf-version.ts'
export type { SocketOrDescriptor } from './system/socket-descriptor.ts'
export type { NetworkNamespace } from './system/netns.ts'
