import { describe, expect, test } from 'vitest'
import { inspectBriefly, integer, nonEmptyString, unsigned64 } from '../../lib/arguments.ts'

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error('it must not be touched')
    },
  },
)

function failure(call: () => unknown): Error & { code?: string } {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('the call was expected to throw')
}

describe('a string', () => {
  test('with something in it is taken as it is', () => {
    expect(nonEmptyString(' é\n', 'name')).toBe(' é\n')
  })

  test.each([[''], ['a\0b'], [undefined], [null], [1], [['a']], [hostile], [new String('a')]])(
    'is a TypeError that names the argument when it is none: %#',
    (value) => {
      const error = failure(() => nonEmptyString(value, 'category'))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.code).toBe('ERR_EBPF_INVALID_ARGUMENT')
      expect(error.message).toMatch(/^category must be a non-empty string without NUL/)
    },
  )
})

describe('64 unsigned bits', () => {
  test.each([
    [0, 0n],
    [-0, 0n],
    [7, 7n],
    [2 ** 53, 2n ** 53n],
    [0n, 0n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
  ])('take %s', (value, expected) => {
    expect(unsigned64(value, 'cookie')).toBe(expected)
  })

  test.each([[-1], [-1n], [2n ** 64n], [2 ** 64], [Number.MAX_VALUE]])('are a RangeError for %s', (value) => {
    const error = failure(() => unsigned64(value, 'cookie'))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE', message: expect.stringMatching(/^cookie must be/) })
  })

  test.each([['1'], [1.5], [Number.NaN], [Number.POSITIVE_INFINITY], [null], [undefined], [true], [hostile]])(
    'are a TypeError for what is no integer: %#',
    (value) => {
      const error = failure(() => unsigned64(value, 'cookie'))
      expect(error).toBeInstanceOf(TypeError)
      expect(error).toMatchObject({
        code: 'ERR_EBPF_INVALID_ARGUMENT',
        message: expect.stringMatching(/^cookie must be/),
      })
    },
  )
})

describe('an integer', () => {
  test.each([[-1], [0], [3]])('from -1 to 3 can be %s', (value) => {
    expect(integer(value, 'pid', -1, 3)).toBe(value)
  })

  test.each([[-2], [4], [2 ** 60]])('from -1 to 3 cannot be %s', (value) => {
    const error = failure(() => integer(value, 'pid', -1, 3))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toBe(`pid must be from -1 to 3, not ${value}`)
  })

  test.each([[1n], [0.5], ['1'], [Number.NaN], [null], [undefined], [hostile]])(
    'cannot be of another type: %#',
    (value) => {
      const error = failure(() => integer(value, 'pid', -1, 3))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.code).toBe('ERR_EBPF_INVALID_ARGUMENT')
    },
  )
})

describe('a value in a message', () => {
  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [5n, '5'],
    [-0.5, '-0.5'],
    ['a"b', '"a\\"b"'],
    ['x'.repeat(41), `"${'x'.repeat(40)}…"`],
    [Symbol('s'), 'symbol'],
    [() => 1, 'function'],
    [hostile, 'object'],
  ])('is short, and never called into: %#', (value, text) => {
    expect(inspectBriefly(value)).toBe(text)
  })
})
