/** Columns of batches: by generated code, and by walking the layout. */
import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Layout, StructLayout, UnionLayout } from '../../../lib/btf/layout.ts'
import { createLazyCodec, bytesCodec, createRecordCodec, type RecordCodec } from '../../../lib/btf/record-codec.ts'
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
import type { Batch } from '../../../lib/events/batch.ts'
import { anyLayout, layoutAndRecords } from './arbitrary.ts'
import { kinds } from './codec-helpers.ts'
import { expectedColumns, isTooWide, plainColumn } from './column-values.ts'
import { batchOf, flexiblePacket, unlessUnsafe } from './record-helpers.ts'

const numRuns = Number(process.env.CODEC_PROPERTY_RUNS ?? 300)

const event = struct({ pid: u32, level: u8, comm: char(16), time: u64 })

interface Event {
  pid: number
  level: number
  comm: string
  time: bigint
}

const text = (string: string): number[] => [...Buffer.from(string.padEnd(16, '\0'))]
const eventBytes = (pid: number, comm: string, time: number): number[] => [
  ...[pid, 0, 0, 0, pid + 1],
  ...text(comm),
  ...[0, 0, 0, time, 0, 0, 0, 0, 0, 0, 0],
]

const kind = enumeration({ EXEC: 1, EXIT: 2 })
const variants: UnionLayout = {
  kind: 'union',
  name: 'event',
  size: 12,
  fields: [
    { name: 'exec', offset: 0, layout: struct({ kind, pid: u32, comm: char(4) }).layout },
    { name: 'exit', offset: 0, layout: struct({ kind, code: u16 }).layout },
  ],
}

