/** Types that a caller gives for a map, in place of BTF. */
import type { NativeMapFacts } from '../native-object.ts'
import { createRecordCodec } from '../btf/record-codec.ts'
import { createRecordEncoder } from '../btf/record-encoder.ts'
import type { Type } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import { inspectBriefly } from '../arguments.ts'
import { type Int64, bytesLayout, checkedCodec } from '../object-types.ts'
import type { Layout } from '../btf/layout.ts'
import type { MapTypes } from './factory.ts'

export interface Schemas {
  key?: Type | undefined
  value?: Type | undefined
  record?: Type | undefined
}

export interface SchemaTypes {
  /** Bytes. */
  sizes: { keySize: number; valueSize: number }
  ofMap(map: string, info: NativeMapFacts): MapTypes
}

/** @throws TypeError when one of the schemas is not made by u32, struct() and the like. */
export function schemaTypes(schemas: Schemas, int64: Int64): SchemaTypes {
  const key = schemas.key === undefined ? undefined : layoutOfSchema(schemas.key, 'key')
  const value = schemas.value === undefined ? undefined : layoutOfSchema(schemas.value, 'value')
  const record = schemas.record === undefined ? undefined : layoutOfSchema(schemas.record, 'record')
  const codec = (layout: Layout | undefined, map: string, part: 'key' | 'value', size: number) =>
    checkedCodec(layout ?? bytesLayout(size), size, map, part, { int64 })
  return {
    sizes: { keySize: key?.size ?? 0, valueSize: value?.size ?? 0 },
    ofMap: (map, info) => ({
      key: () => codec(key, map, 'key', info.keySize),
      value: () => codec(value, map, 'value', info.valueSize),
      records: () => ({
        declared: record === undefined ? undefined : createRecordCodec(record, map, { int64 }),
        byName: (type) => refuseName(map, type),
        dropped: () => undefined,
      }),
      encoders: () => ({
        declared: record === undefined ? undefined : createRecordEncoder(record, map, { int64 }),
        byName: (type) => refuseName(map, type),
      }),
    }),
  }
}

function refuseName(map: string, type: string): never {
  throw invalidArgument(`map '${map}' was not loaded from an object: give the type as { record } instead of ${type}`)
}

/** @throws TypeError when it is not made by u32, struct() and the like. */
export function layoutOfSchema(schema: Type, argument: string): Layout {
  const layout: Layout | undefined = (schema as Partial<Type> | null)?.layout
  if (layout === undefined) {
    throw invalidArgument(`${argument} must be a type such as u32 or struct({ … }), not ${inspectBriefly(schema)}`)
  }
  return layout
}
