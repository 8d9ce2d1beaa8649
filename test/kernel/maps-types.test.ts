/** Every type of value, across the border between C and TypeScript, in both directions. */
import { describe, expect, it } from 'vitest'
import { HashMap } from '../../lib/index.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

const written = {
  u8: 0xfe,
  s8: -2,
  u16: 0xfedc,
  s16: -1234,
  u32: 0xfedcba98,
  s32: -123456789,
  u64: 0xfedcba9876543210n,
  s64: -0x7edcba9876543210n,
  u128: 0x0123456789abcdeffedcba9876543210n,
  yes: true,
  letter: 'e'.charCodeAt(0),
  color: 3,
  ratio: -1.5,
  precise: Math.PI,
  pointer: 0xffff888012345678n,
  name: 'naïve',
  mac: Uint8Array.of(2, 0, 0xff, 0x10, 0x20, 0x30),
  samples: [-1, 0, 32767],
  corners: [
    { x: -10, y: 20 },
    { x: 30, y: -40 },
  ],
  words: ['one', 'eight ch'],
  matrix: [
    [1n, (1n << 53n) + 1n],
    [1n << 63n, (1n << 64n) - 1n],
  ],
  nested: { from: { x: -7, y: 8 }, inner: { depth: 3_000_000_000 } },
  word: { whole: 0x04030201, halves: [0x0201, 0x0403], bytes: { low: 1, middle: 2 } },
  anonymous: 77,
  low: 5,
  middle: -33,
  high: 0x3abcde,
  wide: 0xfedcba9876n,
  rest: -0x7bcdefn,
}

const toWrite = {
  u8: 255,
  s8: -128,
  u16: 65535,
  s16: -32768,
  u32: 0xffffffff,
  s32: -2147483648,
  u64: (1n << 64n) - 1n,
  s64: -(1n << 63n),
  u128: 0x99aabbccddeeff001122334455667788n,
  yes: true,
  letter: -1,
  color: 'GREEN',
  ratio: 0.5,
  precise: -0,
  pointer: 0xffffffff81000000n,
  name: 'sixteen bytes ..',
  mac: Uint8Array.of(1, 2, 3, 4, 5, 254),
  samples: [1, -2, 3],
  corners: [
    { x: 1, y: 2 },
    { x: 3, y: -4 },
  ],
  words: ['a', ''],
  matrix: [
    [1n, 2n],
    [3, 1n << 60n],
  ],
  nested: { from: { x: 11, y: -12 }, inner: { depth: 13 } },
  word: { whole: 0xaabbccdd },
  anonymous: 14,
  low: 7,
  middle: -64,
  high: 0x3fffff,
  wide: 0xffffffffff,
  rest: 0x7fffffn,
}

describe('a value of every type', () => {
  it('is read as the program wrote it', () =>
    withObject('maps-types', async (object) => {
      expect(await run(object, 'write_everything')).toBe(0)
      const values = object.map('values', HashMap)
      expect(values.get(1)).toEqual(written)
      expect([...values]).toEqual([[1, written]])
    }))

  it('is written as the program checks it', () =>
    withObject('maps-types', async (object) => {
      object.maps.values.set(2, toWrite)
      expect(await run(object, 'check_everything'), 'line of the first field that is wrong').toBe(0)
      expect(Object.is(object.maps.values.get(2).precise, -0)).toBe(true)
    }))

  it('is the same again when it is written as it was read', () =>
    withObject('maps-types', async (object) => {
      await run(object, 'write_everything')
      const values = object.map('values', HashMap)
      values.set(3, values.get(1))
      expect(values.get(3, { raw: true })).toEqual(values.get(1, { raw: true }))
    }))

  it('can be read and written as bytes', () =>
    withObject('maps-types', async (object) => {
      await run(object, 'write_everything')
      const values = object.map('values', HashMap)
      const bytes = values.get(1, { raw: true })!
      expect(bytes).toBeInstanceOf(Uint8Array)
      expect(bytes.length).toBe(values.valueSize)
      expect(bytes.slice(0, 4)).toEqual(Uint8Array.of(0xfe, 0xfe, 0xdc, 0xfe))
      bytes[0] = 1
      expect(values.get(1), 'bytes are a copy').toEqual(written)
      values.set(1, bytes)
      expect(values.get(1)).toEqual({ ...written, u8: 1 })
    }))

  it('is an own copy each time', () =>
    withObject('maps-types', async (object) => {
      await run(object, 'write_everything')
      const first = object.maps.values.get(1)
      first.mac[0] = 99
      first.nested.from.x = 99
      first.samples[0] = 99
      expect(object.maps.values.get(1)).toEqual(written)
    }))
})

describe("int64: 'number'", () => {
  it('gives numbers where they are exact, and refuses to round', () =>
    withObject(
      'maps-types',
      async (object) => {
        const values = object.map('values', HashMap)
        values.set(2, {
          ...toWrite,
          u64: 2 ** 53 - 1,
          s64: -(2 ** 53 - 1),
          matrix: [
            [1, 2],
            [3, 4n],
          ],
          pointer: 5,
        })
        expect(values.get(2)).toMatchObject({
          u64: 2 ** 53 - 1,
          s64: -(2 ** 53 - 1),
          matrix: [
            [1, 2],
            [3, 4],
          ],
          wide: 0xffffffffff,
          pointer: 5n,
          u128: toWrite.u128,
        })
        values.set(2, {
          ...toWrite,
          u64: 2n ** 53n + 1n,
          s64: 0,
          matrix: [
            [0, 0],
            [0, 0],
          ],
        })
        expect(() => values.get(2)).toThrow(/u64: 9007199254740993 is past 2\^53/)
        expect(values.get(2, { raw: true })).toHaveLength(values.valueSize)
      },
      { int64: 'number' },
    ))
})
