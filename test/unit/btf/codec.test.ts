import { describe, expect, test } from 'vitest'
import { createCodec } from '../../../lib/btf/codec.ts'
import type { Layout } from '../../../lib/btf/layout.ts'
import { createMemory } from '../../../lib/btf/memory.ts'
import {
  array,
  bool,
  bytes,
  char,
  enumeration,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  struct,
  type Type,
  u8,
  u16,
  u32,
  u64,
  union,
} from '../../../lib/btf/schema.ts'
import { entry, filled, helpers, holding, kinds } from './codec-helpers.ts'

describe.each(kinds)('%s codecs', (_, interpret) => {
  const { codecOf, written, refusal } = helpers(interpret)

  test.each<[string, Type, unknown, unknown, number[]]>([
    ['u8', u8, 255, 255n, [255]],
    ['i8', i8, -1, -1n, [255]],
    ['u16', u16, 0x1234, 0x1234n, [0x34, 0x12]],
    ['i16', i16, -2, -2n, [0xfe, 0xff]],
    ['u32', u32, 0xfffffffe, 0xfffffffen, [0xfe, 0xff, 0xff, 0xff]],
    ['i32', i32, -2, -2n, [0xfe, 0xff, 0xff, 0xff]],
    ['u64', u64, 2n ** 64n - 2n, 2n ** 64n - 2n, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['u64 of a number', u64, 0x1_0000_0002n, 0x1_0000_0002, [2, 0, 0, 0, 1, 0, 0, 0]],
    ['i64', i64, -2n, -2, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['f32', f32, 1.5, 1.5, [0, 0, 0xc0, 0x3f]],
    ['f32 rounds', f32, Math.fround(0.1), 0.1, [0xcd, 0xcc, 0xcc, 0x3d]],
    ['f64', f64, -0, -0, [0, 0, 0, 0, 0, 0, 0, 0x80]],
    ['NaN', f64, Number.NaN, Number.NaN, [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]],
    ['bool', bool, true, 1, [1]],
    ['text', char(4), 'ab', 'ab', [97, 98, 0, 0]],
    ['text that fills its array', char(2), 'ab', 'ab', [97, 98]],
    ['bytes', bytes(3), Uint8Array.of(1, 2, 3), Buffer.of(1, 2, 3), [1, 2, 3]],
    ['array', array(u16, 2), [1, 2], Uint16Array.of(1, 2), [1, 0, 2, 0]],
    ['enum', enumeration({ A: 0, B: 7 }), 7, 'B', [7, 0, 0, 0]],
    ['enum beyond its names', enumeration({ A: 0, B: 7 }), 9, 9n, [9, 0, 0, 0]],
    ['64-bit enum', enumeration({ A: 1n << 40n }, u64), 1n << 40n, 'A', [0, 0, 0, 0, 0, 1, 0, 0]],
    ['struct', struct({ a: u8, b: u16 }), { a: 1, b: 2 }, { b: 2, a: 1 }, [1, 0, 2, 0]],
    ['union', union({ a: u8, b: u16 }), { a: 2, b: 258 }, { b: 258 }, [2, 1]],
    ['union from two readings', union({ a: u8, b: u16 }), { a: 2, b: 258 }, { b: 258, a: 2 }, [2, 1]],
    ['union from its smaller member', union({ a: u8, b: u16 }), { a: 2, b: 2 }, { a: 2 }, [2, 0]],
  ])('%s', (_, type, decoded, encodable, expected) => {
    if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) expect(written(type, encodable)).toEqual(expected)
    expect(written(type, decoded)).toEqual(written(type, encodable))
    const codec = codecOf(type)
    const memory = filled(codec.size)
    codec.encode(encodable, memory, 0)
    expect(codec.decode(memory, 0)).toStrictEqual(decoded)
    expect(codec.decodeKey(memory, 0)).toStrictEqual(decoded)
  })

  test('values outside of memory', () => {
    const codec = codecOf(entry)
    const memory = filled(codec.size)
    const value = codec.decode(memory, 0)
    for (const offset of [8, -8, 2 ** 32, 0.5, Number.NaN, 1]) {
      expect(() => codec.decode(memory, offset)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
      expect(() => codec.decodeKey(memory, offset)).toThrow(RangeError)
      expect(() => codec.encode(value, memory, offset)).toThrow(RangeError)
      expect(() => codec.encode(new Uint8Array(codec.size), memory, offset)).toThrow(RangeError)
    }
    structuredClone(memory.u8.buffer, { transfer: [memory.u8.buffer] })
    expect(() => codec.decode(memory, 0)).toThrow(RangeError)
    expect(() => codec.encode(value, memory, 0)).toThrow(RangeError)
  })

  test('any offset will do', () => {
    const type = struct({ a: u8, b: u16, c: u32, d: u64, e: f32, f: f64, g: i64, h: char(8), i: bool })
    const codec = codecOf(type)
    const value = { a: 1, b: 2, c: 3, d: 4n, e: 5, f: 6, g: -7n, h: 'eight', i: true }
    for (let offset = 0; offset < 9; offset++) {
      const memory = filled(codec.size + 16)
      codec.encode(value, memory, offset)
      expect(codec.decode(memory, offset)).toEqual(value)
      expect(codec.decodeKey(memory, offset)).toEqual(value)
    }
  })

  describe("int64: 'number'", () => {
    const type = struct({ u: u64, i: i64 })
    const codec = codecOf(type, { int64: 'number', name: 'event' })

    test.each([
      [0, 0],
      [1, -1],
      [2 ** 31, -(2 ** 31)],
      [2 ** 32 + 5, -(2 ** 32) - 5],
      [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    ])('%d and %d', (u, i) => {
      const memory = filled(16)
      codec.encode({ u, i }, memory, 0)
      expect(codec.decode(memory, 0)).toStrictEqual({ u, i })
      expect(codec.decodeKey(memory, 0)).toStrictEqual({ u, i })
      codec.encode({ u: BigInt(u), i: BigInt(i) }, memory, 0)
      expect(codec.decode(memory, 0)).toStrictEqual({ u, i })
    })

    test('what no number holds is an error, and bytes for a key', () => {
      for (const value of [
        { u: 2n ** 53n, i: 0 },
        { u: 2n ** 64n - 1n, i: 0 },
        { u: 0, i: 2n ** 53n },
        { u: 0, i: -(2n ** 53n) },
        { u: 0, i: -(2n ** 63n) },
      ]) {
        const memory = filled(16)
        codec.encode(value, memory, 0)
        const name = value.u === 0 ? 'i' : 'u'
        expect(() => codec.decode(memory, 0)).toThrow(
          new RegExp(`^event\\.${name}: ${value[name]} is past 2\\^53, .*; choose int64: 'bigint'$`),
        )
        expect(codec.decodeKey(memory, 0)).toEqual(memory.u8.slice(0, 16))
      }
    })

    test('pointers stay bigints', () => {
      const pointer = codecOf({ kind: 'pointer', size: 8 }, { int64: 'number' })
      const memory = filled(8, 0xff)
      expect(pointer.decode(memory, 0)).toBe(2n ** 64n - 1n)
    })
  })

  describe('keys that no decoded form can hold are bytes', () => {
    test.each<[string, Type, number[]]>([
      ['garbage after the NUL', char(4), [97, 0, 1, 0]],
      ['padding', struct({ a: u8, b: u16 }), [1, 9, 2, 0]],
      ['an odd true', bool, [2]],
      ['a NaN with a payload', f64, [1, 0, 0, 0, 0, 0, 0xf8, 0x7f]],
      ['in an array', array(bool, 2), [1, 3]],
    ])('%s', (_, type, raw) => {
      const codec = codecOf(type)
      expect(codec.decodeKey(holding(...raw), 0)).toEqual(Uint8Array.from(raw))
      expect(() => codec.decode(holding(...raw), 0)).not.toThrow()
    })
  })

  test('names from BTF are data, never code', () => {
    const names = ['__proto__', 'constructor', '"]; throw 1; //', '\\', '\u2028', '`', '\n', 'toString', '']
    const fields = names.map((name, index) => ({ name, offset: index, layout: u8.layout }))
    const layout: Layout = { kind: 'struct', name: '"', size: fields.length, fields }
    const codec = codecOf(layout, { name: '"); throw 1; //' })
    const memory = holding(...names.map((_, index) => index))
    const value = codec.decode(memory, 0) as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value)).toEqual(names)
    expect(Object.values(value)).toEqual(names.map((_, index) => index))
    const again = filled(names.length)
    codec.encode(value, again, 0)
    expect(again.u8.subarray(0, names.length)).toEqual(memory.u8.subarray(0, names.length))
    expect(() => codec.encode({}, again, 0)).toThrow('"); throw 1; //.__proto__ is missing')
  })

  test('inherited properties are not readings of a union', () => {
    expect(written(union({ toString: u8, constructor: u8, a: u8 }), { a: 5 })).toEqual([5])
  })

  test('anonymous unions in structs, and structs in unions', () => {
    const inner: Layout = {
      kind: 'struct',
      name: '',
      size: 4,
      fields: [
        { name: 'low', offset: 0, layout: u16.layout },
        { name: 'high', offset: 2, layout: u16.layout },
      ],
    }
    const anonymous: Layout = {
      kind: 'union',
      name: '',
      size: 4,
      fields: [
        { name: 'whole', offset: 0, layout: u32.layout },
        { name: '', offset: 0, layout: inner },
      ],
    }
    const layout: Layout = {
      kind: 'struct',
      name: 'outer',
      size: 8,
      fields: [
        { name: 'tag', offset: 0, layout: u32.layout },
        { name: '', offset: 4, layout: anonymous },
      ],
    }
    const codec = codecOf(layout)
    const memory = filled(8)
    const value = { tag: 1, whole: 0x20001, low: 1, high: 2 }
    for (const given of [value, { tag: 1, whole: 0x20001 }, { tag: 1, low: 1, high: 2 }]) {
      memory.u8.fill(0xee)
      codec.encode(given, memory, 0)
      expect(codec.decode(memory, 0)).toStrictEqual(value)
    }
    expect(refusal(layout, { tag: 1 }).message).toContain('give at least one of whole, low, high')
    expect(refusal(layout, { tag: 1, low: 1 }).message).toContain('value.high is missing')
    expect(refusal(layout, { tag: 1, whole: 5, low: 1, high: 2 }).message).toContain('contradict')
    expect(refusal(layout, { tag: 1, whole: 5, lo: 1 }).message).toContain('no field "lo"')
  })

  describe('a flexible array member', () => {
    const flexible = (last: Layout, offset: number): Layout => ({
      kind: 'struct',
      name: 'record',
      size: 8,
      fields: [
        { name: 'length', offset: 0, layout: u32.layout },
        { name: 'data', offset, layout: last },
      ],
      flexible: true,
    })
    const memory = holding(3, 0, 0, 0, 97, 98, 99, 0, 1, 0, 2, 0)

    test('takes what the record has from its offset on', () => {
      const text = codecOf(flexible({ kind: 'string', size: 0 }, 4))
      expect(text.decode(memory, 0, 7)).toEqual({ length: 3, data: 'abc' })
      expect(text.decode(memory, 0, 6)).toEqual({ length: 3, data: 'ab' })
      expect(text.decode(memory, 0, 4)).toEqual({ length: 3, data: '' })
      expect(text.decode(memory, 0)).toEqual({ length: 3, data: '' })
      const raw = codecOf(flexible({ kind: 'bytes', size: 0 }, 4))
      expect(raw.decode(memory, 0, 6)).toEqual({ length: 3, data: Uint8Array.of(97, 98) })
      const numbers = codecOf(flexible({ kind: 'array', size: 0, element: u16.layout, length: 0 }, 8))
      expect(numbers.decode(memory, 0, 12)).toEqual({ length: 3, data: [1, 2] })
      expect(numbers.decode(memory, 0, 11)).toEqual({ length: 3, data: [1] })
    })

    test('is not read past the record or the memory', () => {
      const codec = codecOf(flexible({ kind: 'bytes', size: 0 }, 4))
      for (const length of [3, 0, -1, Number.NaN, 17, 2 ** 40]) {
        expect(() => codec.decode(memory, 0, length)).toThrow(RangeError)
      }
    })

    test('is encoded as empty', () => {
      const layout = flexible({ kind: 'bytes', size: 0 }, 8)
      const codec = codecOf(layout)
      for (const value of [{ length: 1 }, { length: 1, data: new Uint8Array(0) }]) {
        const target = filled(8)
        codec.encode(value, target, 0)
        expect([...target.u8]).toEqual([1, 0, 0, 0, 0, 0, 0, 0])
      }
      expect(refusal(layout, { length: 1, data: Uint8Array.of(1) }).message).toContain('1 bytes where 0 are expected')
    })
  })

  test('a union of nothing but padding', () => {
    const layout: Layout = { kind: 'union', name: '', size: 4, fields: [] }
    const codec = codecOf(layout)
    const memory = filled(8)
    codec.encode({}, memory, 0)
    expect([...memory.u8.subarray(0, 4)]).toEqual([0, 0, 0, 0])
    expect(codec.decodeKey(memory, 0)).toEqual({})
    expect(codec.decodeKey(memory, 4)).toEqual(Uint8Array.of(0xee, 0xee, 0xee, 0xee))
  })

  test('empty values', () => {
    const codec = codecOf(struct({}))
    const memory = filled(8)
    codec.encode({}, memory, 0)
    expect(codec.decode(memory, 8)).toEqual({})
    expect(codecOf(char(0)).decode(memory, 8)).toBe('')
    expect(codecOf(array(u32, 0)).decode(memory, 8)).toEqual([])
  })
})

test('objects of one layout have one shape', () => {
  const codec = createCodec<{ pid: number }>(entry.layout, { int64: 'bigint' })
  const memory = createMemory(new ArrayBuffer(codec.size))
  expect(Object.keys(codec.decode(memory, 0))).toEqual(['pid', 'addr', 'comm', 'cookie'])
})

test('very large layouts are interpreted', () => {
  const members = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`f${index}`, u8]))
  const codec = createCodec<Record<string, number>>(struct(members).layout, { int64: 'bigint' })
  const memory = createMemory(new ArrayBuffer(3000))
  memory.u8[2999] = 7
  expect(codec.decode(memory, 0).f2999).toBe(7)
})

