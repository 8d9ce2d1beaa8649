/** Packets that meet the programs of test/fixtures/packets.h. */
import { expect } from 'vitest'
import type { Link } from '../../lib/link.ts'
import { type LoadOptions, loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'
import type { Effect, Scene } from './hook-proof.ts'
import type { SharedCable } from './cable-for-tests.ts'
import type { Conversation } from './netns.ts'

export interface PacketFixture {
  maps: Record<never, never>
  programs: { first: BpfProgram; second: BpfProgram }
  globals: {
    port: number
    /** What the programs return. */
    first_verdict: number
    second_verdict: number
    first_packets: bigint
    second_packets: bigint
    /** Of both. */
    runs: bigint
    /** The larger one ran later. */
    first_run: bigint
    second_run: bigint
    /** Not in every fixture: bytes of the longest packet. */
    longest: bigint
  }
}

export type PacketObject = BpfObject<PacketFixture>

/** The port whose packets the programs count. */
export const PORT = 4242

export async function loadPackets(name: string, options: LoadOptions<PacketFixture> = {}): Promise<PacketObject> {
  return await loadObject<PacketFixture>(fixture(name), { ...options, globals: { port: PORT, ...options.globals } })
}

/** Loads a fixture for the length of `body`. */
export async function withPackets<T>(name: string, body: (object: PacketObject) => Promise<T>): Promise<T> {
  await using object = await loadPackets(name)
  return await body(object)
}

/** How many packets each program counted while `body` ran. */
export async function counted(
  { globals }: PacketObject,
  body: () => Promise<unknown>,
): Promise<{ first: number; second: number }> {
  const before = { first: globals.first_packets, second: globals.second_packets }
  await body()
  return {
    first: Number(globals.first_packets - before.first),
    second: Number(globals.second_packets - before.second),
  }
}

/**
 * While packets go back and forth, `change` puts programs in each other's place: every packet comes back, and every one was
 * seen by one of the two.
 */
export async function expectSeamless(
  object: PacketObject,
  cable: SharedCable,
  change: () => Promise<void>,
): Promise<void> {
  const { globals } = object
  const before = globals.runs
  let conversation: Conversation | undefined
  const seen = await counted(object, async () => {
    conversation = await cable.left.converse(cable.right, PORT, change)
  })
  const sent = conversation?.sent ?? 0
  expect(sent).toBeGreaterThan(0)
  const runs = Number(globals.runs - before)
  expect({ sent, echoed: conversation?.echoed, seen: seen.first + seen.second, runs }).toEqual({
    sent,
    echoed: sent,
    seen: sent,
    runs: sent,
  })
}

export interface PacketSceneOptions {
  object: PacketObject
  cable: SharedCable
  /** Packets go to the right, where the hooks are, unless this is `left`. */
  to?: 'left' | 'right'
  attach(program: BpfProgram): Promise<Link>
  /** Sends one packet that the hook sees. */
  send?(): Promise<unknown>
}

/** A proof by packets on a cable, which stays; the object goes with the scene. */
export function packetScene({ object, cable, to = 'right', attach, send }: PacketSceneOptions): Scene {
  const { left, right } = cable
  const [from, target] = to === 'right' ? [left, right] : [right, left]
  return {
    second: object.programs.second,
    attach: () => attach(object.programs.first),
    async observe(): Promise<Effect> {
      const { first, second } = await counted(object, send ?? (() => from.send(target, PORT, 1)))
      if (first + second > 1) throw new Error(`one packet was counted ${first} and ${second} times`)
      return first === 1 ? 'first' : second === 1 ? 'second' : 'none'
    },
    [Symbol.asyncDispose]: () => object.close(),
  }
}
