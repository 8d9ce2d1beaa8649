/** Random layouts and random bytes for property tests. */
import fc from 'fast-check'
import { type Field, type Layout, minimumLength, type StructLayout } from '../../../lib/btf/layout.ts'
import { createMemory, type Memory } from '../../../lib/btf/memory.ts'
import type { TestRecord } from './record-helpers.ts'

const integer = fc.record({ size: fc.constantFrom(1, 2, 4, 8, 16), signed: fc.boolean() }).map(
  ({ size, signed }): Layout => ({
    kind: 'integer',
    name: `${signed ? 'i' : 'u'}${size * 8}`,
    size: size as 4,
    signed,
  }),
)

const enumeration = fc
  .record({ size: fc.constantFrom(1, 2, 4, 8), signed: fc.boolean() })
  .map(({ size, signed }): Layout => {
    const value = (number: number): number | bigint => (size === 8 ? BigInt(number) : number)
    const values = [
      { name: 'NONE', value: value(0) },
      { name: 'SOME', value: value(100) },
      { name: 'toString', value: value(7) },
    ]
    return { kind: 'enum', name: 'amount', size: size as 4, signed, values }
  })

const leaf: fc.Arbitrary<Layout> = fc.oneof(
  { weight: 6, arbitrary: integer },
  enumeration,
  fc.constantFrom(1, 2, 4, 8).map((size): Layout => ({ kind: 'boolean', size: size as 1 })),
  fc.constantFrom(4, 8).map((size): Layout => ({ kind: 'float', size: size as 4 })),
  fc.constant<Layout>({ kind: 'pointer', size: 8 }),
  fc.constantFrom(0, 1, 3, 4, 8, 16, 20, 32, 70).map((size): Layout => ({ kind: 'string', size })),
  fc.nat(9).map((size): Layout => ({ kind: 'bytes', size })),
)

const bitfieldType = fc.oneof(
  fc
    .record({ size: fc.constantFrom(1, 2, 4, 8), signed: fc.boolean() })
    .map(({ size, signed }): Layout => ({ kind: 'integer', name: 'bits', size: size as 4, signed })),
  fc.constant<Layout>({ kind: 'boolean', size: 1 }),
  enumeration,
)

const oddNames = ['__proto__', 'constructor', 'a-b', '"', '\\', '\u2028', '`', "'", 'toString', 'length', 'é']

/** Different for every field of one layout. */
function fieldName(counter: { next: number }): string {
  const index = counter.next++
  return index % 3 === 2 && index < oddNames.length * 3 ? oddNames[Math.floor(index / 3)]! : `f${index}`
}

type Part =
  | { what: 'field'; layout: Layout; alignment: number }
  | { what: 'bits'; layout: Layout; size: number; gap: number }
  | { what: 'union'; layouts: Part[]; alignment: number }

const part = (inner: fc.Arbitrary<Layout>): fc.Arbitrary<Part> => {
  const field = fc
    .record({ layout: inner, alignment: fc.constantFrom(1, 4, 8, 8) })
    .map(({ layout, alignment }): Part => ({ what: 'field', layout, alignment }))
  const bits = fc
    .record({ layout: bitfieldType, size: fc.integer({ min: 1, max: 64 }), gap: fc.constantFrom(0, 0, 0, 5, 19) })
    .map(({ layout, size, gap }): Part => {
      const width = layout.kind === 'boolean' ? 1 : Math.min(size, layout.size * 8)
      return { what: 'bits', layout, size: width, gap }
    })
  const union = fc
    .record({ layouts: fc.array(field, { minLength: 1, maxLength: 3 }), alignment: fc.constantFrom(1, 8) })
    .map((given): Part => ({ what: 'union', ...given }))
  return fc.oneof({ weight: 5, arbitrary: field }, { weight: 3, arbitrary: bits }, union)
}

function struct(parts: readonly Part[], counter: { next: number }, tail: number): StructLayout {
  let bit = 0
  const fields: Field[] = []
  const place = (size: number, alignment: number): number => {
    const offset = Math.ceil(Math.ceil(bit / 8) / alignment) * alignment
    bit = (offset + size) * 8
    return offset
  }
  for (const each of parts) {
    if (each.what === 'field') {
      const offset = place(each.layout.size, each.alignment)
      fields.push({ name: fieldName(counter), offset, layout: each.layout })
    } else if (each.what === 'bits') {
      bit += each.gap
      const bitfield = { bitOffset: bit % 8, bitSize: each.size }
      fields.push({ name: fieldName(counter), offset: Math.floor(bit / 8), layout: each.layout, bitfield })
      bit += each.size
    } else {
      const layout = union(each.layouts, counter)
      fields.push({ name: '', offset: place(layout.size, each.alignment), layout })
    }
  }
  return { kind: 'struct', name: 's', size: Math.ceil(bit / 8) + tail, fields }
}

