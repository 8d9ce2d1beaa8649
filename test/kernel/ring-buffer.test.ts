/** Records of a ring buffer: how they come out of the kernel's ring, decoded. */
import { describe, expect, test } from 'vitest'
import { char, struct, u32, u64 } from '../../lib/btf/schema.ts'
import { RingBuffer } from '../../lib/events/ring-buffer.ts'
import { loadObject } from '../../lib/object-spec.ts'
import { createMap } from '../../lib/maps/create.ts'
import { openMap } from '../../lib/maps/open.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture, withObject } from '../support/fixtures.ts'
import { EVENT_SPACE, type Event, emit, range, sequences, take, withRing } from '../support/ring.ts'
import { rejection } from '../support/wait.ts'

describe('records', () => {
  test('come decoded by the type of the declaration, in order', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      expect(events).toBeInstanceOf(RingBuffer)
      expect(events.typed).toBe(true)
      expect(events.size).toBe(64 * 1024)
      await emit(programs.submit, 5)
      const records = await take(events, 5)
      expect(sequences(records)).toEqual([0, 1, 2, 3, 4])
      expect(records[0]).toEqual({ sequence: 0n, time: expect.any(BigInt), text: 'hello' })
    })
  })

  test('that were discarded are skipped, first, last and in between', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.discard_every = 3n
      await emit(programs.submit, 10)
      expect(globals.discarded).toBe(4n)
      expect(sequences(await take(events, 6))).toEqual([1, 2, 4, 5, 7, 8])
      expect(events.stats().records).toBe(6)
    })
  })

  test('that were discarded, all of them, give their space back', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.discard_every = 1n
      await emit(programs.submit, 10)
      globals.discard_every = 0n
      const waiting = take(events, 1)
      await emit(programs.submit, 1)
      expect(sequences(await waiting)).toEqual([10])
      expect(events.stats()).toMatchObject({ records: 1, bytes: 11 * EVENT_SPACE, pending: 0 })
    })
  })

  test('have no gap after many rounds of a small ring', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      const total = 4000
      let expected = 0
      const reading = (async () => {
        for await (const { sequence } of events) {
          expect(Number(sequence)).toBe(expected++)
          if (expected === total) break
        }
      })()
      // 4096 bytes hold 102 records of 40 bytes, so they end at another place in each round.
      for (let sent = 0; sent < total; sent += 80) {
        await emit(programs.submit, 80)
        while (events.stats().pending > 0) await new Promise(setImmediate)
      }
      await reading
      expect(globals.refused).toBe(0n)
      expect(events.stats()).toMatchObject({ records: total, bytes: total * EVENT_SPACE, pending: 0, dropped: 0 })
    }, 4096)
  })

  test('that are longer than their type are accepted', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.record_bytes = 1000
      await emit(programs.output, 3)
      expect(sequences(await take(events, 3))).toEqual([0, 1, 2])
    })
  })

  test('that are shorter than their type are an error, after which the next ones can be read', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.record_bytes = 24
      await emit(programs.output, 1)
      await emit(programs.submit, 2)
      const error = await rejection(take(events, 3))
      expect(error).toMatchObject({ code: 'ERR_EBPF_RECORD_SIZE', map: 'events' })
      expect(error.message).toContain('24 bytes')
      expect(error.message).toContain('32 bytes')
      expect(sequences(await take(events, 2))).toEqual([1, 2])
    })
  })

  test('larger than the memory of a batch come whole', async () => {
    await withRing(async ({ maps: { large }, programs }) => {
      await emit(programs.submit_large, 2)
      const lengths: number[] = []
      for await (const batch of large.batches()) {
        for (let index = 0; index < batch.length; index++) {
          const bytes = batch.bytes(index) as Uint8Array
          lengths.push(bytes.length)
          expect(bytes.at(-1)).toBe(0x5a)
          expect(batch.at(index)?.text).toBe('hello')
        }
        if (lengths.length === 2) break
      }
      expect(lengths).toEqual([300 * 1024, 300 * 1024])
    })
  })

  test('carry times that grow', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 100)
      const times = (await take(events, 100)).map(({ time }) => time)
      expect(times.every((time, index) => index === 0 || time >= (times[index - 1] as bigint))).toBe(true)
    })
  })

  test('have 64-bit integers as numbers where the object was opened so', async () => {
    await using object = await loadObject(fixture('ring'), { int64: 'number' })
    await emit(object.programs.submit as BpfProgram, 1)
    const [record] = await take<{ sequence: unknown }>(object.maps.events, 1)
    expect(record?.sequence).toBe(0)
  })
})

