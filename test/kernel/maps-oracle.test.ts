/** Maps against C: keys and values of random structs, through calls and loops that were made for one map. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type ArrayMap, type HashMap, type Type, createMap, u32 } from '../../lib/index.ts'
import { type Int64, printedLines } from '../unit/btf/c-values.ts'
import { askC, hasCompilers, type OracleStruct } from '../unit/btf/oracle.ts'

/** More than the calls after which a map gets code of its own. */
const CALLS = 1100
/** More than the entries after which it gets a loop of its own. */
const ENTRIES = 11_000

const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE', message: expect.stringContaining('2^53') })

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes!).toString('hex')
}

/** A type as clang's BTF says it is, in place of u32 and the like. */
function typeOf({ layout }: OracleStruct): Type {
  return { layout } as Type
}

describe.skipIf(!hasCompilers())('maps of structs', () => {
  let structs: OracleStruct[]

  beforeAll(() => {
    // Linux before 5.18 takes no keys that do not fit a program's stack.
    const ends = ({ shape }: OracleStruct): boolean => shape.members.at(-1)!.shape.kind === 'rest'
    structs = askC().filter((struct) => !ends(struct) && struct.size <= 512)
    expect(structs.length).toBeGreaterThan(150)
  }, 120_000)

  test.each<Int64>(['bigint', 'number'])('as values, with 64-bit integers as %s', (int64) => {
    for (const struct of structs) {
      const { shape, samples, value, written } = struct
      using map = createMap({ type: 'array', value: typeOf(struct), maxEntries: samples.length, int64 }) as ArrayMap
      const check = (): void => {
        for (const [index, { bytes, lines, unsafe }] of samples.entries()) {
          map.set(index, bytes)
          const read = (): unknown => map.get(index)
          if (unsafe && int64 === 'number') expect(read, shape.c).toThrow(outOfRange)
          else expect(printedLines(shape, read(), int64), shape.c).toEqual(lines)
        }
        map.set(0, value as never)
        expect(hex(map.get(0, { raw: true })), shape.c).toBe(written)
      }
      check()
      for (let call = 0; call < CALLS; call++) map.has(0)
      check()
    }
  })

  test('as keys', () => {
    for (const struct of structs) {
      const { shape, samples, value, written } = struct
      using map = createMap({ type: 'hash', key: typeOf(struct), value: u32, maxEntries: 16 }) as HashMap<
        unknown,
        number
      >
      const check = (): void => {
        map.clear()
        for (const [index, { bytes }] of samples.entries()) map.set(bytes, index)
        for (const key of map.keys()) expect(hex(samples[map.get(key)!]!.bytes), shape.c).toBe(hex(rawOf(map, key)))
        map.clear()
        map.set(value as never, 7)
        expect(Array.from(map.keys({ raw: true }), hex), shape.c).toEqual([written])
        expect(map.get(value as never), shape.c).toBe(7)
        expect(map.delete(value as never), shape.c).toBe(true)
      }
      check()
      for (let call = 0; call < CALLS; call++) map.has(samples[0]!.bytes)
      check()
    }
  })

  /** The bytes of the key under which an entry was found. */
  function rawOf(map: HashMap<unknown, number>, key: unknown): Uint8Array {
    const wanted = map.get(key as never)
    for (const [bytes, value] of map.entries({ raw: true }))
      if (new Uint32Array(value.slice().buffer)[0] === wanted) return bytes
    throw new Error('no entry has that value')
  }

  test('as entries of long walks', () => {
    for (const struct of structs.filter((_, index) => index % 8 === 0)) {
      const { shape, samples } = struct
      using map = createMap({ type: 'array', value: typeOf(struct), maxEntries: ENTRIES }) as ArrayMap
      map.setMany(
        Array.from({ length: ENTRIES }, (_, index) => [index, samples[index % samples.length]!.bytes] as const),
      )
      for (let round = 0; round < 2; round++) {
        let seen = 0
        map.forEach((value, index) => {
          seen++
          if (index > 20) return
          expect(printedLines(shape, value), shape.c).toEqual(samples[index % samples.length]!.lines)
        })
        expect(seen).toBe(ENTRIES)
      }
    }
  })
})
