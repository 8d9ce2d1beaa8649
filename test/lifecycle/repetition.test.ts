/** What is done again and again takes no more of anything: descriptors, handles, mappings, memory. */
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { u32, u64 } from '../../lib/btf/schema.ts'
import { createMap } from '../../lib/maps/create.ts'
import { loadObject, openObject } from '../../lib/object-spec.ts'
import { fixture } from '../support/fixtures.ts'
import { type RingFixture, emit, take, withRing } from '../support/ring.ts'
import { type TraceFixture, callGetppid, traceGlobals } from '../support/trace.ts'
import { rejection } from '../support/wait.ts'

const MIB = 1 << 20

interface Footprint {
  handles: Record<string, number>
  descriptors: number
  /** Mappings of BPF maps. */
  mappings: number
}

function footprint(): Footprint {
  return {
    handles: { ...binding.liveHandles() },
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'latin1').split('bpf-map').length - 1,
  }
}

/** Mapped globals go with the garbage collector. */
async function settled(): Promise<Footprint> {
  for (let round = 0; round < 10; round++) {
    globalThis.gc?.()
    await new Promise(setImmediate)
  }
  return footprint()
}

/**
 * Repeats `body`, and compares what the process has after the last time with what it had after the first ones, when
 * caches and pools have found their size.
 */
async function repeat(times: number, body: (round: number) => Promise<void>): Promise<void> {
  const warmUp = Math.ceil(times / 4)
  for (let round = 0; round < warmUp; round++) await body(round)
  const before = await settled()
  const memoryBefore = process.memoryUsage()
  for (let round = warmUp; round < times; round++) await body(round)
  expect(await settled()).toEqual(before)
  const memory = process.memoryUsage()
  expect(memory.heapUsed - memoryBefore.heapUsed).toBeLessThan(4 * MIB)
  expect(memory.arrayBuffers - memoryBefore.arrayBuffers).toBeLessThan(MIB)
  // The C library's heaps, one for each thread of the pool, find their size only after hundreds of loads.
  expect(memory.rss - memoryBefore.rss).toBeLessThan(48 * MIB)
}

describe('stays the same after', () => {
  test('200 times loading, attaching, streaming and closing', { timeout: 120_000 }, async () => {
    await repeat(200, async (round) => {
      const ring = await loadObject<RingFixture>(fixture('ring'))
      const trace = await loadObject<TraceFixture>(fixture('trace'), { globals: traceGlobals })
      await trace.programs.on_raw.attach()
      await trace.programs.on_btf.attach()
      if (round % 10 === 0) await trace.programs.on_tracepoint.attach()
      callGetppid(1)
      expect(trace.maps.raw_calls.get(0n)).toBe(1n)
      await emit(ring.programs.submit, 10)
      expect(ring.globals.next_sequence).toBe(10n)
      expect(await take(ring.maps.events, 10)).toHaveLength(10)
      await Promise.all([ring.close(), trace.close()])
    })
  })

  test('1000 streams of one ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await repeat(1000, async (round) => {
        if (round % 2 === 0) events.subscribe(() => {}).close()
        await emit(programs.submit, 1)
        await take(events, 1)
      })
    })
  })

  test('1000 maps', async () => {
    await repeat(1000, async () => {
      using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 1000 })
      map.set(1, 2n)
      expect([...map]).toEqual([[1, 2n]])
    })
  })

  test('500 user rings with writes that wait, and reservations', async () => {
    await repeat(500, async () => {
      const ring = createMap({ type: 'user_ringbuf', record: u64, maxEntries: 4096 })
      const reservations = [ring.reserve(), ring.reserve()]
      while (ring.submit(1n));
      const signal = AbortSignal.timeout(60_000)
      const waiting = [ring.write(2n), ring.write(3n, { signal })].map(rejection)
      reservations[0]?.submit(5n)
      ring.close()
      await Promise.all(waiting)
    })
  })

  test('200 loads and attachments that fail', async () => {
    const spec = await openObject(fixture('trace'))
    for (const program of Object.values(spec.programs)) program.autoload = program.name === 'on_missing'
    const broken = await openObject(fixture('trace'))
    for (const program of Object.values(broken.programs)) program.autoload = program.name === 'on_btf_later'
    await repeat(200, async () => {
      const object = await spec.load()
      await rejection(object.attach())
      await object.close()
      await rejection(broken.load())
      await rejection(openObject(new Uint8Array(100)))
    })
  })
})
