import { constants } from 'node:os'
import { inspectBriefly, optionsObject } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { ATTACH_TYPES } from '../kernel-enums.ts'
import type { NetworkNamespace } from '../system/netns.ts'
import { type Ordering, nativeAnchor, orderingHint, orderingOf } from './anchor.ts'
import type { HookFamily } from './family.ts'
import { type InterfacePlace, interfacePlace, openInterface } from './interface.ts'

/** Which device of the pair sends the packet that the program sees. */
export type NetkitSide = 'primary' | 'peer'

/** A netkit device: a pair like veth whose packets meet an ordered list of programs before they leave. */
export interface NetkitHook extends InterfacePlace {
  kind: 'netkit'
  side: NetkitSide
  /** `undefined`: after all that are there. */
  ordering: Ordering | undefined
}

export interface NetkitOptions extends Ordering {
  /** The network namespace that the primary device is in; the process's own by default. */
  netns?: NetworkNamespace
}

/**
 * A netkit device, by a link. What the programs return (NETKIT_*) goes over the device's default policy. Linux 6.7.
 *
 * @param networkInterface name or index of the primary device, for both sides
 * @param side whose packets: `primary` what the primary device sends, `peer` what its peer sends
 */
export function netkit(networkInterface: string | number, side: NetkitSide, options: NetkitOptions = {}): NetkitHook {
  return {
    kind: 'netkit',
    ...interfacePlace(networkInterface, optionsObject(options).netns),
    side: checkSide(side),
    ordering: orderingOf(options),
  }
}

function checkSide(side: unknown): NetkitSide {
  if (side === 'primary' || side === 'peer') return side
  throw invalidArgument(`side must be primary or peer, not ${inspectBriefly(side)}`)
}

const attachType = (side: NetkitSide): number => ATTACH_TYPES[`netkit_${checkSide(side)}`]

export const netkitFamily: HookFamily<NetkitHook> = {
  programTypes: ['sched_cls'],
  since: '6.7',
  evidence: 'netkit_link_attach',
  config: 'CONFIG_NETKIT',
  describe: (hook) => `netkit ${hook.side} ${hook.interface}`,
  prepare(hook) {
    const type = attachType(hook.side)
    const anchor = nativeAnchor(hook.ordering)
    const { native, release } = openInterface(hook)
    return { native: { kind: 'netkit', ...native, attachType: type, ...anchor }, release }
  },
  hint(hook, errno) {
    // What netkit_dev_fetch of drivers/net/netkit.c answers.
    if (errno === -constants.errno.ENXIO) return `${hook.interface} is not a netkit device.`
    if (errno === -constants.errno.EACCES) {
      return `${hook.interface} may be the peer of a pair: programs of both sides are attached to the primary device.`
    }
    return orderingHint(hook.ordering, errno)
  },
  query(hook) {
    const type = attachType(hook.side)
    const { native, release } = openInterface(hook)
    return { native: { kind: 'interface', ...native, attachType: type, flags: 0 }, release }
  },
}
