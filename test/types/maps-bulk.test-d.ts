/** What TypeScript knows of whole maps and of many entries at once. */
import { expectTypeOf, test } from 'vitest'
import type { EbpfError, HashMap, PerCpuArrayMap } from '../../lib/index.ts'

declare const counts: HashMap<number, bigint>
declare const perCpu: PerCpuArrayMap<number>

test('a whole map has the types of its entries, and bytes for keys that cannot be decoded', () => {
  expectTypeOf(counts.toMap()).toEqualTypeOf<Map<number, bigint>>()
  expectTypeOf(counts.toArray()).toEqualTypeOf<[number, bigint][]>()
  expectTypeOf(perCpu.toMap()).toEqualTypeOf<Map<number, number[]>>()
})

test('bulk operations give how many were done', () => {
  expectTypeOf(counts.setMany([[1, 1n]])).toBeNumber()
  expectTypeOf(counts.setMany(new Map([[1, 1n]]), { if: 'present' })).toBeNumber()
  expectTypeOf(counts.deleteMany([1])).toBeNumber()
  expectTypeOf(counts.clear()).toBeNumber()
  expectTypeOf<EbpfError['done']>().toEqualTypeOf<number | undefined>()
  // @ts-expect-error: no such condition
  counts.setMany([[1, 1n]], { if: 'maybe' })
})
