/** Values in which the kernel keeps something for itself: locks, timers, pointers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ArrayMap, type BpfObject, HashMap, createMap, possibleCpus, u32, u64 } from '../../lib/index.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'

interface Pair {
  left: bigint
  right: number
}

const LOCKED = { lock: true } as const
const pair = (number: number): Pair => ({ left: BigInt(number), right: number })
const noLock = expect.objectContaining({
  code: 'ERR_EBPF_INVALID_ARGUMENT',
  message: expect.stringContaining('have no lock'),
})

function runOnPacket(object: BpfObject, program: string, repeat = 1) {
  return object.programs[program]!.testRun({ data: new Uint8Array(64), repeat })
}

describe('a lock in a value', () => {
  it('is no field of it', () =>
    withObject('maps-locked', async (object) => {
      const slots = object.map('slots', ArrayMap<Pair>)
      expect(slots.get(1)).toEqual(pair(0))
      slots.set(1, pair(5))
      expect(slots.get(1)).toEqual(pair(5))
      expect([...slots.values()]).toEqual([pair(0), pair(5), pair(0), pair(0)])
      expect((await runOnPacket(object, 'add_both')).returnValue, 'the program can take the lock').toBe(0)
      expect(slots.get(1)).toEqual(pair(6))
      expect(slots.get(1, { raw: true })).toHaveLength(16)
    }))

  it('cannot be given, nor left out together with a field', () =>
    withObject('maps-locked', (object) => {
      const pairs = object.map('pairs', HashMap<number, Pair>)
      const withLock: object = { ...pair(1), lock: { val: 1 } }
      expect(() => pairs.set(1, withLock as Pair)).toThrowError('value has no field "lock" (it has: left, right)')
      expect(() => pairs.set(1, { left: 1n } as Pair)).toThrowError('value.right')
      expect(pairs.count()).toBe(0)
    }))

  it('stays free, whatever the bytes that are written say', () =>
    withObject('maps-locked', async (object) => {
      const slots = object.map('slots', ArrayMap<Pair>)
      slots.set(1, new Uint8Array(16).fill(0xff))
      expect(slots.get(1, { raw: true })!.subarray(8, 12)).toEqual(new Uint8Array(4))
      slots.set(1, pair(1))
      expect((await runOnPacket(object, 'add_both')).returnValue).toBe(0)
    }))
})

describe('{ lock: true }', () => {
  it('reads and writes entries of a hash one by one, in bulk and as a whole', () =>
    withObject('maps-locked', (object) => {
      const pairs = object.map('pairs', HashMap<number, Pair>)
      expect(pairs.get(1, LOCKED)).toBeUndefined()
      expect(pairs.set(1, pair(1), { lock: true, if: 'present' })).toBe(false)
      expect(pairs.set(1, pair(1), LOCKED)).toBe(true)
      expect(pairs.set(1, pair(9), { lock: true, if: 'absent' })).toBe(false)
      expect(pairs.get(1, LOCKED)).toEqual(pair(1))
      expect(pairs.get(1, { lock: true, raw: true })).toEqual(pairs.get(1, { raw: true }))

      const entries = [2, 3, 4].map((key): [number, Pair] => [key, pair(key)])
      expect(pairs.setMany(entries, LOCKED)).toBe(3)
      expect(
        pairs.setMany(
          [
            [4, pair(40)],
            [5, pair(5)],
          ],
          { lock: true, if: 'absent' },
        ),
      ).toBe(1)
      expect(pairs.getMany([2, 7], LOCKED)).toEqual([pair(2), undefined])

      const all = [1, 2, 3, 4, 5].map((key): [number, Pair] => [key, pair(key)])
      const inOrder = (found: Iterable<[number | Uint8Array, Pair]>) =>
        [...found].sort(([a], [b]) => Number(a) - Number(b))
      expect(inOrder(pairs.entries(LOCKED))).toEqual(all)
      expect(inOrder(pairs.toArray(LOCKED))).toEqual(all)
      expect(inOrder(pairs.toMap(LOCKED))).toEqual(all)
      expect([...pairs.values(LOCKED)]).toHaveLength(5)
      let sum = 0
      pairs.forEach(({ right }) => {
        sum += right
      }, LOCKED)
      expect(sum).toBe(15)
      if (!olderThan('5.14')) expect(pairs.take(5, LOCKED)).toEqual(pair(5))
      else pairs.delete(5)
      expect(inOrder(pairs.drain(LOCKED))).toEqual(all.slice(0, 4))
      expect(pairs.count()).toBe(0)
    }))

  it('gives no value that a program has half changed', () =>
    withObject('maps-locked', async (object) => {
      const slots = object.map('slots', ArrayMap<Pair>)
      let running = true
      const runs = runOnPacket(object, 'add_both', 1_000_000).finally(() => {
        running = false
      })
      let seen = 0
      while (running) {
        for (let read = 0; read < 2000; read++) {
          const { left, right } = slots.get(1, LOCKED)!
          if (Number(left) !== right) expect.unreachable(`${left} beside ${right}`)
          seen = right
        }
        for (const { left, right } of slots.values(LOCKED)) expect(Number(left)).toBe(right)
        await new Promise(setImmediate)
      }
      expect((await runs).returnValue).toBe(0)
      expect(seen).toBeGreaterThan(0)
      expect(slots.get(1)).toEqual(pair(1_000_000))
    }))

  it('writes no value that a program could see by halves', () =>
    withObject('maps-locked', async (object) => {
      const slots = object.map('slots', ArrayMap<Pair>)
      let running = true
      const runs = runOnPacket(object, 'add_both', 1_000_000).finally(() => {
        running = false
      })
      while (running) {
        for (let number = 0; number < 2000; number++) slots.set(1, pair(number), LOCKED)
        slots.setMany([[1, pair(7)]], LOCKED)
        await new Promise(setImmediate)
      }
      await runs
      expect(object.globals.torn).toBe(0n)
    }))

  it('is refused with a reason where values have no lock', () =>
    withObject('maps-locked', (object) => {
      const plain = object.map('plain', HashMap<number, bigint>)
      plain.set(1, 1n)
      using lru = createMap({ type: 'lru_hash', key: u32, value: u64, maxEntries: 4 })
      using perCpu = createMap({ type: 'percpu_hash', key: u32, value: u64, maxEntries: 4 })
      lru.set(1, 1n)
      perCpu.set(1, Array<bigint>(possibleCpus()).fill(1n))
      for (const map of [plain, lru, perCpu] as HashMap<number, unknown>[]) {
        const value = map.get(1)!
        expect(() => map.get(1, LOCKED)).toThrowError(noLock)
        expect(() => map.set(1, value, LOCKED)).toThrowError(noLock)
        expect(() => map.toArray(LOCKED)).toThrowError(noLock)
        expect(() => [...map.entries(LOCKED)]).toThrowError(noLock)
      }
      expect(() => plain.setMany([[1, 2n]], LOCKED)).toThrowError(
        expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT', done: 0 }),
      )
      expect(() => plain.drain(LOCKED)).toThrowError(noLock)
      if (!olderThan('5.14')) expect(() => plain.take(1, LOCKED)).toThrowError(noLock)
      expect(plain.toArray()).toEqual([[1, 1n]])
    }))

  it('is a boolean', () =>
    withObject('maps-locked', (object) => {
      const pairs = object.map('pairs', HashMap<number, Pair>)
      const bad = { lock: 1 } as never
      const calls = [
        () => pairs.get(1, bad),
        () => pairs.set(1, pair(1), bad),
        () => pairs.setMany([], bad),
        () => [...pairs.values(bad)],
        () => pairs.forEach(() => {}, bad),
        () => pairs.take(1, bad),
        () => pairs.drain(bad),
      ]
      for (const call of calls) {
        expect(call).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT', name: 'TypeError' }))
      }
      expect(pairs.set(1, pair(1), { lock: false })).toBe(true)
    }))
})

describe('a timer in a value', () => {
  it.skipIf(olderThan('5.15'))('is no field of it, and keeps going when the value is written', () =>
    withObject(
      'maps-timers',
      async (object) => {
        const alarms = object.map('alarms', ArrayMap<{ rings: number; period: number }>)
        expect(alarms.get(1)).toEqual({ rings: 0, period: 0 })
        for (const rings of [1, 101]) {
          expect((await runOnPacket(object, 'start')).returnValue).toBe(0)
          const deadline = performance.now() + 10_000
          while (alarms.get(1)!.rings !== rings && performance.now() < deadline) await sleep(1)
          expect(alarms.get(1)!.rings).toBe(rings)
          alarms.set(1, { rings: 100, period: 5 })
        }
        expect(alarms.get(1)).toEqual({ rings: 100, period: 5 })
      },
      { programs: { start: { autoload: true } } },
    ),
  )

  it('leaves a value that is nothing else an empty object', () =>
    withObject('maps-timers', (object) => {
      const bare = object.map('bare', HashMap<number, object>)
      bare.set(1, {})
      expect(bare.get(1)).toEqual({})
      expect(() => bare.set(1, { timer: {} })).toThrowError('value has no field "timer"')
    }))
})

it('a pointer that programs keep is no field of its value', () =>
  withObject('maps-timers', (object) => {
    const held = object.map('held', HashMap<number, { since: bigint }>)
    held.set(1, { since: 5n })
    expect(held.get(1)).toEqual({ since: 5n })
    expect(held.get(1, { raw: true })).toHaveLength(16)
  }))
