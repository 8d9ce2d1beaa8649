import { type Handle, binding } from '../binding.ts'
import { checkValue } from '../outcome.ts'
import type { NativeMapInfo } from '../native-object.ts'
import type { BpfMap, MapInit } from './map.ts'

/** Makes the object for a new handle; the handle is closed when that fails. */
export function adopt(
  handle: Handle,
  name: string | undefined,
  wrap: (init: MapInit & { info: NativeMapInfo }) => BpfMap,
): BpfMap {
  try {
    const info = checkValue(binding.mapInfo(handle), 'bpf_map_get_info_by_fd', { map: name })
    return wrap({ handle, name: name ?? info.name, info })
  } catch (error) {
    binding.mapClose(handle)
    throw error
  }
}
