/** Keys and values that do not fit: each is refused by name, and the entry stays as it was. */
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ArrayMap,
  type HashMap,
  array,
  bool,
  bytes,
  char,
  createMap,
  enumeration,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from '../../lib/index.ts'
import { type Refusal, refuses } from '../support/bad-input.ts'
import { resizableBuffer } from '../support/resizable.ts'

const ARGUMENT = 'ERR_EBPF_INVALID_ARGUMENT'
const RANGE = 'ERR_EBPF_OUT_OF_RANGE'

const type = struct({
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  u64,
  i64,
  f32,
  f64,
  bool,
  text: char(4),
  raw: bytes(3),
  list: array(u16, 2),
  inner: struct({ a: u8 }),
  state: enumeration({ IDLE: 0, BUSY: 5 }),
  either: union({ whole: u32, half: u16 }),
})

const good = {
  u8: 1,
  i8: 2,
  u16: 3,
  i16: 4,
  u32: 5,
  i32: 6,
  u64: 7n,
  i64: 8n,
  f32: 0.5,
  f64: 0.25,
  bool: true,
  text: 'four',
  raw: Uint8Array.of(1, 2, 3),
  list: [1, 2],
  inner: { a: 9 },
  state: 5,
  either: { whole: 1, half: 1 },
}

let map: HashMap<unknown, unknown>
let keyed: HashMap<unknown, unknown>
let list: ArrayMap<unknown>

beforeAll(() => {
  map = createMap({ type: 'hash', key: u32, value: type, maxEntries: 4 }) as typeof map
  keyed = createMap({ type: 'hash', key: type, value: u32, maxEntries: 4 }) as typeof keyed
  list = createMap({ type: 'array', value: u32, maxEntries: 4 }) as typeof list
  map.set(1, good)
})
afterAll(() => {
  expect([...map], 'nothing was changed').toEqual([[1, good]])
  expect([...keyed]).toEqual([])
  expect([...list.values()]).toEqual([0, 0, 0, 0])
  for (const each of [map, keyed, list]) each.close()
})

/** What no field of any kind takes. */
const never = [undefined, null, Symbol('s'), () => 1, {}, [], new Date(0), new Map(), /x/, Object.create(null)]
const integers: [keyof typeof good, bigint, bigint][] = [
  ['u8', 0n, 255n],
  ['i8', -128n, 127n],
  ['u16', 0n, 65_535n],
  ['i16', -32_768n, 32_767n],
  ['u32', 0n, 4_294_967_295n],
  ['i32', -2_147_483_648n, 2_147_483_647n],
  ['u64', 0n, (1n << 64n) - 1n],
  ['i64', -(1n << 63n), (1n << 63n) - 1n],
]

/** A number where it is exact, else the bigint. */
const both = (value: bigint): unknown[] =>
  BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? [value, Number(value)] : [value]

