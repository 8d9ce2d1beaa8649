/** How objects, programs and maps are written down for native code and by it. */
import type { Handle } from './binding.ts'
import type { NativeInterface } from './native-hook.ts'

export interface NativeProgramDescription {
  name: string
  section: string
  /** libbpf's name of the program type (`libbpf_bpf_prog_type_str`), such as `tracepoint`; `unspec` when unknown. */
  type: string
  /** libbpf's name of the attach type (`libbpf_bpf_attach_type_str`), or `''`. */
  expectedAttachType: string
  autoload: boolean
  /** Number of 8-byte instructions, before relocation by the kernel. */
  instructionCount: number
}

export interface NativeMapDescription {
  /** `bpf_map__name`: for data sections the name that libbpf gives in the kernel. */
  name: string
  /** Kernel number of the map type (`enum bpf_map_type`). */
  type: number
  keySize: number
  valueSize: number
  maxEntries: number
  flags: number
  numaNode: number
  mapExtra: bigint
  keyTypeId: number
  valueTypeId: number
  autocreate: boolean
  /** Where libbpf will pin it (`LIBBPF_PIN_BY_NAME`, `pinRoot`), if anywhere. */
  pinPath?: string
  /** Own copy of a data section's initial bytes (`bpf_map__initial_value`). */
  initialValue?: Uint8Array
}

export interface NativeObjectDescription {
  name: string
  license: string
  /** Raw BTF as libbpf sees it after opening (data section offsets filled in); absent without BTF. */
  btf?: Uint8Array
  programs: NativeProgramDescription[]
  maps: NativeMapDescription[]
}

/** What `objectLoad` takes: bytes, or the handle of an object that `objectOpen` has kept open for it. */
export type NativeImage = Uint8Array | Handle

export interface NativeOpenedObject extends NativeObjectDescription {
  /** The handle where it was kept, which `objectCloseSync` closes as well; else the bytes. */
  image: NativeImage
}

export interface NativeOpenOptions {
  /** `bpf_object_open_opts.object_name`. */
  name?: string
  /** Lines of `CONFIG_X=y` that override the running kernel's. */
  kconfig?: string
  /** `btf_custom_path`. */
  kernelBtfPath?: string
  /** `pin_root_path`. */
  pinRoot?: string
  /** `kernel_log_level`: 0 none (log only on failure), 1 or 2 more, 4 statistics. */
  logLevel?: number
}

export interface NativeProgramEdit {
  name: string
  autoload?: boolean
  logLevel?: number
  /** `bpf_program__set_attach_target(program, attachTargetProgram or 0, attachTarget)`. */
  attachTarget?: string
  /** The program whose function an extension replaces; its descriptor is duplicated before the call returns. */
  attachTargetProgram?: Handle
  /** Offload: index of the network card, in the current network namespace (`bpf_program__set_ifindex`). */
  interfaceIndex?: number
}

export interface NativeMapEdit {
  name: string
  maxEntries?: number
  valueSize?: number
  flags?: number
  numaNode?: number
  autocreate?: boolean
  /** Empty: nowhere, whatever the object says. */
  pinPath?: string
  /** Offload: index of the network card that holds the map (`bpf_map__set_ifindex`). */
  interfaceIndex?: number
  initialValue?: Uint8Array
  /** Use this map instead of creating one (`bpf_map__reuse_fd`); duplicated before the call returns. */
  replacement?: Handle
}

export interface NativeLoadOptions extends NativeOpenOptions {
  programs: NativeProgramEdit[]
  maps: NativeMapEdit[]
}

export interface NativeLoadedObject {
  object: Handle
  /**
   * In the order of the description; `handle` is 0 for a program that was not loaded. `statistics` are what the verifier said of its
   * work: `''` for a program that was loaded with a log, and where libbpf is the system's.
   */
  programs: { name: string; handle: Handle; statistics: string }[]
  /**
   * In the order of the description; `handle` is 0, without `info`, for a map that was not created. Every handle owns its
   * descriptor.
   */
  maps: { name: string; handle: Handle; info?: NativeMapFacts }[]
}

