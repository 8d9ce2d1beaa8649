/** Putting many maps into a map of maps, or taking many out. */
import type { Handle, Outcome } from '../binding.ts'
import type { BpfMap } from './map.ts'
import { withPlace } from './bulk.ts'
import { hasNoBatches } from './walk.ts'

/** A key's bytes and the map that is put there; none is taken out. */
export interface NestedEntry {
  key: Uint8Array
  map: BpfMap | undefined
}

export interface NestedBulkCalls<Item> {
  /** Bytes. */
  keySize: number
  entry(item: Item): NestedEntry
  /** The kernel's batch call, if there is one for this. */
  batch: ((keys: Uint8Array, inner: Uint32Array) => Promise<Outcome<{ done: number; status: number }>>) | undefined
  /** Whether it was done, or passed over. @throws the error of an entry that cannot be done */
  single(entry: NestedEntry): Promise<boolean>
}

/** Each needs a descriptor of its own for the length of a call: a process has a thousand, often. */
const CHUNK_ENTRIES = 256

/**
 * Reads a chunk of items before the first call for it. Where a batch stops, the entry it stopped at is done singly: that either works
 * or tells what is wrong with it.
 *
 * @returns how many were done, without those passed over; an error has it as its `done`
 */
export async function inNestedBulk<Item>(items: Iterable<Item>, calls: NestedBulkCalls<Item>): Promise<number> {
  const { keySize } = calls
  let { batch } = calls
  let done = 0
  let before = 0
  let chunk: NestedEntry[] = []

  const flush = async (): Promise<void> => {
    const entries = chunk
    chunk = []
    let index = 0
    while (index < entries.length && batch !== undefined) {
      const rest = entries.slice(index)
      const keys = new Uint8Array(rest.length * keySize)
      for (const [place, { key }] of rest.entries()) keys.set(key, place * keySize)
      const { value } = await batch(keys, handlesOf(rest))
      const { done: put, status } = value ?? { done: 0, status: 0 }
      index += put
      done += put
      if (index === entries.length) break
      const worked = await calls.single(entries[index]!)
      if (worked) done++
      if (worked && put === 0 && hasNoBatches(status)) batch = undefined
      index++
    }
    for (const entry of entries.slice(index)) if (await calls.single(entry)) done++
    before += entries.length
  }

  try {
    for (const item of items) {
      try {
        chunk.push(calls.entry(item))
      } catch (error) {
        throw withPlace(error, before, chunk.length, done)
      }
      if (chunk.length === CHUNK_ENTRIES) await flush()
    }
    await flush()
  } catch (error) {
    throw Object.assign(error as Error, { done })
  }
  return done
}

function handlesOf(entries: readonly NestedEntry[]): Uint32Array {
  return Uint32Array.from(
    entries.filter(({ map }) => map !== undefined),
    ({ map }): Handle => (map as BpfMap).borrow('put it into another'),
  )
}
