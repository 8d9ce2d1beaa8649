import { optionsObject } from '../arguments.ts'
import { ATTACH_TYPES } from '../kernel-enums.ts'
import type { NetworkNamespace } from '../system/netns.ts'
import { type Ordering, nativeAnchor, orderingHint, orderingOf } from './anchor.ts'
import { type Direction, checkDirection } from './direction.ts'
import type { HookFamily } from './family.ts'
import { type InterfacePlace, interfacePlace, openInterface } from './interface.ts'

/** Traffic control without qdiscs: an ordered list of programs for each direction of an interface. */
export interface TcxHook extends InterfacePlace {
  kind: 'tcx'
  direction: Direction
  /** `undefined`: after all that are there. */
  ordering: Ordering | undefined
}

export interface TcxOptions extends Ordering {
  /** The network namespace that the interface is in; the process's own by default. */
  netns?: NetworkNamespace
}

/**
 * TCX of an interface, by a link. Programs run in order until one returns something else than TCX_NEXT. Linux 6.6.
 *
 * @param networkInterface name or index, in `options.netns`
 */
export function tcx(networkInterface: string | number, direction: Direction, options: TcxOptions = {}): TcxHook {
  return {
    kind: 'tcx',
    ...interfacePlace(networkInterface, optionsObject(options).netns),
    direction: checkDirection(direction),
    ordering: orderingOf(options),
  }
}

const attachType = (direction: Direction): number => ATTACH_TYPES[`tcx_${checkDirection(direction)}`]

export const tcxFamily: HookFamily<TcxHook> = {
  programTypes: ['sched_cls'],
  since: '6.6',
  evidence: 'tcx_link_attach',
  config: 'CONFIG_NET_XGRESS',
  describe: (hook) => `tcx ${hook.direction} ${hook.interface}`,
  prepare(hook) {
    const type = attachType(hook.direction)
    const anchor = nativeAnchor(hook.ordering)
    const { native, release } = openInterface(hook)
    return { native: { kind: 'tcx', ...native, attachType: type, ...anchor }, release }
  },
  hint: (hook, errno) => orderingHint(hook.ordering, errno),
  query(hook) {
    const type = attachType(hook.direction)
    const { native, release } = openInterface(hook)
    return { native: { kind: 'interface', ...native, attachType: type, flags: 0 }, release }
  },
}
