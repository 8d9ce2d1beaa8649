import { inspectBriefly, integer, nonEmptyString } from '../arguments.ts'
import { type Handle, type NativeMapInfo, binding } from '../binding.ts'
import { type Btf, parseBtf } from '../btf/parse.ts'
import type { Type } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import { type Int64, ObjectTypes } from '../object-types.ts'
import { check, checkValue } from '../outcome.ts'
import { adopt } from './create.ts'
import { type MapClass, type MapTypes, narrow, wrapMap } from './factory.ts'
import { BpfMap } from './map.ts'
import { schemaTypes } from './schema-types.ts'

/** A pin's path, an id, or a descriptor, which is duplicated. */
export type MapTarget = string | { id: number } | { fd: number }

export interface OpenMapOptions {
  /** Types of a map that has no BTF, or other ones than its BTF says. */
  key?: Type
  value?: Type
  record?: Type
  /** Keys and values as bytes, whatever the BTF says. */
  raw?: boolean
  /** How 64-bit integers come; `bigint`, exact, by default. */
  int64?: Int64
}

/**
 * Opens a map that somebody else made. Keys and values are decoded by the BTF that the kernel keeps with it. By id needs
 * CAP_SYS_ADMIN, Linux 4.13.
 *
 * @throws EbpfError ENOENT when there is none
 */
export function openMap(target: MapTarget, options?: OpenMapOptions): BpfMap
/** @throws EbpfError ERR_EBPF_MAP_CLASS when the map is not of the class `expected` */
export function openMap<M extends BpfMap>(target: MapTarget, expected: MapClass<M>, options?: OpenMapOptions): M
export function openMap(
  target: MapTarget,
  expectedOrOptions: MapClass<BpfMap> | OpenMapOptions = {},
  maybeOptions: OpenMapOptions = {},
): BpfMap {
  const narrowing = typeof expectedOrOptions === 'function'
  const expected = narrowing ? expectedOrOptions : BpfMap
  const options = narrowing ? maybeOptions : expectedOrOptions
  const map = adopt(openHandle(target), undefined, (init) => wrapMap(init, typesOf(init.name, init.info, options)))
  try {
    return narrow(map, expected)
  } catch (error) {
    map.close()
    throw error
  }
}

function openHandle(target: MapTarget): Handle {
  if (typeof target === 'string') {
    return check(binding.mapOpenByPath(nonEmptyString(target, 'path')), `bpf_obj_get of ${target}`, {})
  }
  if (typeof target === 'object' && target !== null) {
    if ('id' in target) {
      const id = integer(target.id, 'id', 0, 0xffff_ffff)
      return check(binding.mapOpenById(id), `bpf_map_get_fd_by_id of ${id}`, {})
    }
    if ('fd' in target) {
      const fd = integer(target.fd, 'fd', 0, 0x7fff_ffff)
      return check(binding.mapOpenByFd(fd), `opening descriptor ${fd} as a map`, {})
    }
  }
  throw invalidArgument(`target must be a path, { id } or { fd }, not ${inspectBriefly(target)}`)
}

function typesOf(name: string, info: NativeMapInfo, options: OpenMapOptions): MapTypes {
  const { int64 = 'bigint', raw = false } = options
  const explicit = schemaTypes(options, int64)
  const fromKernel = new ObjectTypes(name, raw ? undefined : kernelBtf(name, info), int64)
  const kernel = fromKernel.ofMap(info, info, () => undefined)
  const given = explicit.ofMap(name, info)
  return {
    key: () => (options.key === undefined ? kernel.key() : given.key()),
    value: () => (options.value === undefined ? kernel.value() : given.value()),
    records: () => (options.record === undefined ? kernel.records() : given.records()),
  }
}

function kernelBtf(map: string, info: NativeMapInfo): Btf | undefined {
  if (info.btfId === 0) return undefined
  return parseBtf(checkValue(binding.btfById(info.btfId), 'bpf_btf_get_fd_by_id', { map }))
}
