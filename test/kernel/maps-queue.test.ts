import { describe, expect, it } from 'vitest'
import { EbpfError, QueueMap, StackMap, createMap, openMap, struct, u8, u32, u64 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

interface Job {
  id: bigint
  name: string
}

const queue = (maxEntries: number = 4): QueueMap<number> =>
  createMap({ type: 'queue', value: u32, maxEntries }) as QueueMap<number>
const stack = (maxEntries: number = 4): StackMap<number> =>
  createMap({ type: 'stack', value: u32, maxEntries }) as StackMap<number>

describe('a queue', () => {
  it('gives values in their order, to and from programs', () =>
    withObject('maps-queue', async (object) => {
      const jobs = object.map('jobs', QueueMap<Job>)
      expect([jobs.peek(), jobs.pop()]).toEqual([undefined, undefined])
      await run(object, 'push_some')
      expect(jobs.peek()).toEqual({ id: 1n, name: 'first' })
      expect(jobs.pop()).toEqual({ id: 1n, name: 'first' })
      jobs.push({ id: 3n, name: 'third' })
      expect([await run(object, 'pop_job'), await run(object, 'pop_job'), await run(object, 'pop_job')]).toEqual([
        2, 3, 0,
      ])
    }))

  it('says when it is full, or drops the oldest', () => {
    using map = queue(2)
    map.push(1)
    map.push(2, { overwrite: false })
    const full = expect.objectContaining({ code: 'E2BIG', message: expect.stringMatching(/holds 2 values.*overwrite/) })
    expect(() => map.push(3)).toThrowError(full)
    map.push(3, { overwrite: true })
    expect([map.pop(), map.pop(), map.pop()]).toEqual([2, 3, undefined])
  })

  it('gives bytes where they are asked for', () => {
    using map = queue()
    map.push(Uint8Array.of(1, 2, 3, 4))
    expect(map.peek({ raw: true })).toEqual(Uint8Array.of(1, 2, 3, 4))
    expect(map.pop({ raw: true })).toEqual(Uint8Array.of(1, 2, 3, 4))
    expect(map.pop({ raw: true })).toBeUndefined()
  })

  it('loses nothing that cannot be decoded', () => {
    using map = createMap({ type: 'queue', value: u64, maxEntries: 2, int64: 'number' }) as QueueMap<number>
    map.push(2n ** 63n)
    expect(() => map.peek()).toThrowError(RangeError)
    const taken = new Uint8Array(BigUint64Array.of(2n ** 63n).buffer)
    expect(() => map.pop()).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE', taken }))
    expect(map.pop()).toBeUndefined()
  })

  it('is opened by its id', () => {
    using map = queue()
    map.push(5)
    using again = openMap({ id: map.id }, QueueMap<number>, { value: u32 })
    expect(again.pop()).toBe(5)
    expect(map.peek()).toBeUndefined()
  })
})

describe('a stack', () => {
  it('gives the newest value first', () =>
    withObject('maps-queue', async (object) => {
      const numbers = object.map('numbers', StackMap<number>)
      await run(object, 'push_some')
      numbers.push(8)
      expect([numbers.peek(), numbers.pop(), numbers.pop(), numbers.pop()]).toEqual([8, 8, 7, undefined])
    }))

  it('drops the oldest when it is full', () => {
    using map = stack(2)
    for (const value of [1, 2, 3]) map.push(value, { overwrite: true })
    expect([map.pop(), map.pop(), map.pop()]).toEqual([3, 2, undefined])
  })
})

describe('refuses', () => {
  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  const RANGE = 'ERR_EBPF_OUT_OF_RANGE'
  const map = queue()
  refuses([
    { name: 'a value that does not fit', act: () => map.push(2 ** 32), code: RANGE },
    { name: 'no value', act: () => map.push(undefined as never), code: INVALID },
    { name: 'bytes of another size', act: () => map.push(Uint8Array.of(1)), code: RANGE },
    { name: 'a condition of another type', act: () => map.push(1, { overwrite: 'yes' as never }), code: INVALID },
    { name: 'a foreign object', act: () => map.pop.call({} as never, { raw: true }), type: TypeError, code: undefined },
    {
      name: 'a closed queue',
      act: () => {
        const closed = queue()
        closed.push(1)
        closed.close()
        closed.pop()
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'a getter that closes the queue',
      act: () => {
        const closing = createMap({ type: 'queue', value: struct({ a: u8 }), maxEntries: 1 }) as QueueMap<{ a: number }>
        closing.push({
          get a() {
            closing.close()
            return 1
          },
        })
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'a stack in place of a queue',
      act: () => openMap({ id: map.id }, StackMap),
      type: EbpfError,
      code: 'ERR_EBPF_MAP_CLASS',
    },
  ])
  it('and is empty after all of that', () => expect(map.peek()).toBeUndefined())
})
