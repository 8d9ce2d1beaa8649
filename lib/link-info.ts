/** What the kernel knows of a link, with the numbers of its kind decoded into the words of the hooks' builders. */
import type { NativeLinkInfo } from './native-hook.ts'
import { attachTypeName, linkTypeName } from './kernel-enums.ts'

interface Common {
  /** Unique in the running kernel. */
  id: number
  /** 0 for struct_ops, whose link has a map. */
  programId: number
}

/** What `bpf_get_attach_cookie()` gives the program; absent where the kernel does not tell. */
interface Cookie {
  cookie?: bigint
}

/** Of `rawTracepoint()`, and of `tpBtf()`. */
export interface RawTracepointLinkInfo extends Common, Cookie {
  type: 'raw_tracepoint'
  /** Of the tracepoint. */
  name: string
}

/** fentry, fexit, fmod_ret, LSM, freplace: what the kernel calls by its own code. */
export interface TracingLinkInfo extends Common, Cookie {
  type: 'tracing'
  /** libbpf's name of the attach type, such as `trace_fentry`, `modify_return` or `lsm_mac`. */
  attachType: string
  /** Id of the BTF object, or of the program for freplace, that the target is in. Linux 5.13, else 0. */
  targetObjectId: number
  /** The target function in that BTF. Linux 5.13, else 0. */
  targetBtfId: number
}

export interface CgroupLinkInfo extends Common {
  type: 'cgroup'
  /** As `cgroup()` names it, such as `inet_ingress` or `inet4_connect`; `lsm_cgroup` for LSM hooks. */
  attachType: string
  /** Inode number of the cgroup's folder; 0 when it is gone. */
  cgroupId: bigint
}

export interface IteratorLinkInfo extends Common {
  type: 'iter'
  /** What it walks over, such as `task` or `bpf_map_elem`. */
  target: string
  mapId?: number
  /** Linux 6.1. */
  cgroup?: { id: bigint; order: string }
  /** Only this thread, or this process. Linux 6.1. */
  tid?: number
  pid?: number
}

export interface NetnsLinkInfo extends Common {
  type: 'netns'
  /** `flow_dissector` or `sk_lookup`. */
  attachType: string
  /** Inode number of the network namespace; 0 when it is gone. */
  netnsInode: number
}

export interface XdpLinkInfo extends Common {
  type: 'xdp'
  /** 0 when the interface is gone or the link was detached. */
  interfaceIndex: number
}

/** A perf event. What it is of is known since Linux 6.6; before, `event` is absent. */
export type PerfEventLinkInfo = Common &
  Cookie & { type: 'perf_event' } & (
    | { event?: undefined }
    | { event: 'tracepoint'; name: string }
    | {
        event: 'kprobe' | 'kretprobe'
        /** Absent for a probe of an address. */
        symbol?: string
        offset: bigint
        /** 0 where the kernel hides it. */
        address: bigint
        /** Events that the probe missed. Linux 6.7. */
        missed?: bigint
      }
    | {
        event: 'uprobe' | 'uretprobe'
        binary: string
        offset: bigint
        /** Linux 6.16. */
        referenceCounterOffset?: bigint
      }
    /** `eventType` and `config` are those of `struct perf_event_attr`. */
    | { event: 'event'; eventType: number; config: bigint }
  )

/** Linux 5.18; what follows `programId` since 6.6. */
export interface KprobeMultiLinkInfo extends Common {
  type: 'kprobe_multi'
  return?: boolean
  /** 0 where the kernel hides them. */
  addresses?: BigUint64Array
  /** As many as addresses. Linux 6.9. */
  cookies?: BigUint64Array
  /** Events that the probes missed. Linux 6.7. */
  missed?: bigint
}

/** What follows `programId` since Linux 6.8. */
export interface UprobeMultiLinkInfo extends Common {
  type: 'uprobe_multi'
  return?: boolean
  binary?: string
  offsets?: BigUint64Array
  /** As many as offsets. */
  referenceCounterOffsets?: BigUint64Array
  /** As many as offsets. */
  cookies?: BigUint64Array
  /** Absent: every process. */
  pid?: number
}

export interface StructOpsLinkInfo extends Common {
  type: 'struct_ops'
  mapId: number
}

export interface NetfilterLinkInfo extends Common {
  type: 'netfilter'
  /** As `netfilter()` names them. */
  family: string
  hook: string
  priority: number
  defragment: boolean
}

export interface TcxLinkInfo extends Common {
  type: 'tcx'
  /** 0 when the interface is gone or the link was detached. */
  interfaceIndex: number
  direction: 'ingress' | 'egress'
}

export interface NetkitLinkInfo extends Common {
  type: 'netkit'
  /** 0 when the interface is gone or the link was detached. */
  interfaceIndex: number
  side: 'primary' | 'peer'
}

export interface SockmapLinkInfo extends Common {
  type: 'sockmap'
  /** 0 when the map is gone. */
  mapId: number
  /** As `sockmap()` names it, such as `verdict` or `msg_verdict`. */
  attachType: string
}

/** Of a kernel that is newer than this library. */
export interface UnknownLinkInfo extends Common {
  type: `unknown (${number})`
}

/** What the kernel knows of a link; bpftool's name of the link type in `type` tells what else there is. */
export type LinkInfo =
  | RawTracepointLinkInfo
  | TracingLinkInfo
  | CgroupLinkInfo
  | IteratorLinkInfo
  | NetnsLinkInfo
  | XdpLinkInfo
  | PerfEventLinkInfo
  | KprobeMultiLinkInfo
  | UprobeMultiLinkInfo
  | StructOpsLinkInfo
  | NetfilterLinkInfo
  | TcxLinkInfo
  | NetkitLinkInfo
  | SockmapLinkInfo
  | UnknownLinkInfo

