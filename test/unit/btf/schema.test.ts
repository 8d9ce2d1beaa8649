import { describe, expect, expectTypeOf, test } from 'vitest'
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
  type Infer,
  type InferInput,
  struct,
  type Type,
  u8,
  u16,
  u32,
  u64,
  union,
} from '../../../lib/btf/schema.ts'

const event = struct({
  time: u64,
  pid: u32,
  comm: char(16),
  hash: bytes(4),
  flags: enumeration({ READ: 1, WRITE: 2 }),
  addresses: array(struct({ port: u16, up: bool }), 2),
  value: union({ whole: i64, part: f32 }),
})

test('TypeScript knows what a type decodes to', () => {
  expectTypeOf<Infer<typeof event>>().toEqualTypeOf<{
    time: bigint
    pid: number
    comm: string
    hash: Uint8Array
    flags: number
    addresses: { port: number; up: boolean }[]
    value: { whole: bigint; part: number }
  }>()
  expectTypeOf<Infer<typeof event, 'number'>>().toEqualTypeOf<{
    time: number
    pid: number
    comm: string
    hash: Uint8Array
    flags: number
    addresses: { port: number; up: boolean }[]
    value: { whole: number; part: number }
  }>()
  expectTypeOf<Infer<typeof u64>>().toEqualTypeOf<bigint>()
  expectTypeOf<Infer<typeof u64, 'number'>>().toEqualTypeOf<number>()
})

test('TypeScript knows what a type is encoded from', () => {
  expectTypeOf<InferInput<typeof event>>().toEqualTypeOf<{
    readonly time: number | bigint
    readonly pid: number | bigint
    readonly comm: string
    readonly hash: Uint8Array
    readonly flags: number | bigint | 'READ' | 'WRITE'
    readonly addresses: readonly { readonly port: number | bigint; readonly up: boolean | 0 | 1 }[]
    readonly value: { readonly whole?: number | bigint; readonly part?: number }
  }>()
  expectTypeOf<Infer<typeof event>>().toExtend<InferInput<typeof event>>()
})

test('any type is a Type', () => {
  expectTypeOf(event).toExtend<Type>()
  expectTypeOf(u64).toExtend<Type>()
})

describe("C's alignment and padding", () => {
  const offsets = ({ layout }: Type): number[] =>
    layout.kind === 'struct' || layout.kind === 'union' ? layout.fields.map(({ offset }) => offset) : []

  test.each<[string, Type, number[], number, number]>([
    ['padding between', struct({ a: u8, b: u32, c: u8 }), [0, 4, 8], 12, 4],
    ['padding at the end', struct({ a: u64, b: u8 }), [0, 8], 16, 8],
    ['none when packed', struct({ a: u8, b: u32, c: u64 }, { packed: true }), [0, 1, 5], 13, 1],
    ['text and bytes', struct({ a: char(3), b: u16, c: bytes(1) }), [0, 4, 6], 8, 2],
    ['nested', struct({ a: u8, b: struct({ x: u8, y: u64 }) }), [0, 8], 24, 8],
    ['packed in unpacked', struct({ a: u8, b: struct({ x: u64 }, { packed: true }), c: u16 }), [0, 1, 10], 12, 2],
    ['arrays', struct({ a: u8, b: array(u16, 3), c: f64 }), [0, 2, 8], 16, 8],
    ['unions', union({ a: char(5), b: u32 }), [0, 0], 8, 4],
    ['nothing', struct({}), [], 0, 1],
  ])('%s', (_, type, expected, size, alignment) => {
    expect(offsets(type)).toEqual(expected)
    expect(type.layout.size).toBe(size)
    expect(type.alignment).toBe(alignment)
  })
})

describe('enums', () => {
  test('are as large and as signed as their values need', () => {
    expect(enumeration({ A: 1 }).layout).toMatchObject({ size: 4, signed: false })
    expect(enumeration({ A: -1 }).layout).toMatchObject({ size: 4, signed: true })
    expect(enumeration({ A: 1 }, u8).layout).toMatchObject({ size: 1 })
    expect(enumeration({ A: 1n << 40n, B: 2 }, u64).layout).toMatchObject({
      size: 8,
      values: [
        { name: 'A', value: 1n << 40n },
        { name: 'B', value: 2n },
      ],
    })
    expectTypeOf<Infer<ReturnType<typeof big>>>().toEqualTypeOf<bigint>()
  })
  const big = () => enumeration({ A: 1n }, u64)
})

describe('mistakes', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['a negative length', () => char(-1), /char\(-1\)/],
    ['a fraction', () => bytes(1.5), /bytes\(1.5\)/],
    ['an endless array', () => array(u64, 2 ** 31), /larger than 4 GiB/],
    ['an array that is too long', () => array(u8, 2 ** 32), /array\(4294967296\)/],
    ['a name that JavaScript would sort', () => struct({ 0: u8 }), /"0" is not a name in C/],
    ['a name with a space', () => struct({ 'a b': u8 }), /"a b" is not a name in C/],
    ['a member that is no type', () => struct({ a: 5 as never }), /member a is not a type/],
    ['a struct that is too large', () => struct({ a: bytes(2 ** 31), b: bytes(2 ** 31) }), /larger than 4 GiB/],
    ['an enumerator past its type', () => enumeration({ A: 256 }, u8), /enumerator A: 256 does not fit u8/],
    ['an enumerator past the default', () => enumeration({ A: 2 ** 32 }), /does not fit u32/],
    ['a fraction as enumerator', () => enumeration({ A: 0.5 }), /enumerator A is 0.5/],
    ['an enum of text', () => enumeration({ A: 1 }, char(4) as never), /held by an integer type/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message)
    expect(make).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_/) }))
  })
  test('signed is signed', () => expect(i32.layout).toMatchObject({ signed: true }))
})
