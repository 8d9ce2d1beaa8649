/** What must hold for every layout and all bytes. */
import { deepStrictEqual, notDeepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../../lib/btf/codec.ts'
import type { Layout } from '../../../lib/btf/layout.ts'
import { anyBytes, anyLayout, memoryWith } from './arbitrary.ts'

const numRuns = Number(process.env.CODEC_PROPERTY_RUNS ?? 500)

const timeout = 30_000 + numRuns * 10

const layoutAndBytes = anyLayout.chain((layout) =>
  fc.record({
    layout: fc.constant(layout),
    bytes: anyBytes(layout.size),
    offset: fc.constantFrom(0, 0, 8, 8, 1, 2, 4, 12),
  }),
)

const codecs = (layout: Layout, int64: 'bigint' | 'number') => ({
  generated: createCodec<unknown>(layout, { int64 }),
  interpreted: createCodec<unknown>(layout, { int64, interpret: true }),
})

function outcome<T>(action: () => T): { value: T } | { error: string } {
  try {
    return { value: action() }
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/) })
    return { error: String(error) }
  }
}

describe.each(['bigint', 'number'] as const)('with 64-bit integers as %s', { timeout }, (int64) => {
  test('generated and interpreted codecs read the same', () => {
    fc.assert(
      fc.property(layoutAndBytes, ({ layout, bytes, offset }) => {
        const memory = memoryWith(bytes, offset)
        const { generated, interpreted } = codecs(layout, int64)
        const expected = outcome(() => interpreted.decode(memory, offset))
        const actual = outcome(() => generated.decode(memory, offset))
        // Of several fields that no number can hold, they may name different ones.
        if (int64 === 'number' && 'error' in expected) expect(actual).toHaveProperty('error')
        else deepStrictEqual(actual, expected)
        deepStrictEqual(generated.decodeKey(memory, offset), interpreted.decodeKey(memory, offset))
      }),
      { numRuns },
    )
  })

  test('what a key is decoded to finds it again', () => {
    fc.assert(
      fc.property(layoutAndBytes, ({ layout, bytes, offset }) => {
        const memory = memoryWith(bytes, offset)
        for (const codec of Object.values(codecs(layout, int64))) {
          const key = codec.decodeKey(memory, offset)
          const again = memoryWith(new Uint8Array(layout.size).fill(0xee), 8)
          codec.encode(key, again, 8)
          deepStrictEqual(again.u8, memoryWith(bytes, 8).u8)
        }
      }),
      { numRuns },
    )
  })

  test('a key stays bytes only if its decoded form would not find it', () => {
    fc.assert(
      fc.property(layoutAndBytes, ({ layout, bytes }) => {
        const memory = memoryWith(bytes, 0)
        const codec = createCodec<unknown>(layout, { int64 })
        const key = codec.decodeKey(memory, 0)
        if (!(key instanceof Uint8Array) || layout.kind === 'bytes') return
        const again = memoryWith(new Uint8Array(layout.size), 0)
        const found = outcome(() => {
          codec.encode(codec.decode(memory, 0), again, 0)
          return Buffer.compare(again.u8.subarray(0, layout.size), bytes) === 0
        })
        notDeepStrictEqual(found, { value: true })
      }),
      { numRuns },
    )
  })
})

test('decoded values can be encoded, and decode to the same again', { timeout }, () => {
  fc.assert(
    fc.property(layoutAndBytes, ({ layout, bytes, offset }) => {
      const memory = memoryWith(bytes, offset)
      const { generated, interpreted } = codecs(layout, 'bigint')
      const value = generated.decode(memory, offset)
      const byGenerated = memoryWith(new Uint8Array(layout.size).fill(0xee), offset)
      const byInterpreted = memoryWith(new Uint8Array(layout.size).fill(0x11), offset)
      generated.encode(value, byGenerated, offset)
      interpreted.encode(value, byInterpreted, offset)
      deepStrictEqual(byGenerated.u8, byInterpreted.u8)
      deepStrictEqual(generated.decode(byGenerated, offset), value)
    }),
    { numRuns },
  )
})

/** All places in a value that hold something, as paths of keys. */
function places(value: unknown, path: readonly string[] = []): string[][] {
  const below =
    typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
      ? Object.keys(value).flatMap((key) => places((value as Record<string, unknown>)[key], [...path, key]))
      : []
  return [[...path], ...below]
}

/** A copy of a value in which one place holds something else. */
function replaced(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : Object.create(null)
  for (const [name, old] of Object.entries(value as object)) {
    const item = name === key ? replaced(old, rest, replacement) : old
    Object.defineProperty(copy, name, { value: item, enumerable: true, writable: true, configurable: true })
  }
  return copy
}

const evil = {
  valueOf: () => {
    throw new Error('valueOf was called')
  },
  toString: () => {
    throw new Error('toString was called')
  },
  [Symbol.toPrimitive]: () => {
    throw new Error('toPrimitive was called')
  },
}

const wrong = fc.constantFrom<unknown>(
  undefined,
  null,
  Number.NaN,
  1.5,
  -1,
  2 ** 53,
  -(2 ** 70),
  2n ** 200n,
  -(2n ** 127n),
  'x'.repeat(100),
  'a\0b',
  '\ud800',
  'NONE',
  true,
  false,
  300,
  [],
  {},
  [1, 2],
  { f0: 1 },
  new Uint8Array(3),
  new Float64Array(2),
  Symbol('s'),
  () => 1,
  evil,
  new Proxy({}, {}),
  Object.create(Uint8Array.prototype),
  new Date(0),
  new Number(1),
  new String('x'),
)

test('any value is either encoded or refused without a trace, the same by both codecs', { timeout }, () => {
  fc.assert(
    fc.property(layoutAndBytes, fc.nat(), wrong, ({ layout, bytes }, seed, replacement) => {
      const { generated, interpreted } = codecs(layout, 'bigint')
      const decoded = generated.decode(memoryWith(bytes, 0), 0)
      const all = places(decoded)
      const value = replaced(decoded, all[seed % all.length]!, replacement)
      const untouched = memoryWith(new Uint8Array(layout.size).fill(0x77), 0)
      const results = [generated, interpreted].map((codec) => {
        const memory = memoryWith(new Uint8Array(layout.size).fill(0x77), 0)
        const result = outcome(() => codec.encode(value, memory, 0))
        if ('error' in result) deepStrictEqual(memory.u8, untouched.u8)
        return { result, bytes: memory.u8 }
      })
      deepStrictEqual(results[0], results[1])
    }),
    { numRuns },
  )
})
