/** Writing and deleting many entries by few system calls. */
import { type Memory, createMemory } from '../btf/memory.ts'

/** How a bulk operation works on entries that lie one behind the other. Sizes are bytes. */
export interface BulkCalls<Item> {
  keySize: number
  entrySize: number
  maxEntries: number
  encode(item: Item, keys: Memory, values: Memory, index: number): void
  /** The kernel's batch call. `control[0]`: entries wanted, then done. */
  batch(keys: Uint8Array, values: Uint8Array, control: Uint32Array): number
  /** One entry, by the call for single entries. @throws EbpfError with `done` in its hint. */
  single(key: Uint8Array, value: Uint8Array, done: number): void
}

const CHUNK_ENTRIES = 4096

/**
 * Encodes a chunk of items before the first system call for it, so that a bad item changes nothing of its chunk.
 *
 * Where a batch call stops, the entry it stopped at is done singly: that either works (no batches in this kernel, or for
 * this map type) or tells what is wrong with that entry.
 */
export function inBulk<Item>(items: Iterable<Item>, calls: BulkCalls<Item>): void {
  const { keySize, entrySize } = calls
  const capacity = Math.max(1, Math.min(CHUNK_ENTRIES, calls.maxEntries))
  const keys = createMemory(new ArrayBuffer(roundUp(capacity * keySize)))
  const values = createMemory(new ArrayBuffer(roundUp(capacity * entrySize)))
  const control = new Uint32Array(2)
  let total = 0

  const flush = (count: number): void => {
    let done = 0
    while (done < count) {
      const wanted = count - done
      control[0] = wanted
      const status = calls.batch(keys.u8.subarray(done * keySize), values.u8.subarray(done * entrySize), control)
      // A call that the kernel does not know leaves the count as it was.
      done += status < 0 && control[0] === wanted ? 0 : (control[0] as number)
      if (done === count) break
      const key = keys.u8.subarray(done * keySize, (done + 1) * keySize)
      const value = values.u8.subarray(done * entrySize, (done + 1) * entrySize)
      calls.single(key, value, total + done)
      done++
    }
    total += count
  }

  let pending = 0
  for (const item of items) {
    try {
      calls.encode(item, keys, values, pending)
    } catch (error) {
      throw withPlace(error, total, pending)
    }
    if (++pending === capacity) {
      flush(pending)
      pending = 0
    }
  }
  flush(pending)
}

const roundUp = (size: number): number => Math.max(8, (size + 7) & ~7)

/** Says which item is wrong: whole chunks before it may have been done. */
function withPlace(error: unknown, done: number, pending: number): unknown {
  if (error instanceof Error) {
    const before = done === 0 ? 'nothing was done' : `${done} items before it were done`
    error.message = `item ${done + pending}: ${error.message} (${before})`
  }
  return error
}