describe('the type of records', () => {
  test('is bytes, own copies, for a ring without one', async () => {
    await withRing(async ({ maps: { untyped }, programs, globals }) => {
      expect(untyped.typed).toBe(false)
      globals.record_bytes = 13
      await emit(programs.output_untyped, 2)
      const [first, second] = await take(untyped, 2)
      expect(first).toBeInstanceOf(Uint8Array)
      expect(first).toHaveLength(13)
      expect(new DataView((second as Uint8Array).slice().buffer).getBigUint64(0, true)).toBe(1n)
      expect(first?.buffer).not.toBe(second?.buffer)
    })
  })

  test('can be named for a ring without one', async () => {
    await withRing(async ({ maps: { untyped }, programs }) => {
      await emit(programs.output_untyped, 3)
      expect(sequences(await take(untyped.as<Event>('event'), 3))).toEqual([0, 1, 2])
    })
  })

  test('that does not exist is an error with the line that declares it', async () => {
    await withRing(({ maps: { untyped } }) => {
      expect(() => untyped.as('no_such_type')).toThrow(
        expect.objectContaining({
          code: 'ERR_EBPF_UNKNOWN_NAME',
          message: expect.stringMatching(/EBPF_RINGBUF\(untyped, [0-9* ]+, struct no_such_type\);/),
        }),
      )
    })
  })

  test('can be put aside for the bytes', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1)
      const [bytes] = await take(events.raw(), 1)
      expect(bytes).toHaveLength(32)
      expect(new TextDecoder().decode(bytes?.subarray(16, 21))).toBe('hello')
    })
  })

  test('can be given for a second handle of the map, whose BTF the kernel does not keep', async () => {
    await withRing(async ({ maps, programs }) => {
      const record = struct({ sequence: u64, time: u64, text: char(16) })
      using typed = openMap({ id: maps.events.id }, RingBuffer, { record })
      using untyped = openMap({ id: maps.events.id }, RingBuffer)
      await emit(programs.submit, 2)
      expect(await take(typed, 1)).toMatchObject([{ sequence: 0n, text: 'hello' }])
      expect(await take(untyped, 1)).toEqual([expect.any(Uint8Array)])
      expect(typed.stats().dropped).toBeUndefined()
    })
  })

  test('is that of the schema of a map that belongs to no object', () => {
    using typed = createMap({ type: 'ringbuf', maxEntries: 4096, record: struct({ pid: u32 }) })
    using untyped = createMap({ type: 'ringbuf', maxEntries: 4096 })
    expect([typed.typed, untyped.typed]).toEqual([true, false])
    expect(typed.stats()).toEqual({ records: 0, bytes: 0, pending: 0, maxPending: 0, dropped: undefined })
  })
})

describe('a union of records', () => {
  test('is told apart by the tag that all of them start with', async () => {
    await withObject('shapes', async ({ maps, programs }) => {
      for (const name of ['submit_circle', 'submit_box', 'submit_circle']) await emit(programs[name] as BpfProgram, 1)
      expect(await take(maps.shapes, 3)).toEqual([
        { kind: 'circle', radius: 5 },
        { kind: 'box', width: 640, height: 480, label: 'screen' },
        { kind: 'circle', radius: 5 },
      ])
    })
  })

  test('whose tag is of none of them is an error that names the tag, and the next record can be read', async () => {
    await withObject('shapes', async ({ maps, programs, globals }) => {
      globals.wrong_kind = 3
      await emit(programs.submit_circle as BpfProgram, 1)
      await emit(programs.submit_box as BpfProgram, 1)
      const error = await rejection(take(maps.shapes, 1))
      expect(error.message).toContain("'shapes'")
      expect(error.message).toContain('kind 3')
      expect(await take(maps.shapes, 1)).toMatchObject([{ kind: 'box' }])
    })
  })
})

describe('statistics', () => {
  test('of an untouched ring are zero', async () => {
    await withRing(({ maps: { events, uncounted } }) => {
      expect(events.stats()).toEqual({ records: 0, bytes: 0, pending: 0, maxPending: 0, dropped: 0 })
      expect(uncounted.stats().dropped).toBeUndefined()
    })
  })

  test('count as dropped what the program could not submit', async () => {
    await withRing(async ({ maps: { events, large }, programs, globals }) => {
      await emit(programs.submit, 150)
      const fits = Math.floor(4096 / EVENT_SPACE)
      expect(globals.refused).toBe(BigInt(150 - fits))
      expect(events.stats()).toMatchObject({ dropped: 150 - fits, pending: fits * EVENT_SPACE })
      expect(large.stats().dropped).toBe(0)
      expect(sequences(await take(events, fits))).toEqual(range(0, fits))
      expect(events.stats()).toEqual({
        records: fits,
        bytes: fits * EVENT_SPACE,
        pending: 0,
        maxPending: fits * EVENT_SPACE,
        dropped: 150 - fits,
      })
    }, 4096)
  })

  test('do not invent a count of drops where the program keeps none', async () => {
    await withRing(async ({ maps: { uncounted }, programs }) => {
      await emit(programs.submit_uncounted, 1000)
      expect(uncounted.stats()).toMatchObject({
        dropped: undefined,
        pending: Math.floor(4096 / EVENT_SPACE) * EVENT_SPACE,
      })
    })
  })

  test('count a record once, also when a loop was left before it', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 10)
      await take(events, 3)
      expect(events.stats()).toMatchObject({ records: 3, bytes: 3 * EVENT_SPACE, pending: 7 * EVENT_SPACE })
      await take(events, 7)
      expect(events.stats()).toMatchObject({ records: 10, bytes: 10 * EVENT_SPACE, pending: 0 })
    })
  })

  test('are the same through every stream of the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 4)
      await take(events.raw(), 4)
      expect(events.stats()).toEqual(events.as('event').stats())
      expect(events.stats().records).toBe(4)
    })
  })
})
