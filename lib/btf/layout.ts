/**
 * What memory holds, as plain data: the one description that codecs, record streams and generated TypeScript share.
 * {@link layoutOf} makes it from BTF, the functions of schema.ts from explicit types.
 */

/** Bytes of memory and how to read them. `size` is always in bytes. */
export type Layout =
  | IntegerLayout
  | BooleanLayout
  | EnumLayout
  | FloatLayout
  | PointerLayout
  | StringLayout
  | BytesLayout
  | ArrayLayout
  | StructLayout
  | UnionLayout

/** A number up to 32 bits, a bigint above. */
export interface IntegerLayout {
  readonly kind: 'integer'
  /** As in C, for messages and generated code: `__u16`. */
  readonly name: string
  readonly size: 1 | 2 | 4 | 8 | 16
  readonly signed: boolean
}

export interface BooleanLayout {
  readonly kind: 'boolean'
  readonly size: 1 | 2 | 4 | 8
}

/** Its value is the integer that memory holds; it need not be one of `values` (flags are combined). */
export interface EnumLayout {
  readonly kind: 'enum'
  readonly name: string
  readonly size: 1 | 2 | 4 | 8
  readonly signed: boolean
  /** Values are bigints exactly when `size` is 8. */
  readonly values: readonly { readonly name: string; readonly value: number | bigint }[]
  /** Of each of the 64-bit values only the low 32 bits are known: clang has described them whole since version 15. */
  readonly cut?: true
}

export interface FloatLayout {
  readonly kind: 'float'
  readonly size: 4 | 8
}

/** An address, as a bigint. */
export interface PointerLayout {
  readonly kind: 'pointer'
  readonly size: 8
}

/** `char[size]`: text up to the first NUL, or all of it. */
export interface StringLayout {
  readonly kind: 'string'
  readonly size: number
}

/** `__u8[size]`: uninterpreted. */
export interface BytesLayout {
  readonly kind: 'bytes'
  readonly size: number
}

export interface ArrayLayout {
  readonly kind: 'array'
  readonly size: number
  readonly element: Layout
  readonly length: number
}

/**
 * One member of a struct or union. In a struct, a field with the name `''` is an anonymous union, whose members are
 * properties of the struct itself; in a union, it is an anonymous struct. (Anonymous structs in structs and unions in
 * unions are dissolved into their members.)
 */
export interface Field {
  readonly name: string
  /** Bytes from the start of the struct; of a bitfield, the byte in which it starts. */
  readonly offset: number
  /** Of a bitfield: its declared type. */
  readonly layout: Layout
  readonly bitfield?: Bitfield
}

/** Signed or not as its declared type is. */
export interface Bitfield {
  /** 0 to 7: the bit of the byte at the field's offset, counted as the host's C compiler allocates bits: from the least
   * significant one on little-endian hosts, from the most significant one on big-endian hosts. */
  readonly bitOffset: number
  /** Width, 1 to 64. */
  readonly bitSize: number
}

export interface StructLayout {
  readonly kind: 'struct'
  /** The tag or typedef name; `''` for an anonymous struct. */
  readonly name: string
  readonly size: number
  readonly fields: readonly Field[]
  /**
   * The last field is a flexible array member (`char data[]`): its own size is 0, no other field ends after its offset,
   * and it extends over whatever a record has from there.
   */
  readonly flexible?: true
}

/** All fields start at offset 0, or are bitfields within the first bytes. */
export interface UnionLayout {
  readonly kind: 'union'
  readonly name: string
  readonly size: number
  readonly fields: readonly Field[]
}

/** Whether the last field is an array of size 0 that comes after another field and after the end of all others. */
export function canEndFlexibly({ fields }: StructLayout): boolean {
  const last = fields.at(-1)
  if (last === undefined || fields.length < 2 || last.layout.size !== 0) return false
  const isArray = last.layout.kind === 'array' || last.layout.kind === 'string' || last.layout.kind === 'bytes'
  return isArray && fields.slice(0, -1).every((field) => endOf(field) <= last.offset)
}

