/** How hooks, questions about them, and what the kernel tells of links are written down for native code and by it. */
/** An interface, and the network namespace in which its name or index means something. */
export interface NativeInterface {
  interface: string | number
  /** Descriptor of the network namespace to work in (duplicated before the call returns); -1: the current one. */
  netnsFd: number
  /**
   * Where it was opened. What has no kernel's link, and so goes there again, opens it again at this path when it is still the
   * same namespace; without a path it keeps a descriptor, and so the namespace.
   */
  netnsPath?: string
}

/** Where among the programs of a hook that takes several (`bpf_mprog`). */
export interface NativeAnchor {
  /** BPF_F_BEFORE, BPF_F_AFTER, BPF_F_ID, BPF_F_LINK and the hook's own flags of linux/bpf.h. */
  flags: number
  /** Descriptor (duplicated before the call returns) or, with BPF_F_ID, id of the other program or link; 0: none. */
  relative: number
  /** The attach fails with ESTALE unless the hook is at this revision; 0: whatever it is at. */
  expectedRevision: bigint
}

/** `enum probe_attach_mode` of libbpf.h: 0 default, 1 legacy (tracefs), 2 perf, 3 link. libbpf 1.2. */
export type NativeProbeMode = 0 | 1 | 2 | 3

/**
 * What to attach to. `section` means: what the ELF section says (`bpf_program__attach`). Every descriptor in it is
 * duplicated before the call returns.
 */
export type NativeHook =
  | { kind: 'section' }
  | { kind: 'tracepoint'; category: string; name: string; cookie: bigint }
  | { kind: 'raw_tracepoint'; name: string; cookie: bigint }
  /** tp_btf, fentry, fexit, LSM and the like: the target was fixed at load (`bpf_program__attach_trace_opts`). */
  | { kind: 'tracing'; cookie: bigint }
  /** Replaces a function of another program; `targetFd` -1: the one that it was loaded against. */
  | { kind: 'freplace'; targetFd: number; function: string }
  | { kind: 'kprobe'; return: boolean; symbol: string; offset: bigint; cookie: bigint; mode: NativeProbeMode }
  | { kind: 'ksyscall'; return: boolean; name: string; cookie: bigint }
  | {
      kind: 'kprobe_multi'
      return: boolean
      session: boolean
      /** One of the three. */
      pattern: string | undefined
      symbols: string[] | undefined
      addresses: BigUint64Array | undefined
      /** As many as symbols or addresses. */
      cookies: BigUint64Array | undefined
      /** libbpf 1.6: a pattern that fits several functions is refused. */
      uniqueMatch: boolean
    }
  | {
      kind: 'uprobe'
      return: boolean
      binary: string
      symbol: string | undefined
      offset: bigint
      referenceCounterOffset: bigint
      /** -1: every process; 0: this one. */
      pid: number
      cookie: bigint
      mode: NativeProbeMode
    }
  | {
      kind: 'uprobe_multi'
      return: boolean
      session: boolean
      binary: string
      /** -1: every process; 0: this one. */
      pid: number
      /** One of the three. */
      pattern: string | undefined
      symbols: string[] | undefined
      offsets: BigUint64Array | undefined
      referenceCounterOffsets: BigUint64Array | undefined
      cookies: BigUint64Array | undefined
    }
  | { kind: 'usdt'; binary: string; provider: string; name: string; pid: number; cookie: bigint }
  | {
      kind: 'perf_event'
      /** `struct perf_event_attr` of linux/perf_event.h. */
      type: number
      config: bigint
      config1: bigint
      config2: bigint
      /** Breakpoints: HW_BREAKPOINT_*, with the address in `config1` and its length in bytes in `config2`. */
      breakpointType: number
      /** `sample_freq` in hertz when `isFrequency`, else `sample_period` in events. */
      sample: bigint
      isFrequency: boolean
      /** -1: every process. Not used with a cgroup. */
      pid: number
      /** -1: every CPU (only with a pid). */
      cpu: number
      /** Descriptor of a cgroup (v1 perf_event, or v2) in place of a pid; -1: none. */
      cgroupFd: number
      /** Also the threads and processes that it makes. */
      inherit: boolean
      excludeUser: boolean
      excludeKernel: boolean
      excludeHypervisor: boolean
      excludeIdle: boolean
      /** `precise_ip`, 0 to 3. */
      precise: number
      cookie: bigint
    }
  /** Only by a link, which takes the program away and leaves the event as it is. */
  | { kind: 'open_perf_event'; fd: number; cookie: bigint }
  | ({
      kind: 'xdp'
      /** XDP_FLAGS_* of linux/if_link.h. */
      flags: number
      /** Without a link, by `bpf_xdp_attach`; what is there already is not replaced. */
      netlink: boolean
    } & NativeInterface)
  | ({
      kind: 'tc'
      /** `enum bpf_tc_attach_point` of libbpf.h: 1 ingress, 2 egress. The clsact qdisc is made where it is missing. */
      attachPoint: 1 | 2
      /** 0: chosen by the kernel. */
      handle: number
      priority: number
    } & NativeInterface)
  /** TCX and netkit: `attachType` is the number of `enum bpf_attach_type`. */
  | ({ kind: 'tcx' | 'netkit'; attachType: number } & NativeInterface & NativeAnchor)
  | {
      kind: 'netfilter'
      /** NFPROTO_*, NF_INET_*, and BPF_F_NETFILTER_IP_DEFRAG. */
      family: number
      hook: number
      priority: number
      flags: number
      netnsFd: number
    }
  /** flow_dissector and sk_lookup: `attachType` is the number of `enum bpf_attach_type`. */
  | { kind: 'netns'; attachType: number; netnsFd: number }
  /** With BPF_F_ALLOW_OVERRIDE or BPF_F_ALLOW_MULTI in `flags` without a link, by `bpf_prog_attach_opts`. */
  | ({ kind: 'cgroup'; attachType: number; cgroupFd: number } & NativeAnchor)
  /**
   * `setsockopt(2)` with SO_ATTACH_BPF; taken back by SO_DETACH_FILTER from the socket that the same number still means
   * then: the link does not keep the socket open. Nor is it taken back when another link of this process has replaced it.
   * The same for `reuseport`, whose program is that of the socket's whole group.
   */
  | { kind: 'socket_filter'; socketFd: number }
  /** `setsockopt(2)` with SO_ATTACH_REUSEPORT_EBPF; taken back by SO_DETACH_REUSEPORT_BPF. */
  | { kind: 'reuseport'; socketFd: number }
  /** A sockmap or sockhash: a link where the kernel has one (6.10), else `bpf_prog_attach`. */
  | { kind: 'sockmap'; mapFd: number; attachType: number }
  /** `bpf_program__attach_iter`; every descriptor and number of `union bpf_iter_link_info`, -1 or 0 where not meant. */
  | {
      kind: 'iterator'
      mapFd: number
      cgroupFd: number
      /** `enum bpf_cgroup_iter_order`. */
      cgroupOrder: number
      tid: number
      pid: number
      pidFd: number
    }
  /** `bpf_prog_attach` with BPF_LIRC_MODE2. */
  | { kind: 'lirc'; deviceFd: number }