describe('layouts that contradict themselves', () => {
  const field = (layout: Layout, offset: number = 0, name: string = 'a') => ({ name, offset, layout })
  const number: Layout = u32.layout
  let deep: Layout = number
  for (let level = 0; level < 40; level++) deep = { kind: 'struct', name: '', size: 4, fields: [field(deep)] }
  let wide: Layout = { kind: 'struct', name: '', size: 0, fields: [] }
  for (let level = 0; level < 30; level++) {
    wide = { kind: 'struct', name: '', size: 0, fields: [field(wide), field(wide, 0, 'b')] }
  }
  test.each<[string, unknown]>([
    ['an odd size', { kind: 'integer', name: 'x', size: 3, signed: false }],
    ['code for a size', { kind: 'bytes', size: '0); throw 1; (' }],
    ['an unknown kind', { kind: 'magic', size: 4 }],
    ['a field outside', { kind: 'struct', name: '', size: 3, fields: [field(number)] }],
    ['a field at no place', { kind: 'struct', name: '', size: 8, fields: [field(number, 0.5)] }],
    ['two fields of one name', { kind: 'struct', name: '', size: 8, fields: [field(number), field(number, 4)] }],
    ['an array of another size', { kind: 'array', size: 9, element: number, length: 2 }],
    [
      'a bitfield of floats',
      { kind: 'struct', name: '', size: 4, fields: [{ ...field(f32.layout), bitfield: { bitOffset: 0, bitSize: 1 } }] },
    ],
    [
      'a bitfield of no bits',
      { kind: 'struct', name: '', size: 4, fields: [{ ...field(number), bitfield: { bitOffset: 0, bitSize: 0 } }] },
    ],
    ['endless nesting', deep],
    ['a billion fields in no bytes', wide],
  ])('%s', (_, layout) => {
    expect(() => createCodec(layout as Layout, { int64: 'bigint' })).toThrow(
      expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }),
    )
  })
})