function endOf({ offset, layout, bitfield }: Field): number {
  return offset + (bitfield === undefined ? layout.size : Math.ceil((bitfield.bitOffset + bitfield.bitSize) / 8))
}

/** The flexible array member, if the layout ends in one. */
export function flexibleField(layout: Layout): Field | undefined {
  return layout.kind === 'struct' && layout.flexible === true ? layout.fields.at(-1) : undefined
}

/** The fewest bytes that a record of this layout can have: a flexible array member may start in the padding at its end. */
export function minimumLength(layout: Layout): number {
  return flexibleField(layout)?.offset ?? layout.size
}

/** Elements that a decoded array has: those of size 0 are nowhere in memory, so they are nowhere at all. */
export function elementCount({ size, length }: ArrayLayout): number {
  return size === 0 ? 0 : length
}

/** The properties that a decoded struct or union has: its fields with those of anonymous members in their place. */
export function visibleFields(layout: StructLayout | UnionLayout, base: number = 0): Field[] {
  return layout.fields.flatMap((field) =>
    field.name === '' && (field.layout.kind === 'struct' || field.layout.kind === 'union')
      ? visibleFields(field.layout, base + field.offset)
      : [base === 0 ? field : { ...field, offset: base + field.offset }],
  )
}

/** The largest power of two up to 8 that divides `offset`. */
export function alignmentOf(offset: number): number {
  return offset % 8 === 0 ? 8 : offset % 4 === 0 ? 4 : offset % 2 === 0 ? 2 : 1
}

/**
 * What a place must be a multiple of so that every naturally aligned field of the layout can be read in one access: 1,
 * 2, 4 or 8. Each element of an array of the layout is at such a place: fields of packed structs that would not be
 * aligned in all of them do not count.
 */
export function accessAlignment(layout: Layout): number {
  return widestAccess(layout, 0, alignmentOf(layout.size))
}

function widestAccess(layout: Layout, offset: number, base: number): number {
  const aligned = Math.min(base, alignmentOf(offset))
  switch (layout.kind) {
    case 'integer':
    case 'boolean':
    case 'enum':
    case 'float':
    case 'pointer':
      return layout.size <= aligned ? layout.size : 1
    case 'string':
      return isWordString(layout.size) && aligned >= 4 ? 4 : 1
    case 'bytes':
      return 1
    case 'array':
      return widestAccess(layout.element, 0, Math.min(aligned, alignmentOf(layout.element.size)))
    case 'struct':
    case 'union':
      return layout.fields.reduce(
        (widest, field) =>
          Math.max(
            widest,
            field.bitfield === undefined
              ? widestAccess(field.layout, offset + field.offset, base)
              : (bitfieldUnit(layout, field, offset, base)?.size ?? 1),
          ),
        1,
      )
  }
}

/** Strings as short as a task's comm are compared by words with those decoded before. */
export function isWordString(size: number): boolean {
  return size > 0 && size <= 32 && size % 4 === 0
}

/**
 * The smallest aligned integer of up to 4 bytes within a struct that holds a whole bitfield; `undefined` if none does.
 *
 * @param offset of the struct from a place that is a multiple of `base`.
 */
export function bitfieldUnit(
  struct: StructLayout | UnionLayout,
  field: Field,
  offset: number,
  base: number,
): { size: 1 | 2 | 4; offset: number; bit: number } | undefined {
  const { bitOffset, bitSize } = field.bitfield!
  const at = offset + field.offset
  for (const size of [1, 2, 4] as const) {
    const start = at - (at % size)
    const bit = (at - start) * 8 + bitOffset
    const inside = start >= offset && start + size <= offset + minimumLength(struct)
    if (size <= base && inside && bit + bitSize <= size * 8) return { size, offset: start, bit }
  }
  return undefined
}

/** Whether a size is past what BTF can say of one type. */
export function isLarge(size: number): boolean {
  return size > 0xffffffff
}