/** Where to look for programs. */
export type NativeQuery =
  /** `BPF_PROG_QUERY`: a descriptor of a cgroup, network namespace, sockmap or lirc device. */
  | { kind: 'descriptor'; fd: number; attachType: number; flags: number }
  /** `BPF_PROG_QUERY` of TCX and netkit. */
  | ({ kind: 'interface'; attachType: number; flags: number } & NativeInterface)
  /** `bpf_xdp_query`. */
  | ({ kind: 'xdp' } & NativeInterface)
  /** The BPF filters of clsact, in the order in which they run. */
  | ({ kind: 'tc'; attachPoint: 1 | 2 } & NativeInterface)
  /** NFNL_MSG_HOOK_GET: the BPF programs at a hook of netfilter, in the order in which they run. */
  | { kind: 'netfilter'; family: number; hook: number; netnsFd: number }
  /** `PERF_EVENT_IOC_QUERY_BPF` of a tracepoint. */
  | { kind: 'tracepoint'; category: string; name: string }

export interface NativeQueryEntry {
  programId: number
  /** 0 where there is no link. */
  linkId: number
  /** Of the attachment: BPF_F_* of cgroups and mprog, XDP_ATTACHED_* of XDP. */
  flags: number
  /** clsact only, else 0. */
  handle: number
  /** clsact and netfilter only, else 0. */
  priority: number
}

export interface NativeQueryResult {
  /** Changes with every attach and detach; 0 where the kernel does not count (mprog hooks do, since Linux 6.6). */
  revision: bigint
  entries: NativeQueryEntry[]
}

/**
 * `struct bpf_link_info`. The kernel's ABI, not that of the header this was built with: what an older kernel does not
 * fill in is 0, empty or absent. Numbers that JavaScript names are decoded in lib/link-info.ts.
 */
export interface NativeLinkInfo {
  id: number
  /** Kernel number of the link type (`enum bpf_link_type`). */
  type: number
  programId: number
  /** raw_tracepoint, and perf events of tracepoints. */
  tracepointName?: string
  /** Linux 6.18 for raw tracepoints and tracing, 6.9 for perf events. */
  cookie?: bigint
  /** `enum bpf_attach_type`: tracing, cgroup, netns, tcx, netkit, sockmap. */
  attachType?: number
  targetObjectId?: number
  targetBtfId?: number
  cgroupId?: bigint
  netnsInode?: number
  interfaceIndex?: number
  mapId?: number
  /** Iterators: the target's name, such as `task` or `bpf_map_elem`. */
  targetName?: string
  cgroupOrder?: number
  tid?: number
  pid?: number
  /** kprobe.multi: `addresses` are 0 where this process may not know them. `flags`: BPF_F_KPROBE_MULTI_*. */
  addresses?: BigUint64Array
  cookies?: BigUint64Array
  missed?: bigint
  flags?: number
  /** uprobe.multi, and perf events of uprobes. */
  path?: string
  offsets?: BigUint64Array
  referenceCounterOffsets?: BigUint64Array
  /** Perf events: `enum bpf_perf_event_type`. */
  perfType?: number
  functionName?: string
  offset?: bigint
  address?: bigint
  config?: bigint
  eventType?: number
  netfilter?: { family: number; hook: number; priority: number; flags: number }
}
