/** Network interfaces, as hooks name them. */
import { integer, nonEmptyString } from '../arguments.ts'
import type { NativeInterface } from '../native-hook.ts'
import { type NetworkNamespace, checkNetworkNamespace, openNetworkNamespace } from '../system/netns.ts'

/** What every hook of a network interface says. */
export interface InterfacePlace {
  /** Name or index, in `netns`. */
  interface: string | number
  /** `undefined`: this process's own. */
  netns: NetworkNamespace | undefined
}

/** @throws TypeError or RangeError when it cannot be an interface, or a network namespace. */
export function interfacePlace(networkInterface: string | number, netns: NetworkNamespace | undefined): InterfacePlace {
  return {
    interface:
      typeof networkInterface === 'number'
        ? integer(networkInterface, 'interface', 1, 0x7fff_ffff)
        : nonEmptyString(networkInterface, 'interface'),
    netns: netns === undefined ? undefined : checkNetworkNamespace(netns),
  }
}

/** An interface for one native call. */
export interface OpenedInterface {
  native: NativeInterface
  release(): void
}

/** @throws the error of opening the namespace, when there is no such one. */
export function openInterface(place: InterfacePlace): OpenedInterface {
  const checked = interfacePlace(place.interface, place.netns)
  const { fd, path, release } = openNetworkNamespace(checked.netns)
  return {
    native: { interface: checked.interface, netnsFd: fd, ...(path !== undefined && { netnsPath: path }) },
    release,
  }
}