/** `enum bpf_cgroup_iter_order` of linux/bpf.h; index is the kernel's number. */
const CGROUP_ORDERS = ['unspecified', 'self', 'descendants_pre', 'descendants_post', 'ancestors_up', 'children']

/** `enum bpf_perf_event_type` of linux/bpf.h; index is the kernel's number. */
const PERF_EVENTS = [undefined, 'uprobe', 'uretprobe', 'kprobe', 'kretprobe', 'tracepoint', 'event'] as const

/** BPF_F_KPROBE_MULTI_RETURN and BPF_F_UPROBE_MULTI_RETURN of linux/bpf.h. */
const MULTI_RETURN = 1

/** NFPROTO_* and `enum nf_inet_hooks` of linux/netfilter.h, as nftables names them. */
const NETFILTER_FAMILIES: Record<number, string> = { 2: 'ipv4', 10: 'ipv6' }
const NETFILTER_HOOKS = ['prerouting', 'input', 'forward', 'output', 'postrouting']

/** BPF_F_NETFILTER_IP_DEFRAG of linux/bpf.h. */
const DEFRAGMENT = 1

export function linkInfo(info: NativeLinkInfo): LinkInfo {
  const common = { id: info.id, programId: info.programId }
  const type = linkTypeName(info.type)
  const decode = Object.hasOwn(DECODERS, type) ? DECODERS[type as KnownType] : undefined
  return decode === undefined
    ? { ...common, type: `unknown (${info.type})` }
    : ({ ...common, type, ...decode(info) } as LinkInfo)
}

type KnownType = Exclude<LinkInfo, UnknownLinkInfo>['type']

const attachType = (info: NativeLinkInfo): string => attachTypeName(info.attachType ?? -1)

const DECODERS: Record<KnownType, (info: NativeLinkInfo) => object> = {
  raw_tracepoint: ({ tracepointName = '', cookie }) => ({ name: tracepointName, ...present({ cookie }) }),
  tracing: (info) => ({
    attachType: attachType(info),
    targetObjectId: info.targetObjectId ?? 0,
    targetBtfId: info.targetBtfId ?? 0,
    ...present({ cookie: info.cookie }),
  }),
  cgroup: (info) => ({ attachType: attachType(info).replace(/^cgroup_/, ''), cgroupId: info.cgroupId ?? 0n }),
  iter: ({ targetName = '', mapId, cgroupId, cgroupOrder = 0, tid, pid }) => ({
    target: targetName,
    ...(mapId !== undefined && mapId !== 0 && { mapId }),
    ...(targetName === 'cgroup' &&
      cgroupId !== undefined && {
        cgroup: { id: cgroupId, order: CGROUP_ORDERS[cgroupOrder] ?? `unknown (${cgroupOrder})` },
      }),
    ...(tid !== undefined && tid !== 0 && { tid }),
    ...(pid !== undefined && pid !== 0 && { pid }),
  }),
  netns: (info) => ({ attachType: attachType(info), netnsInode: info.netnsInode ?? 0 }),
  xdp: ({ interfaceIndex = 0 }) => ({ interfaceIndex }),
  perf_event: perfEventInfo,
  kprobe_multi: ({ flags, addresses, cookies, missed }) => ({
    ...(addresses !== undefined && { return: isReturn(flags) }),
    ...present({ addresses, cookies, missed }),
  }),
  uprobe_multi: ({ flags, path, offsets, referenceCounterOffsets, cookies, pid }) => ({
    ...(path !== undefined && { return: isReturn(flags), binary: path }),
    ...present({ offsets, referenceCounterOffsets, cookies }),
    ...(pid !== undefined && pid !== 0 && { pid }),
  }),
  struct_ops: ({ mapId = 0 }) => ({ mapId }),
  netfilter: ({ netfilter = { family: 0, hook: -1, priority: 0, flags: 0 } }) => ({
    family: NETFILTER_FAMILIES[netfilter.family] ?? `unknown (${netfilter.family})`,
    hook: NETFILTER_HOOKS[netfilter.hook] ?? `unknown (${netfilter.hook})`,
    priority: netfilter.priority,
    defragment: (netfilter.flags & DEFRAGMENT) !== 0,
  }),
  tcx: (info) => ({
    interfaceIndex: info.interfaceIndex ?? 0,
    direction: attachType(info).replace(/^tcx_/, ''),
  }),
  netkit: (info) => ({ interfaceIndex: info.interfaceIndex ?? 0, side: attachType(info).replace(/^netkit_/, '') }),
  sockmap: (info) => ({ mapId: info.mapId ?? 0, attachType: attachType(info).replace(/^sk_(?:skb_)?/, '') }),
}

function perfEventInfo(info: NativeLinkInfo): object {
  const { offset = 0n, address = 0n, functionName, missed, cookie, path = '', referenceCounterOffsets } = info
  const event = PERF_EVENTS[info.perfType ?? 0]
  const known = { event, ...present({ cookie }) }
  switch (event) {
    case undefined:
      return present({ cookie })
    case 'tracepoint':
      return { ...known, name: info.tracepointName ?? '' }
    case 'kprobe':
    case 'kretprobe':
      return { ...known, offset, address, ...present({ symbol: functionName, missed }) }
    case 'uprobe':
    case 'uretprobe':
      return { ...known, binary: path, offset, ...present({ referenceCounterOffset: referenceCounterOffsets?.[0] }) }
    case 'event':
      return { ...known, eventType: info.eventType ?? 0, config: info.config ?? 0n }
  }
}

const isReturn = (flags = 0): boolean => (flags & MULTI_RETURN) !== 0

/** Without what is not known. */
function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
