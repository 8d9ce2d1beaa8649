import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocateMemory } from '../../../lib/btf/memory.ts'
import { readText, TextCache, writeText } from '../../../lib/btf/text.ts'
import { textBytes } from './c-values.ts'

function read(bytes: Uint8Array | number[]): string {
  const memory = allocateMemory(bytes.length)
  memory.u8.set(bytes)
  return readText(memory, 0, bytes.length)
}

const wellFormed = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Surrogateescape by its definition: the longest well-formed piece at each place, else one escaped byte. */
function decodedByDefinition(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((size) => {
      if (at + size > bytes.length) return false
      try {
        return [...wellFormed.decode(bytes.subarray(at, at + size))].length === 1
      } catch {
        return false
      }
    })
    text +=
      length === undefined
        ? String.fromCharCode(0xdc00 + bytes[at]!)
        : wellFormed.decode(bytes.subarray(at, at + length))
    at += length ?? 1
  }
  return text
}

const anyTextBytes = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(
        0x41,
        0x7f,
        0x80,
        0x8f,
        0x90,
        0x9f,
        0xa0,
        0xbf,
        0xc0,
        0xc1,
        0xc2,
        0xdf,
        0xe0,
        0xed,
        0xee,
        0xef,
        0xf0,
        0xf4,
        0xf5,
        0xff,
      ),
      { maxLength: 70 },
    )
    .map((bytes) => Uint8Array.from(bytes)),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
)

test('bytes decode as surrogateescape defines it, and come back', () => {
  fc.assert(
    fc.property(anyTextBytes, (all) => {
      const bytes = all.filter((byte) => byte !== 0)
      const text = read(bytes)
      expect(text).toBe(decodedByDefinition(bytes))
      const again = new Uint8Array(bytes.length)
      expect(writeText(again, 0, bytes.length, text)).toBe(0)
      expect(again).toEqual(bytes)
      expect(textBytes(text)).toEqual([...bytes])
    }),
    { numRuns: 3000 },
  )
})

test.each<[string, number[], string]>([
  ['nothing', [], ''],
  ['text to the NUL', [0x61, 0, 0x62], 'a'],
  ['text without a NUL', [0x61, 0x62], 'ab'],
  ['an overlong slash', [0xc0, 0xaf], '\udcc0\udcaf'],
  ['an encoded surrogate', [0xed, 0xb2, 0x80], '\udced\udcb2\udc80'],
  ['a code point past the last', [0xf4, 0x90, 0x80, 0x80], '\udcf4\udc90\udc80\udc80'],
  ['a sequence that the NUL cuts', [0xe2, 0x82, 0, 0xac], '\udce2\udc82'],
  ['a byte order mark', [0xef, 0xbb, 0xbf], '\ufeff'],
])('%s', (_, bytes, text) => {
  expect(read(bytes)).toBe(text)
})

test('long text, with and without other than ASCII', () => {
  const plain = 'x'.repeat(300)
  expect(read(Buffer.from(`${plain}\0yy`))).toBe(plain)
  expect(read(Buffer.from(`${plain}é`))).toBe(`${plain}é`)
})

describe('writing', () => {
  const status = (size: number, text: string): number => writeText(new Uint8Array(size + 4), 2, size, text)

  test('stays within its bytes', () => {
    const u8 = new Uint8Array(8).fill(0xee)
    writeText(u8, 2, 4, 'abcdefgh')
    writeText(u8, 2, 4, 'ab😀')
    writeText(u8, 2, 4, 'éé€')
    expect([u8[0], u8[1], u8[6], u8[7]]).toEqual([0xee, 0xee, 0xee, 0xee])
  })

  test('says what does not fit', () => {
    expect(status(2, 'ab')).toBe(0)
    expect(status(2, 'é')).toBe(0)
    expect(status(2, 'abc')).toBe(1)
    expect(status(2, 'aé')).toBe(1)
    expect(status(4, 'a\0')).toBe(2)
    expect(status(4, 'é\0')).toBe(2)
    expect(status(4, '\ud83d')).toBe(3)
    expect(status(4, '\udc7f')).toBe(3)
    expect(status(4, '\udd00')).toBe(3)
  })
})

test('the cache never gives the text of other bytes', () => {
  const cache = new TextCache(8)
  const memory = allocateMemory(8)
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 0x61, 0x62, 0xc3), { minLength: 8, maxLength: 8 }),
      fc.nat(3),
      (bytes, slot) => {
        memory.u8.set(bytes)
        const hit = cache.keys[slot * 2] === memory.i32[0] && cache.keys[slot * 2 + 1] === memory.i32[1]
        expect(hit ? cache.texts[slot] : cache.miss(memory, 0, slot)).toBe(read(bytes))
      },
    ),
  )
})
