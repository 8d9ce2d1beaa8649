/** What records of a ring are: one type, or several that a tag tells apart. */
import { invalidArgument, ruleError } from '../errors.ts'
import { readInteger } from './codec-interpret.ts'
import { type EnumLayout, type Field, type Layout, minimumLength, type StructLayout, visibleFields } from './layout.ts'
import type { Memory } from './memory.ts'

/** The types of a map's records. */
export interface RecordShapes {
  /** The map's name, for errors. */
  readonly map: string
  /** The field that tells several types apart; `undefined` where there is one type. */
  readonly tag: Tag | undefined
  /** The one type, or that of each tag. */
  readonly shapes: readonly RecordShape[]
}

/** One type of record. */
export interface RecordShape {
  /** For the paths in errors. */
  readonly name: string
  readonly layout: Layout
  /** Shorter records are refused. */
  readonly minimum: number
  /** What tells it from the others. */
  readonly tag: { readonly field: Field; readonly value: number | bigint } | undefined
}

export interface Tag {
  readonly name: string
  readonly layout: EnumLayout
}

/** @throws EbpfError ERR_EBPF_BTF if the enum does not name all structs of a union of record types. */
export function recordShapes(layout: Layout, map: string): RecordShapes {
  const variants = variantsOf(layout)
  const tag = variants && commonField(variants)
  if (variants === undefined || tag === undefined) {
    return { map, tag: undefined, shapes: [{ name: map, layout, minimum: minimumLength(layout), tag: undefined }] }
  }
  const structs = new Map(variants.map((variant) => [tagValue(variant, tag, map), variant]))
  const shapes = Array.from(structs, ([value, { name, layout: struct }]) => ({
    name,
    layout: struct,
    minimum: minimumLength(struct),
    tag: { field: struct.fields[0]!, value },
  }))
  return { map, tag, shapes }
}

/**
 * The shape of the record of `length` bytes at byte `offset`.
 *
 * @throws EbpfError ERR_EBPF_RECORD_SIZE or ERR_EBPF_OUT_OF_RANGE if it is of none
 */
export function shapeAt(
  { map, tag, shapes }: RecordShapes,
  memory: Memory,
  offset: number,
  length: number,
): RecordShape {
  let shape = shapes[0]
  if (tag !== undefined) {
    const { size, signed } = tag.layout
    if (length < size) throw tooShort(length, size, map)
    const value = readInteger(memory, offset, size, signed)
    shape = shapes.find((each) => each.tag?.value === value)
    if (shape === undefined) throw unknownTag(value, tag.name, map)
  }
  if (length < shape!.minimum) throw tooShort(length, shape!.minimum, map)
  return shape!
}

/** The fields of records of a shape, as properties. @throws TypeError where records have no fields. */
export function fieldsOf({ layout }: RecordShape, map: string): Field[] {
  if (layout.kind === 'struct' || layout.kind === 'union') return visibleFields(layout)
  throw invalidArgument(`records of map '${map}' are no structs: they have no fields`)
}

export function tooShort(length: number, size: number, map: string): Error {
  const message = `a record of ${length} bytes in map '${map}' is shorter than its type of ${size} bytes`
  return ruleError('ERR_EBPF_RECORD_SIZE', message, { operation: 'decode a record', map })
}

export function unknownTag(value: number | bigint, tag: string, map: string): Error {
  const message = `a record in map '${map}' has ${tag} ${value}, which is none of its types`
  return ruleError('ERR_EBPF_OUT_OF_RANGE', message, { operation: 'decode a record', map })
}

interface Variant {
  readonly name: string
  readonly layout: StructLayout
}

/** The members of a union that are all named structs, two or more. */
function variantsOf(layout: Layout): Variant[] | undefined {
  if (layout.kind !== 'union' || layout.fields.length < 2) return undefined
  const variants = layout.fields.flatMap(({ name, layout: struct }) =>
    name !== '' && struct.kind === 'struct' ? [{ name, layout: struct }] : [],
  )
  return variants.length === layout.fields.length ? variants : undefined
}

/** The field with which all of the structs start. */
function commonField(variants: readonly Variant[]): Tag | undefined {
  const first = variants[0]?.layout.fields[0]
  if (first === undefined || first.name === '' || first.offset !== 0 || first.bitfield !== undefined) return undefined
  const { layout } = first
  if (layout.kind !== 'enum') return undefined
  const shared = variants.every(({ layout: { fields } }) => {
    const field = fields[0]
    return (
      field?.name === first.name &&
      field.offset === 0 &&
      field.bitfield === undefined &&
      field.layout.kind === 'enum' &&
      field.layout.size === layout.size
    )
  })
  return shared ? { name: first.name, layout } : undefined
}

/** The enumerator that stands for a struct. */
function tagValue(variant: Variant, tag: Tag, map: string): number | bigint {
  const name = variant.name.toUpperCase()
  const { values } = tag.layout
  const exact = values.filter((each) => each.name.toUpperCase() === name)
  const found = exact.length > 0 ? exact : values.filter((each) => each.name.toUpperCase().endsWith(`_${name}`))
  if (found.length === 1) return found[0]!.value
  throw ruleError('ERR_EBPF_BTF', `records of map '${map}': ${unmatched(variant, tag, found)}`, {
    operation: 'read types',
    map,
    hint: `Declare ${tag.name} as an enum with one enumerator for each struct of the union, such as ${name}.`,
  })
}

function unmatched(variant: Variant, { layout }: Tag, found: EnumLayout['values']): string {
  return found.length === 0
    ? `enum ${layout.name} has no enumerator for ${variant.name}`
    : `enum ${layout.name} has several for ${variant.name}: ${found.map((each) => each.name).join(', ')}`
}