/** Instructions to load, resolved but for the descriptors of maps. */
export interface NativeProgramImage {
  name: string
  /** As in an object: it says the type, and what it is loaded for (`libbpf_prog_type_by_name`). */
  section: string
  /** The kernel's function that a tracing program is for (`libbpf_find_vmlinux_btf_id`); `''` for none. */
  attachTarget: string
  license: string
  instructions: Uint8Array
  /** Maps whose descriptors become immediates of the instructions at these slots; duplicated before the call returns. */
  maps: { slot: number; map: Handle }[]
  /** BTF, and records of `struct bpf_func_info` and `struct bpf_line_info`; empty for none. */
  types: Uint8Array
  functions: Uint8Array
  lines: Uint8Array
  /** `BPF_F_*` of linux/bpf.h. */
  flags: number
  logLevel: number
}

export interface NativeLoadedProgram {
  program: Handle
  /** libbpf's name of the program type. */
  type: string
  expectedAttachType: string
  /** The verifier's; with a `logLevel` of 0 only what it says of its work. */
  log: string
}

export interface NativeProgramInfo {
  id: number
  type: number
  name: string
  /** 16 hexadecimal digits. */
  tag: string
  gplCompatible: boolean
  /** Nanoseconds since boot (CLOCK_BOOTTIME). */
  loadTime: bigint
  createdByUid: number
  mapIds: number[]
  btfId: number
  /** Bytes of translated and of native code; 0 when the kernel hides them. */
  translatedSize: number
  jitedSize: number
  verifiedInstructions: number
  runTimeNs: bigint
  runCount: bigint
  recursionMisses: bigint
  /** The function that it was loaded for, in which BTF object; 0 where there is none, or it is hidden. Linux 6.0. */
  attachBtfObjectId: number
  attachBtfId: number
}

export interface NativeTestRunOptions {
  data?: Uint8Array
  ctx?: Uint8Array
  /** Room for the output data and context, bytes. */
  dataOutSize: number
  ctxOutSize: number
  repeat: number
  flags: number
  cpu: number
  batchSize: number
}

export interface NativeTestRunResult {
  returnValue: number
  /** Average nanoseconds of one run. */
  durationNs: number
  data: Uint8Array
  ctx: Uint8Array
}

export interface NativeMapCreateOptions {
  type: number
  name: string
  keySize: number
  valueSize: number
  maxEntries: number
  flags: number
  numaNode: number
  mapExtra: bigint
  /** Template of what a map of maps holds; 0 for none. */
  innerMap: Handle
  /** From `btfLoad`; 0 for none. */
  btf: Handle
  /** 0 for `void`. */
  keyTypeId: number
  valueTypeId: number
}

/** What packets are redirected to: an interface or a processor's queue, and a program that runs there; -1 for none. */
export type NativeTarget = { programFd: number } & (NativeInterface | { queueSize: number })

/** What of a map never changes. */
export type NativeMapFacts = Pick<NativeMapInfo, 'id' | 'type' | 'keySize' | 'valueSize' | 'maxEntries' | 'flags'>

export interface NativeMapInfo {
  id: number
  type: number
  name: string
  keySize: number
  valueSize: number
  maxEntries: number
  flags: number
  mapExtra: bigint
  btfId: number
  keyTypeId: number
  valueTypeId: number
  frozen: boolean
  /** Bytes, as far as fdinfo says. */
  memory?: number
  /** Of a program array that has an owner: `enum bpf_prog_type`. */
  ownerProgramType?: number
  ownerJited?: boolean
}

/** What became of linking images into one. */
export interface NativeLinked {
  /** 0, or the negative errno of `operation`. */
  status: number
  operation: string
  /** Index of the image that was being added when it failed; their number when all were. */
  failed: number
  /** Exactly when it did not fail. */
  image?: Uint8Array
}
