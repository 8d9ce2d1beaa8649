/** Columns of batches that come out of the kernel's ring: no object for a record. */
import { describe, expect, test } from 'vitest'
import type { RingBuffer } from '../../lib/events/ring-buffer.ts'
import type { Columns, TextColumn } from '../../lib/events/columns.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { withObject } from '../support/fixtures.ts'
import { emit, type Event, range, take, withRing } from '../support/ring.ts'
import { rejection } from '../support/wait.ts'

describe('columns', () => {
  test('hold the fields of all records of a batch, and outlive it', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.discard_every = 3n
      await emit(programs.submit, 10)
      let columns: Columns<Event> | undefined
      let times: bigint[] = []
      for await (const batch of events.batches()) {
        columns = batch.columns()
        times = batch.toArray().map(({ time }) => time)
        break
      }
      // What takes the place of the records in the ring does not change the columns.
      await emit(programs.submit, 10)
      await take(events, 6)
      expect(columns).toStrictEqual({
        sequence: BigUint64Array.of(1n, 2n, 4n, 5n, 7n, 8n),
        time: BigUint64Array.from(times),
        text: { indices: new Int32Array(6), dictionary: ['hello'] },
      })
    })
  })

  test('come from many batches in order', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const sequences: number[] = []
      const subscription = events.subscribe((batch) => {
        for (const sequence of batch.columns(['sequence']).sequence) sequences.push(Number(sequence))
      })
      for (let round = 0; round < 20; round++) {
        await emit(programs.submit, 100)
        while (events.stats().pending > 0) await new Promise(setImmediate)
      }
      subscription.close()
      await subscription.finished
      expect(sequences).toEqual(range(0, 2000))
    }, 8192)
  })

  test('of records longer than their type are whole, of shorter ones an error that ends the subscription', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.record_bytes = 1000
      await emit(programs.output, 3)
      for await (const batch of events.batches()) {
        expect(batch.columns(['sequence']).sequence).toStrictEqual(BigUint64Array.of(0n, 1n, 2n))
        break
      }
      globals.record_bytes = 24
      await emit(programs.output, 1)
      const subscription = events.subscribe((batch) => batch.columns(['sequence']))
      expect(await rejection(subscription.finished)).toMatchObject({ code: 'ERR_EBPF_RECORD_SIZE', map: 'events' })
    })
  })

  test('of one type out of several in a ring', async () => {
    await withObject('shapes', async ({ maps, programs }) => {
      const shapes = maps.shapes as RingBuffer<{ kind: 'circle'; radius: number } | { kind: 'box'; label: string }>
      await emit(programs.submit_circle as BpfProgram, 1)
      await emit(programs.submit_box as BpfProgram, 1)
      await emit(programs.submit_circle as BpfProgram, 1)
      for await (const batch of shapes.batches()) {
        expect(batch.columns(['radius'], { type: 'circle' })).toStrictEqual({ radius: Uint32Array.of(5, 5) })
        const { label }: { label: TextColumn } = batch.columns(['label'], { type: 'box' })
        expect(label).toStrictEqual({ indices: Int32Array.of(0), dictionary: ['screen'] })
        break
      }
    })
  })

  test('of bytes are refused with the line that names a type', async () => {
    await withRing(async ({ maps: { untyped }, programs }) => {
      await emit(programs.output_untyped, 1)
      for await (const batch of untyped.batches()) {
        expect(() => batch.columns()).toThrow(
          expect.objectContaining({ code: 'ERR_EBPF_NO_BTF', hint: expect.stringContaining('EBPF_RINGBUF') }),
        )
        break
      }
    })
  })
})