function union(parts: readonly Part[], counter: { next: number }): Layout {
  const fields = parts.flatMap((each, index): Field[] => {
    if (each.what !== 'field') return []
    if (index === 2) {
      // An anonymous struct: all of its members or none.
      return [{ name: '', offset: 0, layout: struct([each, { ...each, alignment: 1 }], counter, 0) }]
    }
    return [{ name: fieldName(counter), offset: 0, layout: each.layout }]
  })
  return { kind: 'union', name: 'u', size: Math.max(0, ...fields.map(({ layout }) => layout.size)), fields }
}

const { layouts } = fc.letrec<{ layouts: Layout }>((tie) => ({
  layouts: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc
      .record({ parts: fc.array(part(tie('layouts')), { maxLength: 6 }), tail: fc.constantFrom(0, 0, 1, 4) })
      .map(({ parts, tail }): Layout => struct(parts, { next: 0 }, tail)),
    fc.array(part(tie('layouts')), { minLength: 1, maxLength: 4 }).map((parts): Layout => {
      const fields = parts.filter(({ what }) => what === 'field')
      return union(fields.length > 0 ? fields : [{ what: 'field', layout: { kind: 'float', size: 4 }, alignment: 1 }], {
        next: 0,
      })
    }),
    fc
      .record({ element: tie('layouts'), length: fc.constantFrom(0, 1, 2, 3, 17) })
      .map(({ element, length }): Layout => ({ kind: 'array', element, length, size: element.size * length })),
  ),
}))

/** Any layout, structs more often than others. */
export const anyLayout: fc.Arbitrary<Layout> = fc.oneof(
  layouts,
  fc
    .record({ parts: fc.array(part(layouts), { minLength: 1, maxLength: 8 }), tail: fc.constantFrom(0, 0, 1, 4) })
    .map(({ parts, tail }): Layout => struct(parts, { next: 0 }, tail)),
)

/** A struct that ends in whatever else a record has. */
const flexible = fc
  .record({
    parts: fc.array(part(layouts), { minLength: 1, maxLength: 5 }),
    tail: fc.constantFrom(0, 0, 1, 4),
    rest: fc.oneof(
      fc.constantFrom<Layout>({ kind: 'string', size: 0 }, { kind: 'bytes', size: 0 }),
      layouts.map((element): Layout => ({ kind: 'array', element, length: 0, size: 0 })),
    ),
  })
  .map(({ parts, tail, rest }): StructLayout => {
    const fixed = struct(parts, { next: 0 }, tail)
    const last = { name: 'rest', offset: fixed.size - tail, layout: rest }
    return { ...fixed, fields: [...fixed.fields, last], flexible: true }
  })

/** Any layout that records may have. */
export const anyRecordLayout: fc.Arbitrary<Layout> = fc.oneof(
  { weight: 3, arbitrary: anyLayout },
  { weight: 1, arbitrary: flexible },
)

/** Bytes of which many are zero, text, all ones, or parts of UTF-8 and of NaNs. */
export const anyBytes: (size: number) => fc.Arbitrary<Uint8Array> = (size) =>
  fc.oneof(
    fc.uint8Array({ minLength: size, maxLength: size }),
    fc
      .array(fc.constantFrom(0, 0, 0, 1, 2, 0x41, 0x7f, 0x80, 0xc3, 0xa9, 0xed, 0xf0, 0xf8, 0xff, 0xff), {
        minLength: size,
        maxLength: size,
      })
      .map((bytes) => Uint8Array.from(bytes)),
  )

/** A layout, and records of it: as long as their type, or longer. */
export const layoutAndRecords = (layout: fc.Arbitrary<Layout>): fc.Arbitrary<[Layout, TestRecord[]]> =>
  layout.chain((chosen) => {
    const bytes = fc.nat(24).chain((extra) => anyBytes(minimumLength(chosen) + extra))
    return fc.tuple(fc.constant(chosen), fc.array(fc.record({ bytes, discarded: fc.boolean() }), { maxLength: 5 }))
  })

/** Memory that holds bytes at an offset, between others that must not change. */
export function memoryWith(bytes: Uint8Array, offset: number): Memory {
  const memory = createMemory(new ArrayBuffer(Math.ceil((offset + bytes.length + 8) / 8) * 8))
  memory.u8.fill(0xaa)
  memory.u8.set(bytes, offset)
  return memory
}
