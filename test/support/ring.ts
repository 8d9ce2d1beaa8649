/** Rings that are filled on demand: test/fixtures/ring.bpf.c. */
import type { RingBuffer } from '../../lib/events/ring-buffer.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'

export interface Event {
  sequence: bigint
  time: bigint
  text: string
}

export interface RingFixture {
  maps: {
    events: RingBuffer<Event>
    untyped: RingBuffer<Uint8Array>
    uncounted: RingBuffer<Event>
    large: RingBuffer<Event>
  }
  programs: {
    submit: BpfProgram
    output: BpfProgram
    output_untyped: BpfProgram
    submit_uncounted: BpfProgram
    submit_large: BpfProgram
  }
  globals: {
    flags: bigint
    discard_every: bigint
    record_bytes: number
    next_sequence: bigint
    discarded: bigint
    refused: bigint
  }
}

export type RingObject = BpfObject<RingFixture>

/** Flags of bpf_ringbuf_submit: linux/bpf.h. */
export const NO_WAKEUP = 1n

/** Bytes that one `struct event` takes in the ring, its header included. */
export const EVENT_SPACE = 40

export function loadRing(bytes?: number): Promise<RingObject> {
  return loadObject<RingFixture>(
    fixture('ring'),
    bytes === undefined ? {} : { maps: { events: { maxEntries: bytes } } },
  )
}

/** Loads the fixture for the length of `body`, with `events` of so many bytes, 64 KiB by default. */
export async function withRing<T>(body: (object: RingObject) => T | Promise<T>, bytes?: number): Promise<T> {
  await using object = await loadRing(bytes)
  return await body(object)
}

/** Has a program submit so many records: its runs. */
export async function emit(program: BpfProgram, count: number): Promise<void> {
  await program.testRun({ data: new Uint8Array(64), repeat: count })
}

/** The first `count` values of an async iterable. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const values: T[] = []
  if (count === 0) return values
  for await (const value of source) {
    values.push(value)
    if (values.length === count) break
  }
  return values
}

/** Numbers from `start` up to, not including, `end`. */
export function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index)
}

export function sequences(events: Iterable<Event>): number[] {
  return Array.from(events, ({ sequence }) => Number(sequence))
}
