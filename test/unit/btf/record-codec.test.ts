/** All records of a batch at once: by loops generated for their type, and by those that all types share. */
import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Layout } from '../../../lib/btf/layout.ts'
import { createRecordCodec, type RecordCodec } from '../../../lib/btf/record-codec.ts'
import { char, enumeration, struct, type Type, u8, u32, u64 } from '../../../lib/btf/schema.ts'
import { anyRecordLayout, layoutAndRecords } from './arbitrary.ts'
import { kinds } from './codec-helpers.ts'
import { batchOf, flexiblePacket, spanOf, taggedUnion, unlessUnsafe } from './record-helpers.ts'

const numRuns = Number(process.env.CODEC_PROPERTY_RUNS ?? 300)

const event = struct({ pid: u32, level: u8, comm: char(16), time: u64 })

/** A union of structs with a tag of so many bytes. */
function tagged(tagType: typeof u8 | typeof u32 | typeof u64): Layout {
  const kind = enumeration(
    tagType === u64 ? { EXEC: 1n << 40n, EXIT: 2n } : { EXEC: 1, EXIT: 2 },
    tagType as typeof u64,
  )
  return taggedUnion(kind)
}

describe.each(kinds)('%s loops', (_, interpret) => {
  const codecOf = (type: Type | Layout, int64: 'bigint' | 'number' = 'bigint'): RecordCodec<unknown> =>
    createRecordCodec('layout' in type ? type.layout : type, 'events', { int64, interpret, sharedRecords: 0 })

  test.each(['bigint', 'number'] as const)('give what reading records one by one gives: %s', (int64) => {
    fc.assert(
      fc.property(layoutAndRecords(anyRecordLayout), ([layout, records]) => {
        const batch = batchOf(codecOf(layout, int64), records)
        const expected = unlessUnsafe(() => Array.from({ length: batch.length }, (_, index) => batch.at(index)))
        deepStrictEqual(
          unlessUnsafe(() => batch.toArray()),
          expected,
        )
        const visited: unknown[] = []
        const visit = unlessUnsafe(() => {
          batch.forEach((record, index) => {
            visited[index] = record
          })
          return visited
        })
        deepStrictEqual(visit, expected)
      }),
      { numRuns },
    )
  })

  test('read records that are longer than their type, and what is behind their fixed part', () => {
    expect(
      batchOf(codecOf(struct({ pid: u32 })), [{ bytes: [1, 0, 0, 0, 9, 9] }, { bytes: [2, 0, 0, 0] }]).toArray(),
    ).toEqual([{ pid: 1 }, { pid: 2 }])
    expect(batchOf(codecOf(flexiblePacket), [{ bytes: [1, 0, 7, 8, 9] }, { bytes: [2, 0] }]).toArray()).toEqual([
      { port: 1, data: Uint8Array.of(7, 8, 9) },
      { port: 2, data: Uint8Array.of() },
    ])
  })

  test('refuse records that are shorter than their type, after those before them', () => {
    const batch = batchOf(codecOf(struct({ pid: u32 })), [{ bytes: [1, 0, 0, 0] }, { bytes: [1, 2, 3] }])
    const seen: unknown[] = []
    const refused = expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE', map: 'events' })
    expect(() => batch.forEach((record) => void seen.push(record))).toThrow(refused)
    expect(seen).toEqual([{ pid: 1 }])
    expect(() => batch.toArray()).toThrow(refused)
  })

  test('refuse 64-bit integers that no number holds, where numbers were asked for', () => {
    const batch = batchOf(codecOf(struct({ time: u64 }), 'number'), [{ bytes: new Uint8Array(8).fill(0xff) }])
    expect(() => batch.toArray()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
    expect(() => batch.toArray()).toThrow('events.time')
  })

  test.each([
    ['u8', u8, [1], [2]],
    ['u32', u32, [1, 0, 0, 0], [2, 0, 0, 0]],
    ['u64', u64, [0, 0, 0, 0, 0, 1, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0]],
  ] as const)('tell types apart by a tag of type %s', (_, type, exec, exit) => {
    const codec = codecOf(tagged(type))
    const pad = Array.from({ length: exec.length === 1 ? 3 : 0 }, () => 0)
    const records = [
      { bytes: [...exec, ...pad, 7, 0, 0, 0, 0x73, 0x68, 0, 0] },
      { bytes: [...exit, ...(exec.length === 1 ? [0] : []), 3, 0, 0, 0, 0, 0, 0, 0] },
    ]
    const expected = [
      { kind: 'exec', pid: 7, comm: 'sh' },
      { kind: 'exit', code: 3 },
    ]
    const batch = batchOf(codec, records)
    expect(batch.toArray()).toStrictEqual(expected)
    expect([...batch]).toStrictEqual(expected)
    expect(Object.keys(batch.toArray()[0] as object)).toEqual(['kind', 'pid', 'comm'])
    const unknown = batchOf(codec, [{ bytes: [...exit.map((byte) => byte * 4), 0, 0, 0, 0, 0, 0, 0, 0] }])
    expect(() => unknown.toArray()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
    expect(() => batchOf(codec, [{ bytes: exec.slice(0, -1) }]).toArray()).toThrow(`type of ${exec.length} bytes`)
    expect(() => batchOf(codec, [{ bytes: [...exec, 0] }]).toArray()).toThrow(
      expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE' }),
    )
  })

  test('end with an error when the callback released the batch', () => {
    const batch = batchOf(codecOf(event), [{ bytes: new Uint8Array(32) }, { bytes: new Uint8Array(32) }])
    const callback = vi.fn(() => {
      batch.release()
    })
    expect(() => batch.forEach(callback)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RELEASED' }))
    expect(callback).toHaveBeenCalledTimes(1)
    const last = batchOf(codecOf(event), [{ bytes: new Uint8Array(32) }])
    last.forEach(() => {
      last.release()
    })
    expect(() => last.toArray()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RELEASED' }))
  })

  test('pass on what the callback throws', () => {
    const batch = batchOf(codecOf(event), [{ bytes: new Uint8Array(32) }])
    const failure = new Error('mine')
    expect(() =>
      batch.forEach(() => {
        throw failure
      }),
    ).toThrow(failure)
  })
})

test('a type gets loops of its own after a number of records, which read the same', () => {
  const codec = createRecordCodec(event.layout, 'events', { int64: 'bigint', sharedRecords: 10 })
  const { memory, end, count } = spanOf(
    Array.from({ length: 4 }, (_, index) => ({ bytes: new Uint8Array(32).fill(index) })),
  )
  const first = codec.readAll(memory, end, count)
  for (let round = 0; round < 5; round++) expect(codec.readAll(memory, end, count)).toStrictEqual(first)
})
