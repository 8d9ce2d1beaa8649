/** Programs of whole network namespaces. */
import { optionsObject } from '../arguments.ts'
import { ATTACH_TYPES } from '../kernel-enums.ts'
import { type NetworkNamespace, checkNetworkNamespace, openNetworkNamespace } from '../system/netns.ts'
import type { HookFamily } from './family.ts'

/** Which socket gets a connection or datagram that no established socket takes. */
export interface SkLookupHook {
  kind: 'sk_lookup'
  /** `undefined`: this process's own. */
  netns: NetworkNamespace | undefined
}

/** How the kernel finds the headers and the flow of a packet. */
export interface FlowDissectorHook {
  kind: 'flow_dissector'
  /** `undefined`: this process's own. */
  netns: NetworkNamespace | undefined
}

export interface NetworkNamespaceOptions {
  /** The process's own by default. */
  netns?: NetworkNamespace
}

/**
 * Which socket of a network namespace gets a new connection or a datagram, whatever its address: the program selects one
 * by `bpf_sk_assign()`, leaves it to the kernel (SK_PASS), or refuses (SK_DROP). Several programs are allowed. By a link,
 * Linux 5.9.
 */
export function skLookup(options: NetworkNamespaceOptions = {}): SkLookupHook {
  return { kind: 'sk_lookup', netns: checked(options) }
}

/**
 * How packets of a network namespace are dissected, where the kernel needs their headers or flow, in place of its own
 * code. One program; one of the initial namespace excludes those of all others. By a link, Linux 5.8.
 */
export function flowDissector(options: NetworkNamespaceOptions = {}): FlowDissectorHook {
  return { kind: 'flow_dissector', netns: checked(options) }
}

function checked(options: NetworkNamespaceOptions): NetworkNamespace | undefined {
  const { netns } = optionsObject(options)
  return netns === undefined ? undefined : checkNetworkNamespace(netns)
}

/** A link of these needs a descriptor, also of the process's own namespace. */
function family<H extends SkLookupHook | FlowDissectorHook>(
  about: Pick<HookFamily<H>, 'programTypes' | 'since' | 'evidence' | 'config'>,
  kind: H['kind'],
): HookFamily<H> {
  const open = ({ netns }: H) => openNetworkNamespace(netns ?? { pid: process.pid })
  return {
    ...about,
    describe: ({ netns }) => (netns === undefined ? kind : `${kind} of network namespace ${describeNamespace(netns)}`),
    prepare(hook) {
      const { fd, release } = open(hook)
      return { native: { kind: 'netns', attachType: ATTACH_TYPES[kind], netnsFd: fd }, release }
    },
    query(hook) {
      const { fd, release } = open(hook)
      return { native: { kind: 'descriptor', fd, attachType: ATTACH_TYPES[kind], flags: 0 }, release }
    },
  }
}

function describeNamespace(netns: NetworkNamespace): string {
  if (typeof netns === 'string') return netns
  return 'pid' in netns ? `of pid ${netns.pid}` : `fd ${netns.fd}`
}

export const skLookupFamily: HookFamily<SkLookupHook> = family<SkLookupHook>(
  { programTypes: ['sk_lookup'], since: '5.9', evidence: 'bpf_sk_lookup_assign', config: 'CONFIG_INET' },
  'sk_lookup',
)

export const flowDissectorFamily: HookFamily<FlowDissectorHook> = family<FlowDissectorHook>(
  { programTypes: ['flow_dissector'], since: '5.8', evidence: 'netns_bpf_link_create', config: 'CONFIG_NET' },
  'flow_dissector',
)