const wrong: [field: keyof typeof good, value: unknown, code: string][] = [
  ...integers.flatMap(([field, low, high]): typeof wrong => [
    ...[
      ...both(low - 1n),
      ...both(high + 1n),
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      2 ** 53,
      1n << 200n,
    ].map((value): (typeof wrong)[number] => [field, value, RANGE]),
    ...[...never, '1', true, new Number(1), Object(1n)].map((value): (typeof wrong)[number] => [
      field,
      value,
      ARGUMENT,
    ]),
  ]),
  ...(['f32', 'f64'] as const).flatMap((field): typeof wrong =>
    [...never, '1', 1n, true, new Number(1)].map((value) => [field, value, ARGUMENT]),
  ),
  ['f32', 1e39, RANGE],
  ...[...never, 'true', new Boolean(true)].map((value): (typeof wrong)[number] => ['bool', value, ARGUMENT]),
  ...[2, -1, 0.5, Number.NaN, 2n].map((value): (typeof wrong)[number] => ['bool', value, RANGE]),
  ...[...never, 5, 1n, true, new String('four'), 'nul\0', '\ud800'].map((value): (typeof wrong)[number] => [
    'text',
    value,
    ARGUMENT,
  ]),
  ...['five!', 'ääx', '\u{1f600}!'].map((value): (typeof wrong)[number] => ['text', value, RANGE]),
  ...[
    ...never,
    5,
    'abc',
    [1, 2, 3],
    new Uint16Array(3),
    new Int8Array(3),
    new DataView(new ArrayBuffer(3)),
    new ArrayBuffer(3),
  ].map((value): (typeof wrong)[number] => ['raw', value, ARGUMENT]),
  ...[new Uint8Array(2), new Uint8Array(4), new Uint8Array(0)].map((value): (typeof wrong)[number] => [
    'raw',
    value,
    RANGE,
  ]),
  ...[...never.filter((value) => !Array.isArray(value)), 5, 'ab', { 0: 1, 1: 2, length: 2 }, new Set([1, 2])].map(
    (value): (typeof wrong)[number] => ['list', value, ARGUMENT],
  ),
  ...[[], [1], [1, 2, 3], new Uint16Array(1)].map((value): (typeof wrong)[number] => ['list', value, RANGE]),
  ...[
    [1, 65_536],
    [-1, 2],
  ].map((value): (typeof wrong)[number] => ['list', value, RANGE]),
  ...[[1, '2'], [undefined, 1], new Array(2)].map((value): (typeof wrong)[number] => ['list', value, ARGUMENT]),
  ...[undefined, null, 5, 'a', () => 1, Symbol('s'), {}, { a: undefined }, { a: '9' }, { a: 9, b: 1 }, { b: 9 }].map(
    (value): (typeof wrong)[number] => ['inner', value, ARGUMENT],
  ),
  ...[{ a: 256 }, { a: -1 }].map((value): (typeof wrong)[number] => ['inner', value, RANGE]),
  ...[...never, 'LAZY', true].map((value): (typeof wrong)[number] => ['state', value, ARGUMENT]),
  ...[-1, 1.5, 2 ** 32].map((value): (typeof wrong)[number] => ['state', value, RANGE]),
  ...[undefined, null, 5, 'a', {}, { whole: 1, half: 2 }, { other: 1 }, { half: '1' }].map(
    (value): (typeof wrong)[number] => ['either', value, ARGUMENT],
  ),
  ...[{ half: 65_536 }, { whole: -1 }].map((value): (typeof wrong)[number] => ['either', value, RANGE]),
]

describe('a field of a struct', () => {
  it.each(Object.keys(good) as (keyof typeof good)[])(
    '%s refuses what does not fit, names itself, and changes nothing',
    (field) => {
      const rows = wrong.filter(([name]) => name === field)
      expect(rows.length).toBeGreaterThan(5)
      for (const [, value, code] of rows) {
        const entry = { ...good, [field]: value }
        for (const act of [
          () => map.set(1, entry),
          () => map.setMany([[1, entry]]),
          () => keyed.set(entry, 1),
          () => keyed.get(entry),
          () => keyed.has(entry),
          () => keyed.delete(entry),
          () => keyed.take(entry),
          () => keyed.getMany([entry]),
          () => keyed.deleteMany([entry]),
        ]) {
          expect(act, `${field} = ${inspect(value)}`).toThrowError(
            expect.objectContaining({
              code,
              name: code === RANGE ? 'RangeError' : 'TypeError',
              message: expect.stringContaining(field),
            }),
          )
        }
      }
      expect(map.get(1)).toEqual(good)
    },
  )

  it('takes the edges of its range, and -0 as 0', () => {
    for (const [field, low, high] of integers) {
      for (const value of [...both(low), ...both(high), -0]) {
        map.set(2, { ...good, [field]: value })
        const found = (map.get(2) as Record<string, unknown>)[field]
        expect(BigInt(found as number)).toBe(BigInt(value as number))
        expect(Object.is(found, -0)).toBe(false)
      }
    }
    map.delete(2)
  })

  it('must be there, and no other', () => {
    for (const field of Object.keys(good)) {
      const { [field as 'u8']: _, ...rest } = good
      expect(() => map.set(1, rest)).toThrowError(
        expect.objectContaining({ code: ARGUMENT, message: expect.stringContaining(`${field} is missing`) }),
      )
    }
    for (const extra of ['x', '__proto__', 'constructor', '0', '']) {
      const entry = Object.defineProperty({ ...good }, extra, { value: 1, enumerable: true })
      expect(() => map.set(1, entry), extra).toThrowError(
        expect.objectContaining({ code: ARGUMENT, message: expect.stringContaining('no field') }),
      )
    }
  })
})

