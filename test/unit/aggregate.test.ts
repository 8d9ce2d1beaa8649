import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Top, combine } from '../../lib/maps/aggregate.ts'

const code = (expected: string) => expect.objectContaining({ code: expected })

describe('the values of all CPUs', () => {
  it('become their sum, their least and their greatest', () => {
    expect([combine([3, 1, 2], 'sum', 'x'), combine([3, 1, 2], 'min', 'x'), combine([3, 1, 2], 'max', 'x')]).toEqual([
      6, 1, 3,
    ])
    expect(combine([-1n, 5n], 'min', 'x')).toBe(-1n)
    expect(combine([0.5, 0.25], 'sum', 'x')).toBe(0.75)
  })

  it('are summed exactly, also above 64 bits', () => {
    const most = 2n ** 64n - 1n
    expect(combine([most, most, most], 'sum', 'x')).toBe(3n * most)
  })

  it('agree with a plain loop, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), { minLength: 1 }), (values) => {
        let [sum, least, greatest] = [0n, values[0]!, values[0]!]
        for (const value of values) {
          sum += value
          if (value < least) least = value
          if (value > greatest) greatest = value
        }
        expect(combine(values, 'sum', 'x')).toBe(sum)
        expect(combine(values, 'min', 'x')).toBe(least)
        expect(combine(values, 'max', 'x')).toBe(greatest)
      }),
    )
  })

  it('are combined field by field and element by element', () => {
    const values = [
      { packets: 1n, slots: [1, 2], more: { a: 5 } },
      { packets: 10n, slots: [0, 5], more: { a: 4 } },
    ]
    expect(combine(values, 'sum', 'x')).toEqual({ packets: 11n, slots: [1, 7], more: { a: 9 } })
    expect(combine(values, 'max', 'x')).toEqual({ packets: 10n, slots: [1, 5], more: { a: 5 } })
    expect(combine(values, 'min', 'x')).toEqual({ packets: 1n, slots: [0, 2], more: { a: 4 } })
  })

  it('leave the values as they were', () => {
    const values = [{ a: [1] }, { a: [2] }]
    combine(values, 'sum', 'x')
    expect(values).toEqual([{ a: [1] }, { a: [2] }])
  })

  it.each([
    ['text', 'a'],
    ['a boolean', true],
    ['bytes', new Uint8Array(4)],
  ])('are refused with the name of the field where there is %s', (_what, bad) => {
    for (const how of ['sum', 'min', 'max'] as const) {
      expect(() => combine([{ at: [bad] }, { at: [bad] }], how, "map 'm'")).toThrowError(
        code('ERR_EBPF_INVALID_ARGUMENT'),
      )
    }
    expect(() => combine([{ at: [bad] }], 'sum', "map 'm'")).toThrowError("map 'm'.at[0]")
  })

  it('are never rounded', () => {
    const half = 2 ** 52
    expect(combine([half, half - 1], 'sum', 'x')).toBe(2 ** 53 - 1)
    expect(() => combine([half, half], 'sum', 'x')).toThrowError(code('ERR_EBPF_OUT_OF_RANGE'))
    expect(combine([2 ** 60, 2 ** 60], 'sum', 'x'), 'of floats').toBe(2 ** 61)
  })
})

describe('the top of many', () => {
  const topOf = (ranks: readonly (number | bigint)[], size: number) => {
    const top = new Top<string>(size)
    for (const [index, rank] of ranks.entries()) top.offer(rank, () => `${rank}@${index}`)
    return top.items
  }

  it('are the highest, from the highest on, those first that came first', () => {
    expect(topOf([3, 9, 1, 9, 5], 3)).toEqual(['9@1', '9@3', '5@4'])
    expect(topOf([3, 1], 5)).toEqual(['3@0', '1@1'])
    expect(topOf([3, 1], 0)).toEqual([])
    expect(topOf([], 4)).toEqual([])
    expect(topOf([1, 2n, 1.5, -4n], 3)).toEqual(['2@1', '1.5@2', '1@0'])
  })

  it('agree with sorting everything', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 0, max: 30 }), (ranks, size) => {
        const sorted = ranks
          .map((rank, index) => ({ rank, index }))
          .toSorted((a, b) => b.rank - a.rank || a.index - b.index)
          .map(({ rank, index }) => `${rank}@${index}`)
        expect(topOf(ranks, size)).toEqual(sorted.slice(0, size))
      }),
    )
  })

  it('are only made where they count', () => {
    const top = new Top<number>(1)
    let made = 0
    for (const rank of [5, 4, 3, 6]) top.offer(rank, () => ++made)
    expect([made, top.items]).toEqual([2, [2]])
  })

  it('refuse what is no rank, and no number of them', () => {
    for (const bad of [undefined, null, NaN, '5', {}, [1n], true]) {
      expect(() => new Top(1).offer(bad, () => 0)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    }
    for (const bad of [1.5, '3', undefined, NaN, 1n]) {
      expect(() => new Top(bad as number)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    }
    expect(() => new Top(-1)).toThrowError(code('ERR_EBPF_OUT_OF_RANGE'))
  })
})
