import { describe, expect, it } from 'vitest'
import { BloomFilter, createMap, openMap, struct, u32 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

const filter = (maxEntries: number, hashFunctions?: number): BloomFilter<number> =>
  createMap({
    type: 'bloom_filter',
    value: u32,
    maxEntries,
    ...(hashFunctions === undefined ? {} : { hashFunctions }),
  }) as BloomFilter<number>

describe.skipIf(olderThan('5.16'))('a bloom filter', () => {
  it('knows what programs added, and they what JavaScript did', () =>
    withObject('maps-bloom-filter', async (object) => {
      const visits = object.map('visits', BloomFilter<{ address: number; port: number }>)
      expect(visits.info().mapExtra).toBe(3n)
      expect(visits.mightHave({ address: 0x0a000001, port: 443 })).toBe(false)
      await run(object, 'add_visit')
      expect(visits.mightHave({ address: 0x0a000001, port: 443 })).toBe(true)
      expect(await run(object, 'has_visit')).toBe(0)
      visits.add({ address: 0x0a000002, port: 80 })
      expect(await run(object, 'has_visit')).toBe(1)
    }))

  it.each([undefined, 1, 15])('never denies what it has, with %s hash functions', (hashFunctions) => {
    using map = filter(1000, hashFunctions)
    for (let value = 0; value < 1000; value++) map.add(value)
    let chance = 0
    for (let value = 0; value < 1000; value++) {
      expect(map.mightHave(value)).toBe(true)
      if (map.mightHave(value + 1_000_000)) chance++
    }
    // As many bits as the kernel takes give a few in a hundred; with one hash function, or far too many, some more.
    expect(chance).toBeLessThan(600)
  })

  it('takes more than was said', () => {
    using map = filter(1)
    for (let value = 0; value < 100; value++) map.add(value)
    expect(map.mightHave(99)).toBe(true)
  })

  it('is opened by its id, with its types', () => {
    using map = filter(10)
    using again = openMap({ id: map.id }, BloomFilter<number>)
    again.add(12)
    expect(map.mightHave(12)).toBe(true)
  })

  describe('refuses', () => {
    refuses([
      {
        name: 'a value that does not fit',
        act: () => {
          using some = filter(10)
          some.add(-1)
        },
        code: 'ERR_EBPF_OUT_OF_RANGE',
      },
      {
        name: 'a value of another type',
        act: () => {
          using some = filter(10)
          some.mightHave('x' as never)
        },
        code: 'ERR_EBPF_INVALID_ARGUMENT',
      },
      {
        name: 'bytes of another size',
        act: () => {
          using some = filter(10)
          some.mightHave(new Uint8Array(8))
        },
        code: 'ERR_EBPF_OUT_OF_RANGE',
      },
      {
        name: 'a closed filter',
        act: () => {
          const closed = filter(10)
          closed.close()
          closed.mightHave(1)
        },
        code: 'ERR_EBPF_CLOSED',
      },
      {
        name: 'a getter that closes the filter',
        act: () => {
          const closing = createMap({ type: 'bloom_filter', value: struct({ a: u32 }), maxEntries: 1 }) as BloomFilter
          closing.add({
            get a() {
              closing.close()
              return 1
            },
          })
        },
        code: 'ERR_EBPF_CLOSED',
      },
    ])
  })
})
