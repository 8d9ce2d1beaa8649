import { constants } from 'node:os'
import { integer, optionsObject } from '../arguments.ts'
import type { NetworkNamespace } from '../system/netns.ts'
import { type Direction, checkDirection } from './direction.ts'
import type { HookFamily } from './family.ts'
import { type InterfacePlace, interfacePlace, openInterface } from './interface.ts'

/** A filter of traffic control, at an interface's clsact qdisc. */
export interface TcHook extends InterfacePlace {
  kind: 'tc'
  direction: Direction
  /** 0: chosen by the kernel. */
  handle: number
  /** 0: chosen by the kernel, from 49152 downwards. */
  priority: number
}

export interface TcOptions {
  /** Number of the filter within its priority. Chosen by the kernel by default. */
  handle?: number
  /**
   * Lower numbers run first, 1 to 65535. By default the kernel chooses 49152 for the first filter, and one less for each
   * further one: before what it chose earlier, and after all filters with lower numbers of their own.
   */
  priority?: number
  /** The network namespace that the interface is in; the process's own by default. */
  netns?: NetworkNamespace
}

/** `enum bpf_tc_attach_point` of libbpf.h. */
const ATTACH_POINTS = { ingress: 1, egress: 2 } as const

/**
 * A classifier in direct action: what the program returns (TC_ACT_*) is what happens to the packet. Linux 4.5.
 *
 * The clsact qdisc is made where it is missing, and never deleted, not even one that was made here: somebody else's filter may
 * be in it by then. There is no link: the filter has no id and no pin, and lives until it is closed or this process ends; after
 * a death by signal it stays. Where the kernel has {@link tcx} (6.6), prefer that.
 *
 * @param networkInterface name or index, in `options.netns`
 */
export function tc(networkInterface: string | number, direction: Direction, options: TcOptions = {}): TcHook {
  const { handle, priority, netns } = optionsObject(options)
  return {
    kind: 'tc',
    ...interfacePlace(networkInterface, netns),
    direction: checkDirection(direction),
    handle: integer(handle ?? 0, 'handle', 0, 0xffff_ffff),
    priority: integer(priority ?? 0, 'priority', 0, 0xffff),
  }
}

export const tcFamily: HookFamily<TcHook> = {
  programTypes: ['sched_cls'],
  since: '4.5',
  config: 'CONFIG_NET_CLS_BPF',
  describe: (hook) => `tc ${hook.direction} ${hook.interface}`,
  prepare(hook) {
    const { direction, handle, priority } = tc(hook.interface, hook.direction, {
      handle: hook.handle,
      priority: hook.priority,
    })
    const { native, release } = openInterface(hook)
    return { native: { kind: 'tc', ...native, attachPoint: ATTACH_POINTS[direction], handle, priority }, release }
  },
  hint: ({ handle, priority }, errno) =>
    errno === -constants.errno.EEXIST ? `There is a filter with handle ${handle} and priority ${priority}.` : undefined,
  query(hook) {
    const attachPoint = ATTACH_POINTS[checkDirection(hook.direction)]
    const { native, release } = openInterface(hook)
    return { native: { kind: 'tc', ...native, attachPoint }, release }
  },
}
