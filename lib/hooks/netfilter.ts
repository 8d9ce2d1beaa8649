import { constants } from 'node:os'
import { boolean, inspectBriefly, integer, optionsObject } from '../arguments.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import { type NetworkNamespace, checkNetworkNamespace, openNetworkNamespace } from '../system/netns.ts'
import type { HookFamily } from './family.ts'

const { EINVAL, EPROTONOSUPPORT } = constants.errno

/** NFPROTO_* of linux/netfilter.h; the kernel takes no others here. */
const FAMILIES = { ipv4: 2, ipv6: 10 } as const

/** `enum nf_inet_hooks` of linux/netfilter.h. */
const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const

export type NetfilterFamily = keyof typeof FAMILIES

/** Where on a packet's way through the IP stack, in the words of nftables. */
export type NetfilterHookName = keyof typeof HOOKS

/** A hook of netfilter, among those of iptables, nftables and connection tracking. */
export interface NetfilterHook {
  kind: 'netfilter'
  family: NetfilterFamily
  hook: NetfilterHookName
  priority: number
  defragment: boolean
  netns: NetworkNamespace | undefined
}

export interface NetfilterOptions {
  family: NetfilterFamily
  hook: NetfilterHookName
  /**
   * Lower ones run first; those of the kernel are in linux/netfilter_ipv4.h: -400 defragmentation, -300 raw, -200
   * connection tracking, -150 mangle, -100 destination NAT, 0 filter, 100 source NAT. One BPF program each. 0 by default.
   */
  priority?: number
  /** The program sees whole packets in place of fragments, which takes a priority above -400. Linux 6.6. */
  defragment?: boolean
  /** The network namespace whose packets it sees; the process's own by default. */
  netns?: NetworkNamespace
}

/** BPF_F_NETFILTER_IP_DEFRAG of linux/bpf.h. */
const DEFRAGMENT = 1

/** NF_IP_PRI_CONNTRACK_DEFRAG of linux/netfilter_ipv4.h. */
const DEFRAGMENT_PRIORITY = -400

/**
 * A hook of netfilter, by a link; the program returns NF_DROP or NF_ACCEPT. Linux 6.4, libbpf 1.3.
 *
 * Links do not tell their network namespace: `query()` asks the kernel for the programs of the one that is named, which takes
 * CONFIG_NETFILTER_NETLINK_HOOK. Where that is missing, it lists those at this hook in all network namespaces.
 */
export function netfilter(options: NetfilterOptions): NetfilterHook {
  const { netns, defragment = false } = optionsObject(options)
  const family = word(options.family, 'family', FAMILIES)
  const hook = word(options.hook, 'hook', HOOKS)
  // The first and the last are the kernel's own (bpf_nf_check_pf_and_hooks).
  const priority = integer(options.priority ?? 0, 'priority', -0x7fff_ffff, 0x7fff_fffe)
  if (boolean(defragment, 'defragment') && priority <= DEFRAGMENT_PRIORITY) {
    throw outOfRange(`priority must be above ${DEFRAGMENT_PRIORITY}, where packets are defragmented, not ${priority}`)
  }
  return {
    kind: 'netfilter',
    family,
    hook,
    priority,
    defragment,
    netns: netns === undefined ? undefined : checkNetworkNamespace(netns),
  }
}

function word<T extends object>(value: unknown, argument: string, known: T): keyof T {
  if (typeof value === 'string' && Object.hasOwn(known, value)) return value as keyof T
  throw invalidArgument(`${argument} must be one of ${Object.keys(known).join(', ')}, not ${inspectBriefly(value)}`)
}

export const netfilterFamily: HookFamily<NetfilterHook> = {
  programTypes: ['netfilter'],
  since: '6.4',
  evidence: 'bpf_nf_link_attach',
  config: 'CONFIG_NETFILTER_BPF_LINK',
  describe: ({ family, hook, priority }) => `netfilter ${family} ${hook} ${priority}`,
  prepare(given) {
    const { netns, ...options } = given
    const { family, hook, priority, defragment } = netfilter(options)
    const { fd, release } = openNetworkNamespace(netns)
    return {
      native: {
        kind: 'netfilter',
        family: FAMILIES[family],
        hook: HOOKS[hook],
        priority,
        flags: defragment ? DEFRAGMENT : 0,
        netnsFd: fd,
      },
      release,
    }
  },
  hint: ({ hook, priority }, errno) =>
    errno === -constants.errno.EBUSY ? `Another BPF program is at ${hook} with priority ${priority}.` : undefined,
  query(given) {
    const { netns, ...options } = given
    const { family, hook } = netfilter(options)
    const { fd, release } = openNetworkNamespace(netns)
    return {
      native: { kind: 'netfilter', family: FAMILIES[family], hook: HOOKS[hook], netnsFd: fd },
      mayBeOf: (link, { programId, priority }) =>
        link.type === 'netfilter' &&
        link.family === family &&
        link.hook === hook &&
        link.priority === priority &&
        link.programId === programId,
      isUnknown: (errno) => [EINVAL, EPROTONOSUPPORT].includes(-errno),
      release,
    }
  },
  // A link does not tell its network namespace.
  holds: ({ family, hook }, link) => link.type === 'netfilter' && link.family === family && link.hook === hook,
}
