/** Records of a ring: one type, or several that a tag tells apart. */
import { ruleError } from '../errors.ts'
import { type Codec, type CodecOptions, createCodec } from './codec.ts'
import { type EnumLayout, type Layout, minimumLength, type StructLayout } from './layout.ts'
import type { Memory } from './memory.ts'

/** Decodes records. */
export interface RecordCodec<T> {
  /**
   * The record of `length` bytes at byte `offset`. Bytes after its type are ignored: a type may have grown at its end.
   *
   * @throws EbpfError ERR_EBPF_RECORD_SIZE if it is shorter than its type; ERR_EBPF_OUT_OF_RANGE if its tag is of none.
   */
  read(memory: Memory, offset: number, length: number): T
}

/**
 * A codec for the records of a map, whose declaration says their layout.
 *
 * A union of named structs declares several record types where all of them start with the same field, an enum, at
 * offset 0: the tag. A struct belongs to the one enumerator that has its member's name, whatever the case, alone or after
 * an underscore:
 *
 * ```c
 * enum kind { EVENT_EXEC, EVENT_EXIT };
 * struct exec { enum kind kind; __u32 pid; char comm[16]; };
 * struct exit { enum kind kind; __u32 pid; int code; };
 * union event { struct exec exec; struct exit exit; };
 * ```
 *
 * A record is decoded by the struct of its tag, and needs only that struct's bytes. The tag field gets the member's name
 * in place of the enumerator's number, so that TypeScript tells the types apart by it: `{ kind: 'exec', pid, comm }` or
 * `{ kind: 'exit', pid, code }`. Structs that do not all start with an enum give an object of all readings, as unions
 * do elsewhere.
 *
 * @param map its name, for errors.
 * @throws EbpfError ERR_EBPF_BTF if the enum does not name all structs.
 */
export function createRecordCodec(layout: Layout, map: string, options: CodecOptions): RecordCodec<unknown> {
  const variants = variantsOf(layout)
  const tag = variants && commonField(variants)
  if (variants === undefined || tag === undefined) return plainCodec(layout, map, options)
  const structs = new Map(variants.map((variant) => [tagValue(variant, tag, map), variant]))
  return taggedCodec(structs, tag, map, options)
}

interface Variant {
  readonly name: string
  readonly layout: StructLayout
}

interface Tag {
  readonly name: string
  readonly layout: EnumLayout
}

function plainCodec(layout: Layout, map: string, options: CodecOptions): RecordCodec<unknown> {
  const codec = createCodec<unknown>(layout, { name: map, ...options })
  const minimum = minimumLength(layout)
  return {
    read(memory, offset, length) {
      if (length < minimum) throw tooShort(length, minimum, map)
      return codec.decode(memory, offset, length)
    },
  }
}

function taggedCodec(
  structs: ReadonlyMap<number | bigint, Variant>,
  tag: Tag,
  map: string,
  options: CodecOptions,
): RecordCodec<unknown> {
  const tagCodec = createCodec<number | bigint>(tag.layout, { int64: 'bigint' })
  const codecs = new Map<number | bigint, { name: string; minimum: number; codec: Codec<Record<string, unknown>> }>()
  for (const [value, { name, layout }] of structs) {
    codecs.set(value, { name, minimum: minimumLength(layout), codec: createCodec(layout, { ...options, name }) })
  }
  return {
    read(memory, offset, length) {
      if (length < tagCodec.size) throw tooShort(length, tagCodec.size, map)
      const value = tagCodec.decode(memory, offset)
      const variant = codecs.get(value)
      if (variant === undefined) throw unknownTag(value, tag, map)
      const { codec, minimum, name } = variant
      if (length < minimum) throw tooShort(length, minimum, map)
      const record = codec.decode(memory, offset, length)
      record[tag.name] = name
      return record
    },
  }
}

function tooShort(length: number, size: number, map: string): Error {
  const message = `a record of ${length} bytes in map '${map}' is shorter than its type of ${size} bytes`
  return ruleError('ERR_EBPF_RECORD_SIZE', message, { operation: 'decode a record', map })
}

function unknownTag(value: number | bigint, tag: Tag, map: string): Error {
  const message = `a record in map '${map}' has ${tag.name} ${value}, which is none of its types`
  return ruleError('ERR_EBPF_OUT_OF_RANGE', message, { operation: 'decode a record', map })
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