describe.each(kinds)('%s columns', (_, interpret) => {
  const codecOf = (type: Type | Layout, int64: 'bigint' | 'number' = 'bigint'): RecordCodec<unknown> =>
    createRecordCodec('layout' in type ? type.layout : type, 'events', { int64, interpret })
  /** The column of a field of this type in records of these bytes. */
  const columnOf = (type: Type, int64: 'bigint' | 'number', ...records: number[][]): unknown => {
    const codec = codecOf(struct({ field: type }), int64)
    return batchOf<{ field: unknown }>(
      codec,
      records.map((bytes) => ({ bytes })),
    ).columns().field
  }
  const events = (): Batch<Event> =>
    batchOf<Event>(codecOf(event), [
      { bytes: eventBytes(1, 'sh', 7) },
      { bytes: eventBytes(2, 'node', 8), discarded: true },
      { bytes: eventBytes(3, 'cat', 9) },
      { bytes: eventBytes(4, 'sh', 10) },
    ])

  test.each(['bigint', 'number'] as const)('hold what decoded records hold: %s', (int64) => {
    const withFields = anyLayout.filter(({ kind }) => kind === 'struct' || kind === 'union')
    fc.assert(
      fc.property(layoutAndRecords(withFields), ([layout, records]) => {
        const batch = batchOf(codecOf(layout, int64), records)
        if (isTooWide(layout)) {
          expect(() => batch.columns()).toThrow('128 bits')
          return
        }
        const decoded = unlessUnsafe(() => batch.toArray())
        const columns = unlessUnsafe(() => plainColumn(batch.columns()))
        deepStrictEqual(columns, decoded && expectedColumns(layout as StructLayout, decoded))
      }),
      { numRuns },
    )
  })

  test.each<[string, Type, unknown, number[][]]>([
    ['u8', u8, Uint8Array.of(1, 255), [[1], [255]]],
    ['i8', i8, Int8Array.of(1, -1), [[1], [255]]],
    [
      'u16',
      u16,
      Uint16Array.of(1, 0xffff),
      [
        [1, 0],
        [255, 255],
      ],
    ],
    ['i16', i16, Int16Array.of(-1), [[255, 255]]],
    ['u32', u32, Uint32Array.of(0xffffffff), [[255, 255, 255, 255]]],
    ['i32', i32, Int32Array.of(-1), [[255, 255, 255, 255]]],
    ['u64', u64, BigUint64Array.of(2n ** 64n - 1n), [Array(8).fill(255)]],
    ['i64', i64, BigInt64Array.of(-1n), [Array(8).fill(255)]],
    ['f32', f32, Float32Array.of(1.5), [[0, 0, 0xc0, 0x3f]]],
    ['f64', f64, Float64Array.of(1), [[0, 0, 0, 0, 0, 0, 0xf0, 0x3f]]],
    ['bool', bool, Uint8Array.of(1, 0, 1), [[1], [0], [2]]],
    ['enum', enumeration({ A: 1 }), Uint32Array.of(1), [[1, 0, 0, 0]]],
    ['negative enum', enumeration({ A: -1 }), Int32Array.of(-1), [[255, 255, 255, 255]]],
    [
      'text',
      char(4),
      { indices: Int32Array.of(0, 1, 0), dictionary: ['a', 'b'] },
      [
        [97, 0, 1, 1],
        [98, 0, 0, 0],
        [97, 0, 2, 2],
      ],
    ],
    [
      'text of odd size',
      char(3),
      { indices: Int32Array.of(0, 0), dictionary: ['ab'] },
      [
        [97, 98, 0],
        [97, 98, 0],
      ],
    ],
    ['long text', char(64), { indices: Int32Array.of(0), dictionary: ['ab'] }, [[97, 98, ...Array(62).fill(0)]]],
    [
      'bytes',
      bytes(2),
      Uint8Array.of(1, 2, 3, 4),
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'array',
      array(u16, 2),
      Uint16Array.of(1, 2, 3, 4),
      [
        [1, 0, 2, 0],
        [3, 0, 4, 0],
      ],
    ],
    ['array of arrays', array(array(u8, 2), 2), Uint8Array.of(1, 2, 3, 4), [[1, 2, 3, 4]]],
    [
      'array of texts',
      array(char(4), 2),
      { indices: Int32Array.of(0, 1), dictionary: ['a', 'b'] },
      [[97, 0, 0, 0, 98, 0, 0, 0]],
    ],
    [
      'struct',
      struct({ a: u8, b: i8 }),
      { a: Uint8Array.of(1, 3), b: Int8Array.of(2, -1) },
      [
        [1, 2],
        [3, 255],
      ],
    ],
    [
      'array of structs',
      array(struct({ a: u8, b: u8 }), 2),
      { a: Uint8Array.of(1, 3), b: Uint8Array.of(2, 4) },
      [[1, 2, 3, 4]],
    ],
    ['union', union({ a: u8, b: u16 }), { a: Uint8Array.of(2), b: Uint16Array.of(258) }, [[2, 1]]],
    ['nothing', bytes(0), Uint8Array.of(), [[], []]],
  ])('of %s', (_, type, expected, records) => {
    expect(columnOf(type, 'bigint', ...records)).toStrictEqual(expected)
  })

  test('of 64-bit integers are numbers where these were asked for, and refuse what no number holds', () => {
    expect(columnOf(u64, 'number', [1, 0, 0, 0, 1, 0, 0, 0])).toStrictEqual(Float64Array.of(2 ** 32 + 1))
    expect(columnOf(i64, 'number', Array(8).fill(255))).toStrictEqual(Float64Array.of(-1))
    expect(() => columnOf(u64, 'number', Array(8).fill(255))).toThrow('events.field')
    expect(() => columnOf(u64, 'number', Array(8).fill(255))).toThrow(RangeError)
  })

  test('of bitfields', () => {
    const layout: StructLayout = {
      kind: 'struct',
      name: 'flags',
      size: 16,
      fields: [
        { name: 'low', offset: 0, layout: u32.layout, bitfield: { bitOffset: 0, bitSize: 4 } },
        { name: 'high', offset: 0, layout: i8.layout, bitfield: { bitOffset: 4, bitSize: 4 } },
        { name: 'wide', offset: 8, layout: u64.layout, bitfield: { bitOffset: 0, bitSize: 40 } },
        { name: 'yes', offset: 1, layout: bool.layout, bitfield: { bitOffset: 0, bitSize: 1 } },
      ],
    }
    const records = [{ bytes: [0xf3, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0] }]
    expect(batchOf(codecOf(layout), records).columns()).toStrictEqual({
      low: Uint32Array.of(3),
      high: Int8Array.of(-1),
      wide: BigUint64Array.of(2n ** 32n + 1n),
      yes: Uint8Array.of(1),
    })
    expect(batchOf<{ wide: number }>(codecOf(layout, 'number'), records).columns(['wide'])).toStrictEqual({
      wide: Float64Array.of(2 ** 32 + 1),
    })
  })

  test('are only those that were asked for, without discarded records', () => {
    const batch = events()
    expect(batch.columns(['comm', 'pid'])).toStrictEqual({
      comm: { indices: Int32Array.of(0, 1, 0), dictionary: ['sh', 'cat'] },
      pid: Uint32Array.of(1, 3, 4),
    })
    expect(batch.columns(['pid', 'pid'])).toStrictEqual({ pid: Uint32Array.of(1, 3, 4) })
    expect(batch.columns([])).toStrictEqual({})
    expect(Object.keys(batch.columns())).toEqual(['pid', 'level', 'comm', 'time'])
  })

  test('are the own memory of whoever asked', () => {
    const batch = events()
    const first = batch.columns()
    const second = batch.columns()
    first.comm.dictionary.push('mine')
    first.pid.fill(0)
    expect(second).toStrictEqual(batch.columns())
    batch.release()
    expect(second.pid).toStrictEqual(Uint32Array.of(1, 3, 4))
    expect(() => batch.columns()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RELEASED' }))
  })

  test('find strings again that share a place in the cache', () => {
    const codec = codecOf(event)
    // More in all than are remembered from batch to batch.
    for (let round = 0; round < 5; round++) {
      const names = Array.from({ length: 3000 }, (_, index) => `${round % 4}-${index % 1500}`)
      const records = names.map((name) => ({ bytes: eventBytes(1, name, 1) }))
      const { comm } = batchOf<Event>(codec, records).columns(['comm'])
      expect(comm.dictionary).toEqual(names.slice(0, 1500))
      expect(Array.from(comm.indices, (index) => comm.dictionary[index])).toEqual(names)
    }
  })

  test('have a string once, whatever is behind its end', () => {
    const codec = codecOf(struct({ comm: char(4) }))
    const column = (...texts: number[][]): unknown =>
      batchOf<{ comm: string }>(
        codec,
        texts.map((bytes) => ({ bytes })),
      ).columns().comm
    for (let round = 0; round < 2; round++) {
      expect(
        column([97, 0, 1, 0], [0, 0, 0, 0], [97, 0, 2, 0], [98, 0, 0, 0], [0, 1, 0, 0], [97, 0, 0, 0]),
      ).toStrictEqual({
        indices: Int32Array.of(0, 1, 0, 2, 1, 0),
        dictionary: ['a', '', 'b'],
      })
    }
    expect(column([98, 0, 0, 0], [97, 0, 2, 0])).toStrictEqual({
      indices: Int32Array.of(0, 1),
      dictionary: ['b', 'a'],
    })
  })

  test('of two strings of one size do not mix', () => {
    const batch = batchOf<{ a: string; b: string }>(codecOf(struct({ a: char(4), b: char(4) })), [
      { bytes: [97, 0, 0, 0, 98, 0, 0, 0] },
      { bytes: [98, 0, 0, 0, 98, 0, 0, 0] },
    ])
    expect(batch.columns()).toStrictEqual({
      a: { indices: Int32Array.of(0, 1), dictionary: ['a', 'b'] },
      b: { indices: Int32Array.of(0, 0), dictionary: ['b'] },
    })
  })

  test('of one type out of several', () => {
    type Several = { kind: 'exec'; pid: number; comm: string } | { kind: 'exit'; code: number }
    const batch = batchOf<Several>(codecOf(variants), [
      { bytes: [1, 0, 0, 0, 7, 0, 0, 0, 115, 104, 0, 0] },
      { bytes: [2, 0, 0, 0, 3, 0, 0, 0] },
      { bytes: [1, 0, 0, 0, 8, 0, 0, 0, 115, 104, 0, 0] },
    ])
    expect(batch.columns(undefined, { type: 'exec' })).toStrictEqual({
      kind: { indices: Int32Array.of(0, 0), dictionary: ['exec'] },
      pid: Uint32Array.of(7, 8),
      comm: { indices: Int32Array.of(0, 0), dictionary: ['sh'] },
    })
    expect(batch.columns(['code'], { type: 'exit' }).code).toStrictEqual(Uint16Array.of(3))
    expect(() => batch.columns()).toThrow('exec, exit')
    expect(() => batch.columns()).toThrow(TypeError)
    expect(() => batch.columns([], { type: 'fork' })).toThrow(
      expect.objectContaining({ code: 'ERR_EBPF_UNKNOWN_NAME' }),
    )
    const broken = batchOf(codecOf(variants), [{ bytes: [9, 0, 0, 0, 0, 0, 0, 0] }])
    expect(() => broken.columns([], { type: 'exec' })).toThrow('kind 9')
    const short = batchOf(codecOf(variants), [{ bytes: [1, 0, 0, 0, 0, 0, 0, 0] }])
    expect(() => short.columns([], { type: 'exec' })).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE' }))
    expect(() => short.columns([], { type: 'exit' })).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE' }))
  })

  test('refuse records that are shorter than their type', () => {
    const batch = batchOf(codecOf(event), [{ bytes: eventBytes(1, 'sh', 1) }, { bytes: [1, 2, 3] }])
    const refused = expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE', map: 'events' })
    expect(() => batch.columns()).toThrow(refused)
    expect(() => batch.columns([])).toThrow(refused)
  })

  test('refuse what cannot be a column, and give the others', () => {
    const u128: Type = { layout: { kind: 'integer', name: '__u128', size: 16, signed: false }, alignment: 16 }
    const wide = batchOf<{ pid: number; wide: bigint }>(codecOf(struct({ pid: u32, wide: u128 })), [
      { bytes: new Uint8Array(32) },
    ])
    expect(() => wide.columns()).toThrow('events.wide has 128 bits')
    expect(() => wide.columns(['wide'])).toThrow(TypeError)
    expect(wide.columns(['pid'])).toStrictEqual({ pid: Uint32Array.of(0) })
    const packets = batchOf(codecOf(flexiblePacket), [{ bytes: [1, 0, 7, 8, 9] }])
    expect(() => packets.columns()).toThrow('events.data')
    expect(packets.columns(['port'])).toStrictEqual({ port: Uint16Array.of(1) })
    expect(() => batchOf(codecOf(u32), []).columns()).toThrow('no structs')
  })

  test('refuse names and options that are none', () => {
    const batch = events()
    const call = (fields: unknown, options?: unknown): (() => unknown) => {
      const given = options === undefined ? [fields] : [fields, options]
      return () => (batch.columns as (...given: unknown[]) => unknown).apply(batch, given)
    }
    for (const fields of ['pid', 7, null, {}, [7], [null], [undefined], new Set(['pid'])]) {
      expect(call(fields)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }))
    }
    for (const name of ['pit', '', '__proto__', 'toString', 'length']) {
      expect(call([name])).toThrow(expect.objectContaining({ code: 'ERR_EBPF_UNKNOWN_NAME' }))
    }
    expect(call(['pit'])).toThrow('pid')
    for (const options of [null, 7, { typ: 'exec' }, { type: 7 }, { type: 'exec' }]) {
      expect(call(['pid'], options)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }))
    }
  })

  test('of more selections than are remembered stay right', () => {
    const type = struct(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, u8])))
    const batch = batchOf(codecOf(type), [{ bytes: Array.from({ length: 200 }, (_, index) => index) }])
    for (let index = 0; index < 200; index++) {
      expect(batch.columns([`f${index}`])).toStrictEqual({ [`f${index}`]: Uint8Array.of(index) })
    }
  })
})

test('bytes have no columns', () => {
  const batch = batchOf(
    createLazyCodec<unknown>(() => bytesCodec),
    [{ bytes: [1] }],
  )
  expect(() => batch.columns()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_NO_BTF' }))
})
