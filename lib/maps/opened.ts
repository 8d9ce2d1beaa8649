/** Opening of maps that somebody else made. */
import { type Handle, binding } from '../binding.ts'
import type { NativeMapInfo } from '../native-object.ts'
import type { Type } from '../btf/schema.ts'
import { type Int64, ObjectTypes, int64Of } from '../object-types.ts'
import { type KernelTarget, openTarget } from '../target.ts'
import { adopt } from './adopt.ts'
import type { MapTypes, WrapMap } from './factory.ts'
import { kernelBtf } from './map-btf.ts'
import type { BpfMap } from './map.ts'
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

/** @param wrap what makes the object: of any type, or of those that can be in a map of maps */
export function openWith(target: KernelTarget, options: OpenMapOptions, wrap: WrapMap): BpfMap {
  return adopt(openHandle(target), undefined, (init) => wrap(init, typesOf(init.name, init.info, options)))
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
