import { expectTypeOf, test } from 'vitest'
import { type Batch, type RecordStream, type RingBuffer, mergeStreams } from '../../lib/index.ts'

interface Open {
  path: string
}
interface Exit {
  code: number
}
declare const opens: RingBuffer<Open>
declare const exits: RecordStream<Exit>

test('records of merged streams are told apart by their source', async () => {
  const merged = mergeStreams({ opens, exits })
  for await (const entry of merged) {
    expectTypeOf(entry.source).toEqualTypeOf<'opens' | 'exits'>()
    if (entry.source === 'opens') expectTypeOf(entry.record).toEqualTypeOf<Open>()
    else expectTypeOf(entry.record).toEqualTypeOf<Exit>()
  }
  merged.subscribe((entry) => {
    if (entry.source === 'exits') expectTypeOf(entry.batch).toEqualTypeOf<Batch<Exit>>()
  })
  expectTypeOf(merged.stats().opens.pending).toEqualTypeOf<number>()
})
