import { describe, expect, it } from 'vitest'
import { log2Histogram } from '../../lib/index.ts'

const code = (expected: string) => expect.objectContaining({ code: expected })

describe('a histogram by powers of two', () => {
  // What print_log2_hist of libbpf-tools (trace_helpers.c), compiled from C, prints for the same slots.
  it('reads like that of bcc and libbpf-tools', () => {
    const histogram = log2Histogram([2, 0, 10, 40, 3, 1], { unit: 'usecs' })
    expect(String(histogram)).toBe(
      [
        '     usecs               : count    distribution',
        '         0 -> 1          : 2        |**                                      |',
        '         2 -> 3          : 0        |                                        |',
        '         4 -> 7          : 10       |**********                              |',
        '         8 -> 15         : 40       |****************************************|',
        '        16 -> 31         : 3        |***                                     |',
        '        32 -> 63         : 1        |*                                       |',
      ].join('\n'),
    )
  })

  it('has wider columns for values of more than 33 bits', () => {
    const slots = Array.from({ length: 64 }, () => 0)
    slots[0] = 1
    slots[63] = 2
    const lines = String(log2Histogram(slots, { unit: 'nsecs' })).split('\n')
    expect(lines).toHaveLength(65)
    expect(lines[0]).toBe('               nsecs                         : count    distribution')
    expect(lines[1]).toBe('                   0 -> 1                    : 1        |**********          |')
    expect(lines[64]).toBe(' 9223372036854775808 -> 18446744073709551615 : 2        |********************|')
    expect(String(log2Histogram(slots.with(63, 0).with(32, 1))).split('\n')[1]).toMatch(/^ {9}0 -> 1 /)
    expect(String(log2Histogram(slots.with(63, 0).with(33, 1))).split('\n')[1]).toMatch(/^ {19}0 -> 1 /)
  })

  it('has its buckets as exact numbers', () => {
    const { buckets, total } = log2Histogram([1n, 2n ** 63n, 3, 0, 0])
    expect(buckets).toEqual([
      { low: 0n, high: 1n, count: 1n },
      { low: 2n, high: 3n, count: 2n ** 63n },
      { low: 4n, high: 7n, count: 3n },
    ])
    expect(total).toBe(2n ** 63n + 4n)
  })

  it('counts from slot 1 as bcc does', () => {
    const bcc = log2Histogram([0, 4, 5], { first: 1 })
    expect(bcc.buckets).toEqual(log2Histogram([4, 5]).buckets)
    const full = Array.from({ length: 65 }, () => 1)
    expect(log2Histogram(full, { first: 1 }).buckets).toHaveLength(64)
    expect(log2Histogram(full, { first: 1 }).total, 'nothing is lost').toBe(65n)
  })

  it('of nothing is empty', () => {
    for (const nothing of [[], [0, 0], new BigUint64Array(64)]) {
      const histogram = log2Histogram(nothing)
      expect([histogram.buckets, histogram.total, String(histogram)]).toEqual([[], 0n, ''])
    }
  })

  it('takes typed arrays and whatever can be iterated', () => {
    const expected = log2Histogram([1, 2]).buckets
    expect(log2Histogram(new Uint32Array([1, 2])).buckets).toEqual(expected)
    expect(log2Histogram(new BigUint64Array([1n, 2n])).buckets).toEqual(expected)
    expect(log2Histogram(new Set([1n, 2n])).buckets).toEqual(expected)
  })

  it('refuses what are no counts', () => {
    const bad = [5, undefined, null, {}, [-1], [-1n], [1.5], [NaN], ['1'], 'text', [{}], [[1]], [2 ** 53]]
    for (const source of bad) {
      expect(() => log2Histogram(source as number[])).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    }
    expect(() => log2Histogram(Array.from({ length: 65 }, () => 1))).toThrowError(code('ERR_EBPF_OUT_OF_RANGE'))
    for (const options of [{ first: 2 }, { first: '1' }, { unit: 5 }, { unit: null }]) {
      expect(() => log2Histogram([1], options as { unit: string })).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    }
  })
})
