/** Records as bytes, for programs to drain: what createRecordCodec reads, the other way round. */
import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Layout } from '../../../lib/btf/layout.ts'
import { createMemory } from '../../../lib/btf/memory.ts'
import { createRecordCodec } from '../../../lib/btf/record-codec.ts'
import { createBytesEncoder, createLazyEncoder, createRecordEncoder } from '../../../lib/btf/record-encoder.ts'
import { char, enumeration, struct, u8, u32, u64 } from '../../../lib/btf/schema.ts'
import { kinds } from './codec-helpers.ts'
import { taggedUnion } from './record-helpers.ts'

const event = struct({ pid: u32, level: u8, comm: char(8) })

/** A union of structs with a tag of so many bytes. */
function tagged(large: boolean): Layout {
  const kind = large
    ? enumeration({ KIND_EXEC: 1n << 40n, KIND_EXIT: 2n }, u64)
    : enumeration({ KIND_EXEC: 1, KIND_EXIT: 2 })
  return taggedUnion(kind)
}

const bytesOf = (bytes: Uint8Array): number[] => [...bytes]

describe.each(kinds)('%s encoders', (_, interpret) => {
  const options = { int64: 'bigint', interpret } as const

  test('write records of one type, with zeros for padding', () => {
    const encoder = createRecordEncoder(event.layout, 'events', options)
    expect(encoder.size).toBe(16)
    encoder.encode(new Uint8Array(16).fill(0xff))
    expect(bytesOf(encoder.encode({ pid: 258, level: 3, comm: 'ab' }))).toEqual([
      2, 1, 0, 0, 3, 97, 98, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ])
    expect(() => encoder.encode({ pid: 1, level: 300, comm: '' })).toThrowError(/events\.level/)
  })

  test.each([false, true])('write what reading gives again, by the tag (64 bits: %s)', (large) => {
    const layout = tagged(large)
    const encoder = createRecordEncoder(layout, 'events', options)
    const reader = createRecordCodec(layout, 'events', options)
    const pid = fc.nat()
    const exec = fc.record({ kind: fc.constant('exec'), pid, comm: fc.stringMatching(/^[a-z]{0,4}$/) })
    const exit = fc.record({ kind: fc.constant('exit'), code: fc.nat(65535) })
    fc.assert(
      fc.property(fc.oneof(exec, exit), (record) => {
        const bytes = encoder.encode({ ...record })
        expect(bytes).toHaveLength(layout.size)
        const memory = createMemory(new Uint8Array(bytes).buffer)
        deepStrictEqual(reader.read(memory, 0, bytes.length), { ...record })
        // A shorter one leaves nothing of the one before.
        if (record.kind === 'exit') expect(bytes.subarray(large ? 16 : 8).every((byte) => byte === 0)).toBe(true)
      }),
    )
  })

  test('take a tag in all its forms', () => {
    const small = createRecordEncoder(tagged(false), 'events', options)
    const wanted = bytesOf(small.encode({ kind: 'exit', code: 5 }))
    for (const kind of ['KIND_EXIT', 2, 2n]) expect(bytesOf(small.encode({ kind, code: 5 }))).toEqual(wanted)
    for (const kind of ['EXIT', '2', 3, undefined, null, {}, Number.NaN]) {
      expect(() => small.encode({ kind, code: 5 })).toThrowError(/events\.kind must be one of 'exec', 'exit'/)
    }
    const large = createRecordEncoder(tagged(true), 'events', options)
    expect(bytesOf(large.encode({ kind: 1n << 40n, pid: 1, comm: '' })).slice(0, 8)).toEqual([0, 0, 0, 0, 0, 1, 0, 0])
  })

  test('write members of a union as readings where no tag tells them apart', () => {
    const layout: Layout = {
      kind: 'union',
      name: 'either',
      size: 4,
      fields: [
        { name: 'word', offset: 0, layout: u32.layout },
        { name: 'byte', offset: 0, layout: u8.layout },
      ],
    }
    expect(bytesOf(createRecordEncoder(layout, 'events', options).encode({ byte: 7 }))).toEqual([7, 0, 0, 0])
  })
})

test('bytes are what they are', () => {
  const encoder = createBytesEncoder('events')
  expect(encoder.size).toBeUndefined()
  const bytes = Buffer.from('abc')
  expect(encoder.encode(bytes)).toBe(bytes)
  expect(encoder.encode(new Uint8Array())).toHaveLength(0)
  class Liar extends Uint8Array {
    override get length(): number {
      throw new Error('asked')
    }
  }
  const liar = new Liar(3)
  expect(encoder.encode(liar)).toBe(liar)
  for (const record of [
    undefined,
    null,
    'abc',
    [1],
    new Uint16Array(1),
    new ArrayBuffer(1),
    new DataView(new ArrayBuffer(1)),
  ]) {
    expect(() => encoder.encode(record)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }))
  }
})

test('a lazy encoder is made once, when it is needed', () => {
  let made = 0
  const encoder = createLazyEncoder(4, () => {
    made++
    return createRecordEncoder(u32.layout, 'events', { int64: 'bigint' })
  })
  expect([encoder.size, made]).toEqual([4, 0])
  expect(bytesOf(encoder.encode(1))).toEqual([1, 0, 0, 0])
  expect(bytesOf(encoder.encode(2))).toEqual([2, 0, 0, 0])
  expect(made).toBe(1)
})
