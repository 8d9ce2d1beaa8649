import { invalidArgument } from '../errors.ts'
import { type NetworkNamespace, openNetworkNamespace } from '../system/netns.ts'
import { inspectBriefly, integer, nonEmptyString } from '../arguments.ts'
import type { HookFamily } from './family.ts'

/**
 * Where the packet meets the program: `native` in the driver, `generic` in the stack (every driver, slower), `offload` on
 * the card. The kernel chooses native, else generic, when it is not said.
 */
export type XdpMode = 'native' | 'generic' | 'offload'

/** The earliest point of a received packet. */
export interface XdpHook {
  kind: 'xdp'
  /** Name or index. */
  interface: string | number
  mode: XdpMode | undefined
  netns: NetworkNamespace | undefined
}

export interface XdpOptions {
  mode?: XdpMode
  /** The network namespace that the interface is in; the process's own by default. */
  netns?: NetworkNamespace
}

/** XDP_FLAGS_SKB_MODE, _DRV_MODE and _HW_MODE of linux/if_link.h. */
const MODE_FLAGS: Record<XdpMode, number> = { generic: 1 << 1, native: 1 << 2, offload: 1 << 3 }

/**
 * XDP on a network interface, by a link. Linux 5.9.
 *
 * @param networkInterface name or index, in `options.netns`
 */
export function xdp(networkInterface: string | number, options: XdpOptions = {}): XdpHook {
  const { mode, netns } = options
  if (mode !== undefined && !Object.hasOwn(MODE_FLAGS, mode)) {
    throw invalidArgument(`mode must be one of ${Object.keys(MODE_FLAGS).join(', ')}, not ${inspectBriefly(mode)}`)
  }
  return {
    kind: 'xdp',
    interface:
      typeof networkInterface === 'number'
        ? integer(networkInterface, 'interface', 1, 0x7fff_ffff)
        : nonEmptyString(networkInterface, 'interface'),
    mode,
    netns,
  }
}

export const xdpFamily: HookFamily<XdpHook> = {
  programTypes: ['xdp'],
  since: '5.9',
  describe: (hook) => `xdp ${hook.interface}`,
  prepare(hook) {
    const { mode, netns } = hook
    const checked = xdp(hook.interface, { ...(mode !== undefined && { mode }) })
    const namespace = openNetworkNamespace(netns)
    return {
      native: {
        kind: 'xdp',
        interface: checked.interface,
        flags: mode === undefined ? 0 : MODE_FLAGS[mode],
        netlink: false,
        netnsFd: namespace.fd,
      },
      release: namespace.release,
    }
  },
}
