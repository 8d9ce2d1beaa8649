/** What a walk over a map promises while other threads set and delete entries. */
import { afterEach, describe, expect, it } from 'vitest'
import { type KeyedMap, bytes, createMap, possibleCpus, struct, u32 } from '../../lib/index.ts'
import { TestWorker } from '../support/worker.ts'

const ENTRIES = 10_000
const WALKS = 5

/** The length of a prefix of 32 bits, in front of them. */
const WHOLE = [...bytesOf(32)]

function bytesOf(number: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(number).buffer)
}

const workers: TestWorker[] = []

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]()
})

/** Sets and deletes keys of its own, `first` and above, as fast as it can; all keys and values are bytes. */
async function churn(map: KeyedMap<never, never>, first: number, prefix: number[], valueSize: number): Promise<void> {
  const { worker } = await TestWorker.start(`
    const map = openMap({ fd: ${map.fd} }, { raw: true })
    const keys = Array.from({ length: 500 }, (_, index) => {
      const number = ${first} + index * 7919
      return new Uint8Array([${prefix.map((byte) => `${byte}, `).join('')}...new Uint8Array(Uint32Array.of(number).buffer)])
    })
    const value = new Uint8Array(${valueSize})
    parentPort.postMessage('ready')
    for (;;) {
      for (const key of keys) map.set(key, value)
      for (const key of keys) map.delete(key)
      await sleep(0)
    }
  `)
  workers.push(worker)
}

/** Each number below ENTRIES, once; no other number twice. Gives how many others there were. */
function expectOnce(numbers: readonly number[]): number {
  const seen = new Set(numbers)
  expect(seen.size, 'keys that came twice').toBe(numbers.length)
  let missed = 0
  for (let number = 0; number < ENTRIES; number++) if (!seen.has(number)) missed++
  expect(missed, 'untouched keys that did not come').toBe(0)
  return seen.size - ENTRIES
}

describe('while two other threads set and delete, every other key comes once', () => {
  it('of a hash', async () => {
    using map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 65_536 })
    map.setMany(Array.from({ length: ENTRIES }, (_, key) => [key, key] as const))
    for (const first of [1_000_000, 30_000_000]) await churn(map as never, first, [], 4)
    let others = 0
    for (let walk = 0; walk < WALKS; walk++) {
      others += expectOnce(map.toArray().map(([key]) => key))
      others += expectOnce([...map.keys()])
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(others, 'the other threads did nothing').toBeGreaterThan(0)
  })

  it('of a hash with the values of all CPUs', async () => {
    const each = Array.from({ length: possibleCpus() }, () => 7)
    using map = createMap({ type: 'percpu_hash', key: u32, value: u32, maxEntries: 65_536 })
    map.setMany(Array.from({ length: ENTRIES }, (_, key) => [key, each] as const))
    for (const first of [1_000_000, 30_000_000]) await churn(map as never, first, [], possibleCpus() * 8)
    let others = 0
    for (let walk = 0; walk < WALKS; walk++) {
      others += expectOnce([...map.keys()])
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(others, 'the other threads did nothing').toBeGreaterThan(0)
  })

  it('of a trie', async () => {
    const key = struct({ prefixlen: u32, data: bytes(4) }, { packed: true })
    using map = createMap({ type: 'lpm_trie', key, value: u32, maxEntries: 65_536 })
    for (let number = 0; number < ENTRIES; number++) map.set(Uint8Array.of(...WHOLE, ...bytesOf(number)), number)
    for (const first of [1_000_000, 30_000_000]) await churn(map as never, first, WHOLE, 4)
    let others = 0
    for (let walk = 0; walk < WALKS; walk++) {
      others += expectOnce([...map.keys({ raw: true })].map(({ buffer }) => new Uint32Array(buffer)[1]!))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(others, 'the other threads did nothing').toBeGreaterThan(0)
  })
})
