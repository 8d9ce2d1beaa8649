/** A map that is made once and pinned, and opened by everybody who comes later. */
import { constants } from 'node:os'
import { nonEmptyString } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { NativeMapCreateOptions, NativeMapInfo } from '../native-object.ts'
import { invalidArgument, ruleError } from '../errors.ts'
import { check, checkValue } from '../outcome.ts'
import { possibleCpus } from '../system/cpus.ts'
import { checkPin } from '../target.ts'
import { MAP_FLAGS } from './flags.ts'
import type { BpfMap } from './map.ts'
import { type MapType, mapTypeName } from './types.ts'

/** The facts by which a map is the one that was wanted. */
export interface WantedMap
  extends Pick<NativeMapCreateOptions, 'name' | 'keySize' | 'valueSize' | 'maxEntries' | 'flags' | 'mapExtra'> {
  type: MapType
}

/**
 * The map that is pinned at `path`, or a new one, pinned there. Of several processes that come at once one pins its map, and
 * the others get that.
 *
 * @throws EbpfError ERR_EBPF_PINNED when a map of another type or of other sizes is pinned there
 */
export function openOrPin<M extends BpfMap>(
  path: string,
  wanted: WantedMap,
  create: () => M,
  wrap: (handle: Handle) => M,
): M {
  const pin = nonEmptyString(path, 'pinPath')
  if ((wanted.flags & (MAP_FLAGS.readOnly | MAP_FLAGS.writeOnly)) !== 0) {
    throw invalidArgument('flags: readOnly and writeOnly are of one descriptor, and a pinned map has many')
  }
  const found = openPinned(pin, wanted)
  if (found !== undefined) return wrap(found)
  const created = create()
  const status = binding.mapPin(created.borrow('pin'), pin)
  if (status === 0) return created
  created.close()
  const other = status === -constants.errno.EEXIST ? openPinned(pin, wanted) : undefined
  if (other !== undefined) return wrap(other)
  checkPin(status, 'bpf_obj_pin', pin, { map: wanted.name })
  return created
}

function openPinned(pin: string, wanted: WantedMap): Handle | undefined {
  const names = { map: wanted.name }
  const handle = binding.mapOpenByPath(pin)
  if (handle === -constants.errno.ENOENT) return undefined
  check(handle, `opening map ${pin}`, names)
  try {
    const info = checkValue(binding.mapInfo(handle), 'bpf_map_get_info_by_fd', names)
    const differences = differencesOf(info, wanted)
    if (differences.length === 0) return handle
    throw ruleError('ERR_EBPF_PINNED', `another map is pinned at ${pin}: ${differences.join(', ')}`, {
      ...names,
      operation: 'open the pinned map',
      hint: 'Remove the pin, or choose another path: what a program of an earlier version pinned stays until then.',
    })
  } catch (error) {
    binding.mapClose(handle)
    throw error
  }
}

function differencesOf(found: NativeMapInfo, wanted: WantedMap): string[] {
  const type = mapTypeName(found.type)
  const sizes = (['keySize', 'valueSize', 'mapExtra'] as const).filter((fact) => found[fact] !== wanted[fact])
  return [
    ...(type === wanted.type ? [] : [`type is ${type}, not ${wanted.type}`]),
    ...sizes.map((fact) => `${fact} is ${found[fact]}, not ${wanted[fact]}`),
    ...(sameEntries(found, wanted) ? [] : [`maxEntries is ${found.maxEntries}, not ${wanted.maxEntries}`]),
    ...(sameFlags(found, wanted) ? [] : [`flags are ${hex(found.flags)}, not ${hex(wanted.flags)}`]),
  ]
}

/** Where each CPU has its own list, the kernel rounds up to a multiple of the possible CPUs (htab_map_alloc). */
function sameEntries(found: NativeMapInfo, wanted: WantedMap): boolean {
  if ((wanted.flags & MAP_FLAGS.noCommonLru) === 0) return found.maxEntries === wanted.maxEntries
  return found.maxEntries >= wanted.maxEntries && found.maxEntries < wanted.maxEntries + possibleCpus()
}

/** Maps of devices are read-only for programs, whether they were made so or not (dev_map_init_map). */
function sameFlags(found: NativeMapInfo, wanted: WantedMap): boolean {
  const implied = wanted.type === 'devmap' || wanted.type === 'devmap_hash' ? MAP_FLAGS.readOnlyProgram : 0
  return (found.flags | implied) >>> 0 === (wanted.flags | implied) >>> 0
}

function hex(flags: number): string {
  return `0x${flags.toString(16)}`
}
