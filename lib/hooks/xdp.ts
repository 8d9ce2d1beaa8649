import { constants } from 'node:os'
import { boolean, inspectBriefly, optionsObject } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import type { NetworkNamespace } from '../system/netns.ts'
import type { HookFamily } from './family.ts'
import { type InterfacePlace, interfacePlace, openInterface } from './interface.ts'

/**
 * Where the packet meets the program: `native` in the driver, `generic` in the stack (every driver, slower), `offload` on
 * the card. The kernel chooses native, else generic, when it is not said.
 */
export type XdpMode = 'native' | 'generic' | 'offload'

/** The earliest point of a received packet. */
export interface XdpHook extends InterfacePlace {
  kind: 'xdp'
  mode: XdpMode | undefined
  /** `undefined`: by a link where the kernel has that (5.9). */
  netlink: boolean | undefined
}

export interface XdpOptions {
  mode?: XdpMode
  /** The network namespace that the interface is in; the process's own by default. */
  netns?: NetworkNamespace
  /**
   * `true`: set by netlink, like `ip link set dev … xdp` does, without a link: it has no id and no pin, and others can
   * replace it. This process takes it back when it closes it or ends; after a death by signal it stays. The default is a
   * link, and netlink on kernels before 5.9, which have no link for it.
   */
  netlink?: boolean
}

/** XDP_FLAGS_SKB_MODE, _DRV_MODE and _HW_MODE of linux/if_link.h. */
const MODE_FLAGS: Record<XdpMode, number> = { generic: 1 << 1, native: 1 << 2, offload: 1 << 3 }

/**
 * XDP on a network interface. Linux 4.8, and 5.9 for links. One program an interface and mode; a second is EBUSY.
 *
 * @param networkInterface name or index, in `options.netns`
 */
export function xdp(networkInterface: string | number, options: XdpOptions = {}): XdpHook {
  const { mode, netns, netlink } = optionsObject(options)
  if (mode !== undefined && !Object.hasOwn(MODE_FLAGS, mode)) {
    throw invalidArgument(`mode must be one of ${Object.keys(MODE_FLAGS).join(', ')}, not ${inspectBriefly(mode)}`)
  }
  return {
    kind: 'xdp',
    ...interfacePlace(networkInterface, netns),
    mode,
    netlink: netlink === undefined ? undefined : boolean(netlink, 'netlink'),
  }
}

function hint({ mode }: XdpHook, errno: number): string | undefined {
  switch (-errno) {
    case constants.errno.EBUSY:
      return 'An interface takes one program: query(hook) tells which is there.'
    case constants.errno.EEXIST:
      return "The interface has a program of the other mode: 'native' and 'generic' exclude each other. query(hook) tells which is there."
    case constants.errno.ERANGE:
      return 'Its packets are larger than a page: lower the MTU, or compile the program for SEC("xdp.frags") (Linux 5.18).'
    case constants.errno.EOPNOTSUPP:
      return mode === 'native' ? "Its driver has no XDP: the mode 'generic' works with every driver." : undefined
    case constants.errno.EINVAL:
      return mode === 'offload' ? 'The program must have been loaded for that card: programs.x.offload.' : undefined
    default:
      return undefined
  }
}

export const xdpFamily: HookFamily<XdpHook> = {
  programTypes: ['xdp'],
  // Not those of a devmap or cpumap, which the kernel refuses on an interface.
  attachTypes: ['xdp'],
  since: ({ netlink }) => (netlink === false ? '5.9' : '4.8'),
  describe: (hook) => `xdp ${hook.interface}`,
  prepare(hook) {
    const { mode, netlink } = hook
    xdp(hook.interface, { ...(mode !== undefined && { mode }), ...(netlink !== undefined && { netlink }) })
    const { native, release } = openInterface(hook)
    const flags = mode === undefined ? 0 : MODE_FLAGS[mode]
    return { native: { kind: 'xdp', ...native, flags, netlink: netlink ?? kernelOlderThan('5.9') }, release }
  },
  hint,
  query(hook) {
    const { native, release } = openInterface(hook)
    return { native: { kind: 'xdp', ...native }, release }
  },
}
