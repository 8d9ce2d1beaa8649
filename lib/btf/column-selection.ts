/** Which fields of records become columns, and what columns. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument, unknownName } from '../errors.ts'
import { isSigned } from './codec-convert.ts'
import type { Int64Mode } from './codec-interpret.ts'
import {
  elementCount,
  type Field,
  flexibleField,
  type StructLayout,
  type UnionLayout,
  visibleFields,
} from './layout.ts'
import { fieldsOf, type RecordShape, type RecordShapes } from './record-shapes.ts'

/** The typed arrays that columns are. */
export const arrays: {
  readonly Uint8Array: Uint8ArrayConstructor
  readonly Int8Array: Int8ArrayConstructor
  readonly Uint16Array: Uint16ArrayConstructor
  readonly Int16Array: Int16ArrayConstructor
  readonly Uint32Array: Uint32ArrayConstructor
  readonly Int32Array: Int32ArrayConstructor
  readonly BigUint64Array: BigUint64ArrayConstructor
  readonly BigInt64Array: BigInt64ArrayConstructor
  readonly Float32Array: Float32ArrayConstructor
  readonly Float64Array: Float64ArrayConstructor
} = {
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
}

/** What a field becomes, and for each record how many values of it. */
export type Column =
  | { readonly kind: 'values'; readonly array: keyof typeof arrays; readonly values: number }
  | { readonly kind: 'text'; readonly values: number }
  | { readonly kind: 'fields'; readonly layout: StructLayout | UnionLayout; readonly fields: readonly FieldColumn[] }

export interface FieldColumn {
  readonly field: Field
  /** Of an array: of its elements, those of arrays in it included. */
  readonly column: Column
}

/** A type of record whose fields are gathered. */
export interface Selection {
  readonly shape: RecordShape
  readonly layout: StructLayout | UnionLayout
  readonly columns: readonly FieldColumn[]
}

/**
 * Of records of one shape, the fields with these names; all of them by default.
 *
 * @param type the shape, where a tag tells several apart.
 * @throws TypeError or EbpfError ERR_EBPF_UNKNOWN_NAME for what the records do not have, or cannot be a column.
 */
export function selectColumns(
  records: RecordShapes,
  int64: Int64Mode,
  fields: readonly string[] | undefined,
  type: string | undefined,
): Selection {
  const shape = shapeOf(records, type)
  const { layout } = shape
  const all = fieldsOf(shape, records.map)
  const chosen = fields === undefined ? all : fields.map((name) => fieldNamed(name, all))
  const flexible = flexibleField(layout)
  const columns = chosen.map((field): FieldColumn => {
    const path = `${shape.name}.${field.name}`
    if (field === flexible) throw noColumn(path, 'has another length in each record', fields)
    const fixed = field === shape.tag?.field
    return { field, column: fixed ? { kind: 'text', values: 1 } : columnOf(field, int64, path, 1, fields) }
  })
  return { shape, layout: layout as StructLayout, columns }
}

function shapeOf({ map, tag, shapes }: RecordShapes, type: string | undefined): RecordShape {
  if (tag === undefined) {
    if (type === undefined) return shapes[0]!
    throw invalidArgument(`records of map '${map}' have one type: there is no ${inspectBriefly(type)} to choose`)
  }
  const names = shapes.map(({ name }) => name)
  if (type === undefined) {
    throw invalidArgument(`records of map '${map}' have several types: choose one of ${names.join(', ')} by { type }`)
  }
  const found = shapes.find(({ name }) => name === type)
  if (found === undefined) throw unknownName(`type of the records of map '${map}'`, String(type), names)
  return found
}

function fieldNamed(name: string, fields: readonly Field[]): Field {
  const found = fields.find((field) => field.name === name)
  if (found !== undefined) return found
  const names = fields.map((field) => field.name)
  throw unknownName('field of the records', String(name), names)
}

function columnOf(
  field: Field,
  int64: Int64Mode,
  path: string,
  times: number,
  asked: readonly string[] | undefined,
): Column {
  const { layout } = field
  switch (layout.kind) {
    case 'integer':
    case 'enum':
      if (layout.size === 16) throw noColumn(path, 'has 128 bits, more than any typed array holds', asked)
      return { kind: 'values', array: integerArray(layout.size, isSigned(layout), int64), values: times }
    case 'boolean':
      return { kind: 'values', array: 'Uint8Array', values: times }
    case 'pointer':
      return { kind: 'values', array: 'BigUint64Array', values: times }
    case 'float':
      return { kind: 'values', array: layout.size === 4 ? 'Float32Array' : 'Float64Array', values: times }
    case 'bytes':
      return { kind: 'values', array: 'Uint8Array', values: times * layout.size }
    case 'string':
      return { kind: 'text', values: times }
    case 'array':
      return columnOf({ ...field, layout: layout.element }, int64, `${path}[]`, times * elementCount(layout), asked)
    case 'struct':
    case 'union': {
      const fields = visibleFields(layout).map((inner): FieldColumn => {
        return { field: inner, column: columnOf(inner, int64, `${path}.${inner.name}`, times, asked) }
      })
      return { kind: 'fields', layout, fields }
    }
  }
}

function integerArray(size: 1 | 2 | 4 | 8, signed: boolean, int64: Int64Mode): keyof typeof arrays {
  if (size === 8) return int64 === 'number' ? 'Float64Array' : signed ? 'BigInt64Array' : 'BigUint64Array'
  return `${signed ? 'Int' : 'Uint'}${(size * 8) as 8 | 16 | 32}Array`
}

function noColumn(path: string, why: string, asked: readonly string[] | undefined): Error {
  const advice = asked === undefined ? 'name the fields that you want, such as columns(["pid"])' : 'leave it out'
  return invalidArgument(`${path} ${why}, so it cannot be a column: ${advice}`)
}
