/** The value of one CPU, and one value for all. */
import { describe, expect, it } from 'vitest'
import { createMap, possibleCpus, struct, u32, u64 } from '../../lib/index.ts'
import { olderThan } from '../support/kernel-features.ts'

const cpus = possibleCpus()
const last = cpus - 1
const each = <T>(value: (cpu: number) => T): T[] => Array.from({ length: cpus }, (_, cpu) => value(cpu))
/** Zero for all CPUs but one. */
const alone = (value: bigint, at: number): bigint[] => each((cpu) => (cpu === at ? value : 0n))
const writesOneCpu = !olderThan('7.0')

const hash = () => createMap({ type: 'percpu_hash', key: u32, value: u64, maxEntries: 8 })
const lru = () => createMap({ type: 'lru_percpu_hash', key: u32, value: u64, maxEntries: 64 })
const array = () => createMap({ type: 'percpu_array', value: u64, maxEntries: 8 })
const growing = () =>
  createMap({ type: 'percpu_hash', key: u32, value: u64, maxEntries: 8, flags: ['noPreallocation'] })
const EVERY = [
  ['percpu_hash', hash],
  ['percpu_hash without preallocation', growing],
  ['lru_percpu_hash', lru],
  ['percpu_array', array],
] as const

describe.each(EVERY)('a map of type %s', (_name, make) => {
  it('gives the value of one CPU', () => {
    using map = make()
    map.set(
      3,
      each((cpu) => BigInt(cpu) + 7n),
    )
    for (let cpu = 0; cpu < cpus; cpu++) expect(map.get(3, { cpu })).toBe(BigInt(cpu) + 7n)
    expect(map.get(3, { cpu: last, raw: true })).toEqual(Uint8Array.of(last + 7, 0, 0, 0, 0, 0, 0, 0))
    expect(map.get(99, { cpu: 0 })).toBeUndefined()
  })

  it('takes one value for all CPUs', () => {
    using map = make()
    expect(map.set(3, 5n, { cpu: 'all' })).toBe(true)
    expect(map.get(3)).toEqual(each(() => 5n))
    expect(map.set(3, 6n, { cpu: 'all', if: 'absent' })).toBe(false)
    expect(map.set(3, 6n, { cpu: 'all', if: 'present' })).toBe(true)
    expect(map.sum(3)).toBe(6n * BigInt(cpus))
    expect(map.set(3, new Uint8Array(8).fill(1), { cpu: 'all' }), 'bytes of one value').toBe(true)
    expect(map.get(3)).toEqual(each(() => 0x0101010101010101n))
  })

  it.skipIf(!writesOneCpu)('takes a value for one CPU, and leaves the others theirs', () => {
    using map = make()
    map.set(3, 5n, { cpu: 'all' })
    expect(map.set(3, 2n ** 63n, { cpu: last })).toBe(true)
    expect(map.get(3)).toEqual(each((cpu) => (cpu === last ? 2n ** 63n : 5n)))
    expect(map.set(3, 1n, { cpu: 0 })).toBe(true)
    expect(map.get(3, { cpu: 0 })).toBe(1n)
  })

  it('takes no condition with it, which the kernel would forget', () => {
    using map = make()
    map.set(3, 5n, { cpu: 'all' })
    for (const condition of ['absent', 'present'] as never[]) {
      expect(() => map.set(3, 1n, { cpu: 0, if: condition })).toThrowError('options.if does not apply')
    }
    expect(map.get(3)).toEqual(each(() => 5n))
  })

  it.skipIf(writesOneCpu)('says which kernel takes a value for one CPU', () => {
    using map = make()
    map.set(3, 5n, { cpu: 'all' })
    expect(() => map.set(3, 1n, { cpu: 0 })).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_KERNEL', message: expect.stringContaining('needs Linux 7.0') }),
    )
    expect(map.get(3)).toEqual(each(() => 5n))
  })

  it('refuses a CPU that there is none of', () => {
    using map = make()
    for (const cpu of [-1, cpus, 2 ** 32, 0.5, '0', null, {}] as number[]) {
      const error = expect.objectContaining({
        code: expect.stringMatching(/^ERR_EBPF_(OUT_OF_RANGE|INVALID_ARGUMENT)$/),
      })
      expect(() => map.get(3, { cpu })).toThrowError(error)
      expect(() => map.set(3, 1n, { cpu })).toThrowError(error)
    }
    expect(() => map.get(3, { cpu: 'all' as never })).toThrowError('options.cpu must be an integer')
    const whole: unknown = each(() => 1n)
    expect(() => map.set(3, whole as bigint, { cpu: 'all' })).toThrowError('value')
    expect(map.get(3) ?? each(() => 0n)).toEqual(each(() => 0n))
  })
})

describe.skipIf(!writesOneCpu).each([
  ['percpu_hash', hash],
  ['percpu_hash without preallocation', growing],
  ['lru_percpu_hash', lru],
] as const)('a new entry of a %s with a value for one CPU', (_name, make) => {
  it('has zeros for the others, not what a deleted one left', () => {
    using map = make()
    for (let key = 0; key < 8; key++) map.set(key, 0xdeadn, { cpu: 'all' })
    map.clear()
    for (let key = 10; key < 18; key++) {
      expect(map.set(key, 4n, { cpu: last })).toBe(true)
      expect(map.get(key)).toEqual(alone(4n, last))
    }
  })
})

it('values whose size is no multiple of 8 lie where their CPU has them', () => {
  using map = createMap({ type: 'percpu_array', value: struct({ a: u32, b: u32, c: u32 }), maxEntries: 2 })
  map.set(1, { a: 1, b: 2, c: 3 }, { cpu: 'all' })
  expect(map.get(1)).toEqual(each(() => ({ a: 1, b: 2, c: 3 })))
  expect(map.get(1, { cpu: last, raw: true })).toHaveLength(12)
  if (!writesOneCpu) return
  map.set(1, { a: 4, b: 5, c: 6 }, { cpu: last })
  expect(map.get(1)).toEqual(each((cpu) => (cpu === last ? { a: 4, b: 5, c: 6 } : { a: 1, b: 2, c: 3 })))
})

it('a getter of a value may use the very map that it is written to', () => {
  using map = createMap({ type: 'percpu_hash', key: u32, value: struct({ a: u64 }), maxEntries: 4 })
  const value = {
    get a() {
      map.set(2, { a: 2n }, { cpu: 'all' })
      return 1n
    },
  }
  map.set(1, value, { cpu: 'all' })
  expect(map.get(1, { cpu: last })).toEqual({ a: 1n })
  expect(map.get(2, { cpu: last })).toEqual({ a: 2n })
})

it('an index outside of the array is a RangeError, with one value, too', () => {
  using map = array()
  expect(() => map.set(8, 1n, { cpu: 'all' })).toThrowError(RangeError)
  if (writesOneCpu) expect(() => map.set(8, 1n, { cpu: 0 })).toThrowError(RangeError)
})
