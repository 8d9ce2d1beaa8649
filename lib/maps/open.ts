import type { KernelTarget } from '../target.ts'
import { type MapClass, narrow } from './factory.ts'
import { BpfMap } from './map.ts'
import { wrapAnyMap } from './nested-factory.ts'
import { type OpenMapOptions, openWith } from './opened.ts'

/**
 * Opens a map that somebody else made. Keys and values are decoded by the BTF that the kernel keeps with it. By id needs
 * CAP_SYS_ADMIN, Linux 4.13.
 *
 * @throws EbpfError ENOENT when there is none
 */
export function openMap(target: KernelTarget, options?: OpenMapOptions): BpfMap
/** @throws EbpfError ERR_EBPF_MAP_CLASS when the map is not of the class `expected` */
export function openMap<M extends BpfMap>(target: KernelTarget, expected: MapClass<M>, options?: OpenMapOptions): M
export function openMap(
  target: KernelTarget,
  expectedOrOptions: MapClass<BpfMap> | OpenMapOptions = {},
  maybeOptions: OpenMapOptions = {},
): BpfMap {
  const narrowing = typeof expectedOrOptions === 'function'
  const expected = narrowing ? expectedOrOptions : BpfMap
  const options = narrowing ? maybeOptions : expectedOrOptions
  const map = openWith(target, options, wrapAnyMap)
  try {
    return narrow(map, expected)
  } catch (error) {
    map.close()
    throw error
  }
}
