/** User rings that are drained on demand: test/fixtures/user-ring.bpf.c. */
import type { RingBuffer } from '../../lib/events/ring-buffer.ts'
import type { UserRingBuffer } from '../../lib/events/user-ring-buffer.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'

export interface Command {
  sequence: bigint
  kind: number
  text: string
}

export type Request = { kind: 'watch'; pid: number } | { kind: 'rename'; pid: number; name: string }

/** What a program saw of a record of bytes: its first four, the sum of all, whether it has no more. */
export interface Block {
  length: number
  sum: number
  exact: number
}

export interface UserRingFixture {
  maps: {
    commands: UserRingBuffer<Command>
    received: RingBuffer<Command>
    requests: UserRingBuffer<Request>
    received_requests: RingBuffer<Request>
    untyped: UserRingBuffer<Uint8Array>
    blocks: RingBuffer<Block>
  }
  programs: {
    drain_commands: BpfProgram
    drain_requests: BpfProgram
    drain_untyped: BpfProgram
  }
  globals: {
    flags: bigint
    stop_after: number
    calls: number
    drained: bigint
  }
}

export type UserRingObject = BpfObject<UserRingFixture>

/** Of linux/bpf.h, for bpf_user_ringbuf_drain. */
export const NO_WAKEUP = 1n

/** Bytes that one `struct command` takes in the ring, its header included. */
export const COMMAND_SPACE = 40

/** How many commands the ring of 4096 bytes holds. */
export const COMMANDS = 102

/** Loads the fixture for the length of `body`. */
export async function withUserRing<T>(body: (object: UserRingObject) => T | Promise<T>): Promise<T> {
  await using object = await loadObject<UserRingFixture>(fixture('user-ring'))
  return await body(object)
}

export function command(sequence: number): Command {
  return { sequence: BigInt(sequence), kind: sequence % 7, text: `number ${sequence}` }
}

/** Fills the ring with commands from `first` on; how many it took. */
export function fill(ring: UserRingBuffer<Command>, first: number = 0): number {
  let count = 0
  while (ring.submit(command(first + count))) count++
  return count
}

/** Has a program take what is there; what bpf_user_ringbuf_drain gave. */
export async function drain({ programs, globals }: UserRingObject): Promise<number> {
  await programs.drain_commands.testRun()
  return Number(globals.drained)
}
