/** What TypeScript knows of user rings. */
import type { Writable } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import { describe, expectTypeOf, test } from 'vitest'
import {
  type Input,
  type RecordProducer,
  type Reservation,
  UserRingBuffer,
  char,
  createMap,
  enumeration,
  openMap,
  struct,
  u32,
  u64,
} from '../../lib/index.ts'

interface Rule {
  port: number
  until: bigint
  comm: string
}

type Request = { kind: 'watch'; pid: number } | { kind: 'rename'; pid: number; name: string }

declare const rules: UserRingBuffer<Rule>
declare const requests: UserRingBuffer<Request>

describe('a user ring', () => {
  test('takes records of its type, or their bytes', () => {
    expectTypeOf(rules.submit({ port: 80, until: 5n, comm: 'x' })).toEqualTypeOf<boolean>()
    expectTypeOf(rules.submit({ port: 80, until: 5, comm: 'x' })).toEqualTypeOf<boolean>()
    expectTypeOf(rules.submit(new Uint8Array(32))).toEqualTypeOf<boolean>()
    expectTypeOf(rules.submitMany([{ port: 80, until: 5n, comm: 'x' }])).toEqualTypeOf<number>()
    expectTypeOf(
      rules.write({ port: 80, until: 5n, comm: 'x' }, { signal: AbortSignal.timeout(1) }),
    ).resolves.toBeVoid()
    expectTypeOf(rules.reserve()).toEqualTypeOf<Reservation<Rule> | undefined>()
    expectTypeOf(rules.writable()).toEqualTypeOf<Writable>()
    expectTypeOf(rules.web()).toEqualTypeOf<WritableStream<Input<Rule>>>()
    // @ts-expect-error a field too few
    rules.submit({ port: 80, until: 5n })
    // @ts-expect-error a field of another type
    rules.submit({ port: '80', until: 5n, comm: 'x' })
    // @ts-expect-error no such option
    void rules.write({ port: 80, until: 5n, comm: 'x' }, { timeout: 5 })
    // @ts-expect-error a field too many
    rules.reserve()?.submit({ port: 80, until: 5n, comm: 'x', more: 1 })
  })

  test('tells records of several types apart', () => {
    requests.submit({ kind: 'watch', pid: 1 })
    requests.submit({ kind: 'rename', pid: 1, name: 'x' })
    // @ts-expect-error a name is missing
    requests.submit({ kind: 'rename', pid: 1 })
    // @ts-expect-error no such kind
    requests.submit({ kind: 'drop', pid: 1 })
  })

  test('is of the type that it was created with', () => {
    const record = struct({ port: u32, until: u64, comm: char(16), action: enumeration({ pass: 0, drop: 1 }) })
    const ring = createMap({ type: 'user_ringbuf', maxEntries: 4096, record })
    ring.submit({ port: 1, until: 5, comm: 'x', action: 'drop' })
    ring.submit({ port: 1, until: 5n, comm: 'x', action: 1 })
    // @ts-expect-error no such enumerator
    ring.submit({ port: 1, until: 5n, comm: 'x', action: 'other' })
    expectTypeOf(createMap({ type: 'user_ringbuf', maxEntries: 4096 })).toEqualTypeOf<UserRingBuffer<Uint8Array>>()
    expectTypeOf(openMap('/sys/fs/bpf/x', UserRingBuffer<Rule>)).toEqualTypeOf<UserRingBuffer<Rule>>()
    // @ts-expect-error it has no keys
    createMap({ type: 'user_ringbuf', maxEntries: 4096, key: u32 })
    expectTypeOf(rules.as<Request>('request')).toEqualTypeOf<RecordProducer<Request>>()
    expectTypeOf(rules.raw()).toEqualTypeOf<RecordProducer<Uint8Array>>()
  })
})