describe('keys and values as bytes', () => {
  const value = () => map.get(1, { raw: true }) as Uint8Array
  const detached = (size: number): Uint8Array => {
    const gone = new Uint8Array(size)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    return gone
  }
  const shrunk = (size: number): Uint8Array => {
    const buffer = resizableBuffer(size)
    const view = new Uint8Array(buffer, 0, size)
    buffer.resize(0)
    return view
  }

  const rows: Refusal[] = []
  for (const [name, make] of [
    ['none', () => new Uint8Array()],
    ['too few', (size: number) => new Uint8Array(size - 1)],
    ['too many', (size: number) => new Uint8Array(size + 1)],
    ['detached', detached],
    ['of a buffer that has shrunk', shrunk],
    [
      'that claim another length',
      (size: number) => Object.defineProperty(new Uint8Array(size + 8), 'length', { value: size }),
    ],
  ] as [string, (size: number) => Uint8Array][]) {
    rows.push(
      { name: `${name}: get`, act: () => map.get(make(4)), code: RANGE },
      { name: `${name}: set by key`, act: () => map.set(make(4), good), code: RANGE },
      { name: `${name}: set to value`, act: () => map.set(1, make(type.layout.size)), code: RANGE },
      { name: `${name}: setMany`, act: () => map.setMany([[1, make(type.layout.size)]]), code: RANGE },
      { name: `${name}: delete`, act: () => map.delete(make(4)), code: RANGE },
      { name: `${name}: take`, act: () => map.take(make(4)), code: RANGE },
      { name: `${name}: key of a struct`, act: () => keyed.get(make(type.layout.size)), code: RANGE },
    )
  }
  refuses(rows)

  it('may lie in a buffer that can be resized, as long as they are whole', () => {
    const buffer = resizableBuffer(16, 64)
    const key = new Uint8Array(buffer, 4, 4)
    key[0] = 1
    expect(map.get(key)).toEqual(good)
    buffer.resize(64)
    expect(map.get(key)).toEqual(good)
    const tracking = new Uint8Array(buffer)
    expect(() => map.get(tracking)).toThrowError(RangeError)
    buffer.resize(4)
    expect(() => map.get(key), 'out of bounds').toThrowError(RangeError)
    expect(map.get(tracking), 'as long as its buffer').toBeUndefined()
    expect(value()).toHaveLength(type.layout.size)
  })
})

describe('an index', () => {
  refuses([
    { name: 'past the end: set', act: () => list.set(4, 1), code: RANGE },
    { name: 'past the end as a bigint: set', act: () => list.set(4n as never, 1), code: RANGE },
    { name: 'past the end as bytes: set', act: () => list.set(Uint8Array.of(4, 0, 0, 0), 1), code: RANGE },
    { name: 'past the end: setMany', act: () => list.setMany([[4, 1]]), code: RANGE },
    { name: 'negative', act: () => list.get(-1), code: RANGE },
    { name: 'past 32 bits', act: () => list.get(2 ** 32), code: RANGE },
    { name: 'a fraction', act: () => list.get(0.5), code: RANGE },
    { name: 'text', act: () => list.get('0' as never), code: ARGUMENT },
    { name: 'missing', act: () => (list.get as () => unknown).call(list), code: ARGUMENT },
  ])
})

describe('entries for setMany', () => {
  refuses([
    { name: 'that are no iterable', act: () => map.setMany(5 as never), type: TypeError, code: undefined },
    { name: 'that are no pairs', act: () => map.setMany([5] as never), type: TypeError, code: undefined },
    { name: 'that are null', act: () => map.setMany([null] as never), type: TypeError, code: undefined },
    { name: 'without values', act: () => map.setMany([[1]] as never), code: ARGUMENT },
    {
      name: 'of a generator that throws',
      act: () => map.setMany(failing()),
      type: Error,
      code: undefined,
      message: /mine/,
    },
  ])
})

function* failing(): Generator<[number, unknown]> {
  yield [3, good]
  throw new Error('mine')
}
