import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnspeakableLayout, buildBtf } from '../../../lib/btf/build.ts'
import { layoutOf } from '../../../lib/btf/layout-of.ts'
import { type Field, type Layout, type StructLayout, canEndFlexibly } from '../../../lib/btf/layout.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import {
  array,
  bool,
  bytes,
  char,
  enumeration,
  f32,
  f64,
  i32,
  i64,
  struct,
  u8,
  u32,
  u64,
} from '../../../lib/btf/schema.ts'
import { anyLayout } from './arbitrary.ts'

const roundTrip = (layout: Layout, options?: { old: boolean }): Layout => {
  const { bytes: btf, ids } = buildBtf([layout], options)
  return layoutOf(parseBtf(btf), ids[0]!)
}

/** What BTF cannot tell apart: `__u8[n]` is bytes, and a struct that ends in an array of nothing ends flexibly. */
function asRead(layout: Layout): Layout {
  if (layout.kind === 'array') {
    const { element } = layout
    if (element.kind === 'integer' && element.size === 1 && !element.signed) return { kind: 'bytes', size: layout.size }
    return { ...layout, element: asRead(element) }
  }
  if (layout.kind !== 'struct' && layout.kind !== 'union') return layout
  const fields = layout.fields.map((field): Field => ({ ...field, layout: asRead(field.layout) }))
  if (layout.kind === 'union') return { ...layout, fields }
  const whole: StructLayout = { ...layout, fields }
  return canEndFlexibly(whole) && fields.at(-1)?.name !== '' ? { ...whole, flexible: true } : whole
}

describe('BTF out of layouts', () => {
  it('reads back as what it was made of, whatever that is', () => {
    fc.assert(
      fc.property(anyLayout, (layout) => {
        let read: Layout
        try {
          read = roundTrip(layout)
        } catch (error) {
          expect(error).toBeInstanceOf(UnspeakableLayout)
          fc.pre(false)
          return
        }
        expect(read).toEqual(asRead(layout))
      }),
      { numRuns: 500, maxSkipsPerRun: 1000 },
    )
  })

  it('has each type once, and each name', () => {
    const point = struct({ x: u32, y: u32 })
    const { layout } = struct({ from: point, to: point, x: u32, list: array(point, 3) })
    const { bytes: btf, ids } = buildBtf([u32.layout, layout])
    expect(parseBtf(btf).typeCount, 'void, u32, point, its array, the struct').toBe(5)
    expect(ids).toEqual([1, 4])
    expect(Buffer.from(btf).toString('latin1').split('x\0')).toHaveLength(2)
  })

  it('has void where nothing was asked for', () => {
    expect(buildBtf([undefined, u8.layout]).ids).toEqual([0, 1])
  })

  it('for old kernels keeps the sizes, and says bytes and integers where they know no better', () => {
    const values = struct({
      f: f32,
      d: f64,
      small: enumeration({ LESS: -1, MORE: 1 }),
      plain: enumeration({ A: 1 }),
      large: enumeration({ HUGE: 1n << 40n }, u64),
      deep: enumeration({ LOW: -1n }, i64),
    })
    expect(buildBtf([values.layout]).modern).toBe(true)
    expect(buildBtf([values.layout], { old: true }).modern).toBe(false)
    const read = roundTrip(values.layout, { old: true }) as StructLayout
    expect(read.size).toBe(values.layout.size)
    expect(read.fields.map(({ offset, layout }) => [offset, layout.kind, layout.size])).toEqual([
      [0, 'bytes', 4],
      [8, 'bytes', 8],
      [16, 'integer', 4],
      [20, 'enum', 4],
      [24, 'integer', 8],
      [32, 'integer', 8],
    ])
  })

  it('needs nothing new for what every kernel knows', () => {
    const { layout } = struct({ a: u8, b: i32, c: char(4), d: bytes(3), e: bool, f: enumeration({ A: 0 }) })
    expect(buildBtf([layout]).modern).toBe(false)
  })

  it.each(['in$side', 'a'.repeat(128)])('cannot say a member or a value named %s', (name) => {
    expect(() => buildBtf([struct({ [name]: u8 }).layout])).toThrow(UnspeakableLayout)
    expect(() => buildBtf([enumeration({ [name]: 1 }).layout])).toThrow(UnspeakableLayout)
    expect(() => buildBtf([struct({ ['a'.repeat(127)]: u8 }).layout])).not.toThrow()
  })

  it('cannot say where a member is that lies past half a gigabyte', () => {
    expect(() => buildBtf([struct({ a: bytes(2 ** 29), b: u8 }).layout])).toThrow(/"b" lies further/)
    expect(() => buildBtf([struct({ a: bytes(2 ** 29 - 1), b: u8 }).layout])).not.toThrow()
  })
})
