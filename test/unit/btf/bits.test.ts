import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBits, writeBits } from '../../../lib/btf/bits.ts'

const field = fc.record({
  bytes: fc.uint8Array({ minLength: 20, maxLength: 20 }),
  at: fc.nat(3),
  bitOffset: fc.nat(7),
  bitSize: fc.integer({ min: 1, max: 128 }),
})

/** Bits in the order in which compilers allocate them. */
function bitString(bytes: Uint8Array, littleEndian: boolean): string {
  return [...bytes]
    .map((byte) => {
      const bits = byte.toString(2).padStart(8, '0')
      return littleEndian ? [...bits].reverse().join('') : bits
    })
    .join('')
}

test.each([
  ['little', true],
  ['big', false],
])('bitfields of %s-endian hosts', (_, littleEndian) => {
  fc.assert(
    fc.property(field, ({ bytes, at, bitOffset, bitSize }) => {
      const start = at * 8 + bitOffset
      const bits = bitString(bytes, littleEndian).slice(start, start + bitSize)
      const expected = BigInt(`0b${littleEndian ? [...bits].reverse().join('') : bits}`)
      expect(readBits(bytes, at, bitOffset, bitSize, littleEndian)).toBe(expected)

      const written = new Uint8Array(20)
      writeBits(written, at, bitOffset, bitSize, expected, littleEndian)
      const all = bitString(written, littleEndian)
      expect(all.slice(start, start + bitSize)).toBe(bits)
      expect(all.slice(0, start) + all.slice(start + bitSize)).not.toContain('1')
    }),
  )
})
