import { boolean, inspectBriefly, integer, nonEmptyString } from './arguments.ts'
import type { NativeMapDescription, NativeMapEdit } from './native-object.ts'
import { invalidArgument, ruleError } from './errors.ts'
import { BpfMap } from './maps/map.ts'
import { mapTypeName } from './maps/types.ts'
import { editableRecord } from './named.ts'
import { interfaceIndex } from './system/interface-index.ts'

/** A map of an object that is not loaded yet. */
export interface MapSpec {
  readonly name: string
  /** bpftool's name of the map type. */
  readonly type: string
  /** Bytes. */
  readonly keySize: number
  /** Bytes. Values of another size than their type's come as bytes. */
  valueSize: number
  maxEntries: number
  /** BPF_F_* of linux/bpf.h. */
  flags: number
  numaNode: number
  /** Whether it is created with the object. */
  autocreate: boolean
  /** Where it is pinned, or taken from when it is pinned there already; `undefined` for nowhere. */
  pinPath: string | undefined
  /** Use this map in its place: it must have the same type and sizes. It stays the caller's, and open. */
  replacement: BpfMap | undefined
  /** The network card that holds it, by name or index in this process's network namespace. Linux 4.16. */
  offload: string | number | undefined
}

/** What of a map can be edited before it is loaded. */
export type MapEdit = Partial<Omit<MapSpec, 'name' | 'type' | 'keySize'>>

const U32_MAX = 0xffff_ffff

/** Of maps that have keys, and values. */
export const NO_EMPTY_ENTRIES = 'the kernel has no maps of empty keys or values; one byte is the least (u8)'

export function mapSpec(map: NativeMapDescription): MapSpec {
  const { name, keySize, valueSize, maxEntries, flags, numaNode, autocreate, pinPath } = map
  return editableRecord<MapSpec>(
    `field of map '${name}'`,
    { name, type: mapTypeName(map.type), keySize },
    { valueSize, maxEntries, flags, numaNode, autocreate, pinPath, replacement: undefined, offload: undefined },
  )
}

/**
 * Only what differs from the file is set: libbpf has rules of its own for some map types.
 *
 * @throws TypeError, RangeError or EbpfError for a value that cannot be
 */
export function mapEdit(spec: MapSpec, original: NativeMapDescription): NativeMapEdit {
  const { name, replacement, pinPath, offload } = spec
  const edit: NativeMapEdit = { name }
  for (const field of ['valueSize', 'maxEntries', 'flags', 'numaNode'] as const) {
    const value = integer(spec[field], `maps.${name}.${field}`, 0, U32_MAX)
    if (field === 'valueSize' && value === 0 && original.valueSize !== 0) {
      throw invalidArgument(`maps.${name}.valueSize is 0: ${NO_EMPTY_ENTRIES}`)
    }
    if (value !== original[field]) edit[field] = value
  }
  const autocreate = boolean(spec.autocreate, `maps.${name}.autocreate`)
  if (autocreate !== original.autocreate) edit.autocreate = autocreate
  if (pinPath !== original.pinPath) {
    edit.pinPath = pinPath === undefined ? '' : nonEmptyString(pinPath, `maps.${name}.pinPath`)
  }
  if (replacement !== undefined) edit.replacement = replacementHandle(replacement, name, original)
  if (offload !== undefined) edit.interfaceIndex = interfaceIndex(offload, `maps.${name}.offload`)
  return edit
}

function replacementHandle(map: unknown, name: string, original: NativeMapDescription): number {
  if (!(map instanceof BpfMap)) {
    throw invalidArgument(`maps.${name}.replacement must be an open map, not ${inspectBriefly(map)}`)
  }
  const type = mapTypeName(original.type)
  if (map.type !== type || map.keySize !== original.keySize || map.valueSize !== original.valueSize) {
    throw ruleError(
      'ERR_EBPF_INVALID_ARGUMENT',
      `map '${map.name}' (${map.type}, key ${map.keySize}, value ${map.valueSize} bytes) cannot replace '${name}' (${type}, key ${original.keySize}, value ${original.valueSize} bytes)`,
      { operation: 'bpf_map__reuse_fd', map: name },
    )
  }
  return map.borrow('replace a map')
}
