/** Views of records: by generated code, and by walking the layout. */
import { deepStrictEqual } from 'node:assert'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Layout, UnionLayout } from '../../../lib/btf/layout.ts'
import { bytesCodec, createLazyCodec, createRecordCodec, type RecordCodec } from '../../../lib/btf/record-codec.ts'
import { char, enumeration, struct, type Type, u16, u32, u64 } from '../../../lib/btf/schema.ts'
import type { Batch } from '../../../lib/events/batch.ts'
import { anyRecordLayout, layoutAndRecords } from './arbitrary.ts'
import { kinds } from './codec-helpers.ts'
import { batchOf, flexiblePacket, unlessUnsafe } from './record-helpers.ts'

const numRuns = Number(process.env.CODEC_PROPERTY_RUNS ?? 200)

const event = struct({ pid: u32, comm: char(4), time: u64 })

interface Event {
  pid: number
  comm: string
  time: bigint
}

const released = expect.objectContaining({ code: 'ERR_EBPF_RELEASED' })

afterEach(() => vi.unstubAllEnvs())

describe.each(kinds)('%s views', (_, interpret) => {
  const codecOf = (type: Type | Layout, int64: 'bigint' | 'number' = 'bigint'): RecordCodec<unknown> =>
    createRecordCodec('layout' in type ? type.layout : type, 'events', { int64, interpret })
  const events = (): Batch<Event> =>
    batchOf<Event>(
      codecOf(event),
      [1, 2, 3].map((pid) => ({
        bytes: [pid, 0, 0, 0, 97, 0, 0, 0, pid * 2, 0, 0, 0, 0, 0, 0, 0],
        discarded: pid === 2,
      })),
    )

  test.each([
    ['development', 'bigint'],
    ['production', 'bigint'],
    ['development', 'number'],
  ] as const)('show what decoded records hold: %s, %s', (environment, int64) => {
    vi.stubEnv('NODE_ENV', environment)
    const withFields = anyRecordLayout.filter(({ kind }) => kind === 'struct' || kind === 'union')
    fc.assert(
      fc.property(layoutAndRecords(withFields), ([layout, records]) => {
        const batch = batchOf<object>(codecOf(layout, int64), records)
        const seen: unknown[] = []
        batch.forEachView((view, index) => {
          seen[index] = unlessUnsafe(() => ({ ...view }))
        })
        const expected = Array.from({ length: batch.length }, (_, index) => unlessUnsafe(() => batch.at(index)))
        deepStrictEqual(seen, expected)
      }),
      { numRuns },
    )
  })

  test('are one object, which can be copied, printed and turned into JSON, but not written', () => {
    const views = new Set<object>()
    events().forEachView((view, index) => {
      views.add(view)
      const record = { pid: index * 2 + 1, comm: 'a', time: BigInt(index * 4 + 2) }
      expect({ ...view }).toStrictEqual(record)
      expect(inspect(view)).toBe(inspect(record))
      expect(JSON.stringify(view, ['pid', 'comm'])).toBe(JSON.stringify({ pid: record.pid, comm: 'a' }))
      expect(() => {
        ;(view as Event).pid = 7
      }).toThrow(TypeError)
    })
    expect(views.size).toBe(1)
  })

  test('that are used after their callback say so', async () => {
    const batch = events()
    const kept: Readonly<Event>[] = []
    let later: Promise<number> | undefined
    batch.forEachView((view) => {
      kept.push(view)
      later ??= Promise.resolve().then(() => view.pid)
    })
    expect(() => kept[0]!.pid).toThrow(released)
    expect(() => ({ ...kept[0] })).toThrow(expect.objectContaining({ hint: expect.stringContaining('...view') }))
    await expect(later).rejects.toThrow(released)
    // In the next round they are used again.
    batch.forEachView((view) => expect(view.comm).toBe('a'))
    expect(() => kept[0]!.pid).toThrow(released)
  })

  test('are unusable too after a callback that threw', () => {
    const failure = new Error('mine')
    let kept: Readonly<Event> | undefined
    expect(() =>
      events().forEachView((view) => {
        kept = view
        throw failure
      }),
    ).toThrow(failure)
    expect(() => kept!.pid).toThrow(released)
  })

  test('cost no check in production', () => {
    vi.stubEnv('NODE_ENV', 'production')
    let kept: Readonly<Event> | undefined
    const batch = events()
    batch.forEachView((view) => {
      kept = view
    })
    batch.release()
    expect(kept!.pid).toBeTypeOf('number')
  })

  test('within the callback of views of the same batch do not disturb these', () => {
    const batch = events()
    const pids: number[][] = []
    batch.forEachView((outer) => {
      const before = outer.pid
      batch.forEachView((inner) => pids.push([before, inner.pid, outer.pid]))
      expect(outer.pid).toBe(before)
    })
    expect(pids).toEqual([
      [1, 1, 1],
      [1, 3, 1],
      [3, 1, 3],
      [3, 3, 3],
    ])
  })

  test('end with an error when the callback released the batch', () => {
    const batch = events()
    const callback = vi.fn(() => {
      batch.release()
    })
    expect(() => batch.forEachView(callback)).toThrow(released)
    expect(callback).toHaveBeenCalledTimes(1)
    expect(() => batch.forEachView(callback)).toThrow(released)
  })

  test('of several types are one object each, told apart by the tag', () => {
    const kind = enumeration({ EXEC: 1, EXIT: 2 })
    const variants: UnionLayout = {
      kind: 'union',
      name: 'event',
      size: 8,
      fields: [
        { name: 'exec', offset: 0, layout: struct({ kind, pid: u32 }).layout },
        { name: 'exit', offset: 0, layout: struct({ kind, code: u16 }).layout },
      ],
    }
    const records = [
      { bytes: [1, 0, 0, 0, 7, 0, 0, 0] },
      { bytes: [2, 0, 0, 0, 3, 0, 0, 0] },
      { bytes: [1, 0, 0, 0, 8, 0, 0, 0] },
    ]
    type Several = { kind: 'exec'; pid: number } | { kind: 'exit'; code: number }
    const seen: string[] = []
    const views = new Set<object>()
    batchOf<Several>(codecOf(variants), records).forEachView((view) => {
      views.add(view)
      seen.push(view.kind === 'exec' ? `exec ${view.pid}` : `${view.kind} ${view.code}`)
    })
    expect(seen).toEqual(['exec 7', 'exit 3', 'exec 8'])
    expect(views.size).toBe(2)
    const unknown = batchOf(codecOf(variants), [{ bytes: [9, 0, 0, 0, 7, 0, 0, 0] }])
    expect(() => unknown.forEachView(() => {})).toThrow('kind 9')
  })

  test('show what is behind the fixed part of a record', () => {
    const seen: object[] = []
    const batch = batchOf<object>(codecOf(flexiblePacket), [{ bytes: [1, 0, 7, 8, 9] }, { bytes: [2, 0] }])
    batch.forEachView((view) => seen.push({ ...view }))
    expect(seen).toStrictEqual([
      { port: 1, data: Uint8Array.of(7, 8, 9) },
      { port: 2, data: Uint8Array.of() },
    ])
  })

  test('refuse records that are too short, and integers that no number holds, when they are read', () => {
    const short = batchOf(codecOf(event), [{ bytes: [1, 2, 3] }])
    expect(() => short.forEachView(() => {})).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE' }))
    const large = batchOf<Event>(codecOf(event, 'number'), [{ bytes: new Uint8Array(16).fill(0xff) }])
    large.forEachView((view) => {
      expect(view.pid).toBe(0xffffffff)
      expect(() => view.time).toThrow('events.time')
    })
  })

  test('are not there for records without fields', () => {
    const batch = batchOf(codecOf(u32), [{ bytes: [1, 0, 0, 0] }])
    expect(() => batch.forEachView(() => {})).toThrow(TypeError)
    expect(() => batch.forEachView(() => {})).toThrow('no structs')
  })

  test.each([undefined, null, 7, 'callback', {}])('refuse the callback %s', (callback) => {
    expect(() => events().forEachView(callback as never)).toThrow(
      expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }),
    )
  })
})

test('bytes have no views', () => {
  const batch = batchOf(
    createLazyCodec<unknown>(() => bytesCodec),
    [{ bytes: [1] }],
  )
  expect(() => batch.forEachView(() => {})).toThrow(expect.objectContaining({ code: 'ERR_EBPF_NO_BTF' }))
})
