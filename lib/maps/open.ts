import { type Handle, binding } from '../binding.ts'
import type { NativeMapInfo } from '../native-object.ts'
import type { Btf } from '../btf/btf.ts'
import { parseBtf } from '../btf/parse.ts'
import type { Type } from '../btf/schema.ts'
import { type Int64, ObjectTypes, int64Of } from '../object-types.ts'
import { checkValue } from '../outcome.ts'
import { type KernelTarget, openTarget } from '../target.ts'
import { adopt } from './create.ts'
import { type MapClass, type MapTypes, narrow, wrapMap } from './factory.ts'
import { BpfMap } from './map.ts'
import { schemaTypes } from './schema-types.ts'

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
  const map = adopt(openHandle(target), undefined, (init) => wrapMap(init, typesOf(init.name, init.info, options)))
  try {
    return narrow(map, expected)
  } catch (error) {
    map.close()
    throw error
  }
}

function openHandle(target: KernelTarget): Handle {
  return openTarget(target, {
    noun: 'map',
    byPath: binding.mapOpenByPath,
    byId: binding.mapOpenById,
    byFd: binding.mapOpenByFd,
  })
}

function typesOf(name: string, info: NativeMapInfo, options: OpenMapOptions): MapTypes {
  const { raw = false } = options
  const int64 = int64Of(options.int64)
  const explicit = schemaTypes(options, int64)
  const fromKernel = new ObjectTypes(name, raw ? undefined : kernelBtf(name, info), int64)
  const kernel = fromKernel.ofMap(info, info, () => undefined)
  const given = explicit.ofMap(name, info)
  return {
    key: () => (options.key === undefined ? kernel.key() : given.key()),
    value: () => (options.value === undefined ? kernel.value() : given.value()),
    records: () => (options.record === undefined ? kernel.records() : given.records()),
    encoders: () => (options.record === undefined ? kernel.encoders() : given.encoders()),
  }
}

function kernelBtf(map: string, info: NativeMapInfo): Btf | undefined {
  if (info.btfId === 0) return undefined
  return parseBtf(checkValue(binding.btfById(info.btfId), 'bpf_btf_get_fd_by_id', { map }))
}
