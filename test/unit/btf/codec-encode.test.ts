import { describe, expect, test } from 'vitest'
import {
  array,
  bool,
  bytes,
  char,
  enumeration,
  f32,
  f64,
  i8,
  i64,
  struct,
  type Type,
  u8,
  u16,
  u32,
  u64,
  union,
} from '../../../lib/btf/schema.ts'
import { entry, filled, helpers, kinds, port } from './codec-helpers.ts'

describe.each(kinds)('%s codecs', (_, interpret) => {
  const { codecOf, written, refusal } = helpers(interpret)

  test.each<[Type, unknown, string, string]>([
    [u16, 70000, 'value: 70000 does not fit u16 (0..65535)', 'ERR_EBPF_OUT_OF_RANGE'],
    [u16, -1n, 'value: -1 does not fit u16 (0..65535)', 'ERR_EBPF_OUT_OF_RANGE'],
    [i8, 128, 'value: 128 does not fit i8 (-128..127)', 'ERR_EBPF_OUT_OF_RANGE'],
    [u64, -1, 'value: -1 does not fit u64 (0..18446744073709551615)', 'ERR_EBPF_OUT_OF_RANGE'],
    [u64, 2n ** 64n, 'value: 18446744073709551616 does not fit u64', 'ERR_EBPF_OUT_OF_RANGE'],
    [
      i64,
      2 ** 53,
      'value: 9007199254740992 is past 2^53, where numbers are no longer exact; give a bigint',
      'ERR_EBPF_OUT_OF_RANGE',
    ],
    [u32, 1.5, 'value: 1.5 is not an integer, as u32 must be', 'ERR_EBPF_OUT_OF_RANGE'],
    [u32, Number.NaN, 'value: NaN is not an integer', 'ERR_EBPF_OUT_OF_RANGE'],
    [u32, '5', 'value: expected a number or a bigint, not "5"', 'ERR_EBPF_INVALID_ARGUMENT'],
    [u32, undefined, 'value is missing: expected a number or a bigint', 'ERR_EBPF_INVALID_ARGUMENT'],
    [u32, null, 'value: expected a number or a bigint, not null', 'ERR_EBPF_INVALID_ARGUMENT'],
    [u32, { valueOf: () => 5 }, 'value: expected a number or a bigint, not an object', 'ERR_EBPF_INVALID_ARGUMENT'],
    [bool, 2, 'value: 2 does not fit bool (0..1)', 'ERR_EBPF_OUT_OF_RANGE'],
    [bool, 'true', 'value: expected a boolean, not "true"', 'ERR_EBPF_INVALID_ARGUMENT'],
    [f32, 1e300, 'value: 1e+300 does not fit float', 'ERR_EBPF_OUT_OF_RANGE'],
    [f64, 1n, 'value: expected a number, not 1n', 'ERR_EBPF_INVALID_ARGUMENT'],
    [char(3), 'four', 'value: "four" is longer than the 3 bytes of char[3]', 'ERR_EBPF_OUT_OF_RANGE'],
    [char(3), 'éé', 'longer than the 3 bytes', 'ERR_EBPF_OUT_OF_RANGE'],
    [char(8), 'a\0b', 'value: "a\\u0000b" has a NUL, which would end it in C', 'ERR_EBPF_INVALID_ARGUMENT'],
    [char(8), '\ud800', 'has a lone surrogate', 'ERR_EBPF_INVALID_ARGUMENT'],
    [char(8), 5, 'value: expected a string, not 5', 'ERR_EBPF_INVALID_ARGUMENT'],
    [bytes(2), [1, 2], 'value: expected a Uint8Array of 2 bytes, not an array', 'ERR_EBPF_INVALID_ARGUMENT'],
    [
      struct({ b: bytes(2) }),
      { b: Uint8Array.of(1) },
      'value.b: a Uint8Array of 1 bytes where 2 are expected',
      'ERR_EBPF_OUT_OF_RANGE',
    ],
    [array(u8, 2), [1], 'value: an array of 1 where 2 elements are expected', 'ERR_EBPF_OUT_OF_RANGE'],
    [
      array(u8, 2),
      { 0: 1, 1: 2, length: 2 },
      'value: expected an array of 2, not an object',
      'ERR_EBPF_INVALID_ARGUMENT',
    ],
    [enumeration({ A: 0 }), 'C', 'value: enum has no "C" (it has: A)', 'ERR_EBPF_INVALID_ARGUMENT'],
    [port, 5, 'value: expected struct, not 5', 'ERR_EBPF_INVALID_ARGUMENT'],
    [port, {}, 'value.port is missing: expected a number or a bigint', 'ERR_EBPF_INVALID_ARGUMENT'],
    [port, { prot: 1 }, 'value has no field "prot" (it has: port)', 'ERR_EBPF_INVALID_ARGUMENT'],
    [port, { port: 1, extra: 2 }, 'value has no field "extra" (it has: port)', 'ERR_EBPF_INVALID_ARGUMENT'],
    [union({ a: u8, b: u16 }), {}, 'value is missing: give at least one of a, b', 'ERR_EBPF_INVALID_ARGUMENT'],
    [union({ a: u8, b: u16 }), { a: 1, b: 2 }, 'contradict each other', 'ERR_EBPF_INVALID_ARGUMENT'],
    [union({ a: u8, b: u16 }), { c: 1 }, 'value has no field "c"', 'ERR_EBPF_INVALID_ARGUMENT'],
    [
      entry,
      { pid: 1, addr: [{ port: 1 }, { port: 2 }, { port: 3 }, { port: 70000 }], comm: '', cookie: 1 },
      'value.addr[3].port: 70000 does not fit u16 (0..65535)',
      'ERR_EBPF_OUT_OF_RANGE',
    ],
    [u32, new Uint8Array(5), 'value: a Uint8Array of 5 bytes where 4 are expected', 'ERR_EBPF_OUT_OF_RANGE'],
    [
      u32,
      Object.create(Uint8Array.prototype),
      'value: expected a number or a bigint, not an object',
      'ERR_EBPF_INVALID_ARGUMENT',
    ],
  ])('refuses %# without touching memory', (type, value, message, code) => {
    const error = refusal(type, value)
    expect(error.message).toContain(message)
    expect(error.code).toBe(code)
    expect(error).toBeInstanceOf(code === 'ERR_EBPF_OUT_OF_RANGE' ? RangeError : TypeError)
  })

  test('errors call the value by its name', () => {
    expect(refusal(port, { port: -1 }, 'key').message).toMatch(/^key\.port: -1/)
  })

  test('a Uint8Array of its size stands for any value', () => {
    const codec = codecOf(entry)
    const memory = filled(codec.size, 0)
    const raw = Uint8Array.from({ length: codec.size }, (_, index) => index)
    codec.encode(raw, memory, 0)
    expect(memory.u8.subarray(0, codec.size)).toEqual(raw)
    const liar = Object.defineProperty(new Uint8Array(3), 'length', { value: codec.size })
    expect(() => codec.encode(liar, memory, 0)).toThrow(/3 bytes where/)
    const detached = new Uint8Array(codec.size)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    expect(() => codec.encode(detached, memory, 0)).toThrow(/0 bytes where/)
  })

  test('padding becomes zero, also that of nested and repeated structs', () => {
    const padded = struct({ a: array(struct({ x: u8, y: u32 }), 2), tail: u8 })
    expect(
      written(padded, {
        a: [
          { x: 1, y: 2 },
          { x: 3, y: 4 },
        ],
        tail: 5,
      }),
    ).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0])
  })

  test('reads all properties before it touches memory', () => {
    const codec = codecOf(struct({ a: u32, b: char(4), c: u32 }))
    const memory = filled(codec.size)
    const seen: number[] = []
    const value = {
      a: 1,
      b: 'x',
      get c() {
        seen.push(...memory.u8)
        return 3
      },
    }
    codec.encode(value, memory, 0)
    expect(seen).toEqual(new Array(16).fill(0xee))
    expect(codec.decode(memory, 0)).toEqual({ a: 1, b: 'x', c: 3 })
  })

  test('a getter may use the same codec', () => {
    const type = struct({ a: u32, b: u32, c: array(u32, 2) })
    const codec = codecOf(type)
    const memory = filled(codec.size)
    const other = filled(codec.size)
    const value = {
      a: 1,
      get b() {
        codec.encode({ a: 7, b: 7, c: [7, 7] }, other, 0)
        expect(() => codec.encode({ a: 7, b: -1, c: [7, 7] }, other, 0)).toThrow()
        return 2
      },
      c: [3, 4],
    }
    codec.encode(value, memory, 0)
    expect(codec.decode(memory, 0)).toEqual({ a: 1, b: 2, c: [3, 4] })
    expect(codec.decode(other, 0)).toEqual({ a: 7, b: 7, c: [7, 7] })
  })

  test('a getter that throws, or takes the memory away, leaves nothing behind', () => {
    const codec = codecOf(port)
    const memory = filled(8)
    const boom = {
      get port() {
        throw new Error('boom')
      },
    }
    expect(() => codec.encode(boom, memory, 0)).toThrow('boom')
    expect(memory.u8[0]).toBe(0xee)
    const thief = {
      get port() {
        structuredClone(memory.u8.buffer, { transfer: [memory.u8.buffer] })
        return 1
      },
    }
    expect(() => codec.encode(thief, memory, 0)).toThrow(/not within memory of 0 bytes/)
  })

  test('each property is read once', () => {
    let reads = 0
    const once = (name: string) => Object.defineProperty({}, name, { enumerable: true, get: () => ++reads })
    written(port, once('port'))
    written(union({ port: u16, other: u8 }), once('port'))
    expect(reads).toBe(2)
  })
})
