/** The law of keys: what iteration gives back finds its entry again, whatever its bytes. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BpfObject, HashMap } from '../../lib/index.ts'
import { loadObject } from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'

/** Any bytes, with those that are hard to decode more often than by chance. */
function keyBytes(size: number): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(
    fc.constantFrom(0x00, 0xff, 0x80, 0x7f, 0xc3, 0xed, 0xa0, 0xf0, 0xf8, 0x41),
    fc.integer({ min: 0, max: 255 }),
  )
  const special = fc.constantFrom(
    [0x00, 0x00, 0xc0, 0x7f, 0x01, 0x00, 0xc0, 0xff], // NaNs of floats
    [0, 0, 0, 0, 0, 0, 0xf8, 0x7f], // NaN of a double
    [1, 0, 0, 0, 0, 0, 0xf0, 0x7f], // a signalling one
    [0, 0, 0, 0, 0, 0, 0, 0x80], // -0.0
    [0x61, 0x00, 0x62, 0, 0, 0, 0, 0], // bytes behind the NUL
    [0xed, 0xb2, 0x80, 0x00, 0xff, 0xfe, 0x00, 0x00], // a surrogate that stands for a byte, itself in UTF-8
    [0xf4, 0x90, 0x80, 0x80, 0xc0, 0x80, 0x00, 0x00], // past U+10FFFF, and an overlong NUL
  )
  const block = fc.oneof(fc.array(byte, { minLength: 8, maxLength: 8 }), special)
  const blocks = Math.ceil(size / 8)
  return fc
    .array(block, { minLength: blocks, maxLength: blocks })
    .map((all) => Uint8Array.from(all.flat().slice(0, size)))
}

/** Keys, and beside each one that differs from it in one byte: often in one that the decoded form cannot show. */
function keyList(size: number): fc.Arbitrary<Uint8Array[]> {
  const pair = fc
    .tuple(keyBytes(size), fc.integer({ min: 0, max: size - 1 }), fc.integer({ min: 0, max: 255 }))
    .map(([key, at, byte]) => [key, Uint8Array.from(key, (old, index) => (index === at ? byte : old))])
  return fc.array(pair, { minLength: 1, maxLength: 20 }).map((pairs) => pairs.flat())
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Writes entries by raw keys, and uses them by what iteration gives. */
function check(map: HashMap<unknown, number>, keys: readonly Uint8Array[]): void {
  map.clear()
  const expected = new Map(keys.map((key, index) => [hex(key), index]))
  for (const [index, key] of keys.entries()) map.set(key, index)
  const decoded = [...map]
  expect(decoded).toHaveLength(expected.size)
  for (const [key, value] of decoded) {
    expect(map.get(key as Uint8Array), `get by ${String(key)}`).toBe(value)
    expect(map.has(key as Uint8Array)).toBe(true)
    expect(map.set(key as Uint8Array, value + 1000, { if: 'present' }), 'the same entry, not a new one').toBe(true)
    expect(map.set(key as Uint8Array, 0, { if: 'absent' })).toBe(false)
  }
  for (const [key, value] of map.entries({ raw: true })) {
    expect(Buffer.from(value).readUInt32LE()).toBe(expected.get(hex(key))! + 1000)
    expect(map.get(key)).toBe(expected.get(hex(key))! + 1000)
  }
  expect(map.getMany(decoded.map(([key]) => key))).toEqual(decoded.map(([, value]) => value + 1000))
  const [half, rest] = [decoded.slice(0, decoded.length / 2), decoded.slice(decoded.length / 2)]
  for (const [key, value] of half) {
    if (olderThan('5.14')) expect(map.delete(key)).toBe(true)
    else expect(map.take(key)).toBe(value + 1000)
  }
  for (const [key] of rest.slice(1)) expect(map.delete(key)).toBe(true)
  map.deleteMany(rest.slice(0, 1).map(([key]) => key))
  expect(map.count()).toBe(0)
}

describe('the law of keys holds for keys of', () => {
  let object: BpfObject

  beforeAll(async () => {
    object = await loadObject(fixture('maps-keys'))
  })
  afterAll(() => object.close())

  it.each([
    'u8',
    's16',
    'u64',
    's64',
    'u128',
    'bool',
    'enum',
    'float',
    'double',
    'pointer',
    'text',
    'bytes',
    'padded',
    'text_key',
    'real_key',
    'bits_key',
    'union_key',
    'nested_key',
    'anonymous_key',
  ])('%s', (name) => {
    const map: HashMap<unknown, number> = object.maps[`by_${name}`]
    fc.assert(
      fc.property(keyList(map.keySize), (keys) => check(map, keys)),
      { numRuns: 60, seed: 20260 },
    )
  })

  it('text with any bytes', () => {
    const map: HashMap<unknown, number> = object.maps.by_text
    const all = Array.from({ length: 255 }, (_, byte) => Uint8Array.of(0x61, byte + 1, 0, 0, 0, 0, 0, 0))
    check(map, all)
    for (const [index, key] of all.entries()) map.set(key, index)
    for (const key of map.keys()) expect(key, 'bytes that are not UTF-8 still make a string').toBeTypeOf('string')
    expect(map.get('a\udcff')).toBe(254)
    map.clear()
  })

  it('every 8-bit number', () => {
    const map: HashMap<unknown, number> = object.maps.by_u8
    check(
      map,
      Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    )
  })

  it('what a decoded key cannot say, which come as bytes', () => {
    const map: HashMap<unknown, number> = object.maps.by_padded
    const clean = Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0)
    const dirty = Uint8Array.of(1, 9, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0)
    map.set(clean, 1)
    map.set(dirty, 2)
    expect(new Map([...map].map(([key, value]) => [value, key]))).toEqual(
      new Map<number, unknown>([
        [1, { small: 1, wide: 2, last: 3 }],
        [2, dirty],
      ]),
    )
    expect(map.get({ small: 1, wide: 2, last: 3 })).toBe(1)
    expect(map.get(dirty)).toBe(2)
    map.clear()
  })
})

describe("with int64: 'number', the law holds too", () => {
  it.each(['u64', 's64', 'union_key', 'pointer', 'u128'])('%s', async (name) => {
    await using object = await loadObject(fixture('maps-keys'), { int64: 'number' })
    const map: HashMap<unknown, number> = object.maps[`by_${name}`]
    fc.assert(
      fc.property(keyList(map.keySize), (keys) => check(map, keys)),
      { numRuns: 40, seed: 20261 },
    )
    map.set(
      Uint8Array.from({ length: map.keySize }, () => 0xff),
      1,
    )
    const [key] = [...map.keys()]
    expect(map.get(key)).toBe(1)
  })
})
