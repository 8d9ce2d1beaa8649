/** Writing and deleting many entries by few system calls. */
import { constants } from 'node:os'
import { type Memory, createBuffer, createMemory, roundUpTo8 } from '../btf/memory.ts'
import { hasNoBatches } from './walk.ts'

const { ENOENT } = constants.errno

/** How a bulk operation works on entries that lie one behind the other. Sizes are bytes. */
export interface BulkCalls<Item> {
  keySize: number
  entrySize: number
  maxEntries: number
  encode(item: Item, keys: Memory, values: Memory, index: number): void
  /** The kernel's batch call, if there is one. `control[0]`: entries wanted, then done. */
  batch?: ((keys: Uint8Array, values: Uint8Array, control: Uint32Array) => number) | undefined
  /** The call for a single entry. */
  single(key: Uint8Array, value: Uint8Array): number
  /** Whether an entry that was refused with this status is passed over, as one that there was nothing to do for. */
  passes(status: number): boolean
  /** The error for an entry that is not. */
  fail(status: number, done: number): Error
}

const CHUNK_ENTRIES = 4096
const CHUNK_BYTES = 4 << 20

/**
 * Encodes a chunk of items before the first system call for it, so that a bad item changes nothing of its chunk.
 *
 * Where a batch call stops, the entry it stopped at is done singly: that either works (no batches in this kernel, or for
 * this map type) or tells what is wrong with that entry.
 *
 * @returns how many were done, without those passed over
 */
export function inBulk<Item>(items: Iterable<Item>, calls: BulkCalls<Item>): number {
  const { keySize, entrySize } = calls
  const most = Math.floor(CHUNK_BYTES / (keySize + entrySize))
  const capacity = Math.max(1, Math.min(CHUNK_ENTRIES, calls.maxEntries, most))
  const keys = createMemory(createBuffer(roundUp(capacity * keySize)))
  const values = createMemory(createBuffer(roundUp(capacity * entrySize)))
  const control = new Uint32Array(2)
  let { batch } = calls
  let before = 0
  let passedOver = 0

  const single = (index: number): number => {
    const key = keys.u8.subarray(index * keySize, (index + 1) * keySize)
    const status = calls.single(key, values.u8.subarray(index * entrySize, (index + 1) * entrySize))
    if (status === 0) return status
    if (!calls.passes(status)) throw calls.fail(status, before + index - passedOver)
    passedOver++
    return status
  }

  const flush = (count: number): void => {
    let index = 0
    try {
      while (index < count && batch !== undefined) {
        control[0] = count - index
        const status = batch(keys.u8.subarray(index * keySize), values.u8.subarray(index * entrySize), control)
        const done = control[0]
        index += done
        if (index === count) break
        // Only an entry's own call says ENOENT.
        if (status === -ENOENT && calls.passes(status)) passedOver++
        else if (single(index) === 0 && done === 0 && hasNoBatches(status)) batch = undefined
        index++
      }
      for (; index < count; index++) single(index)
    } catch (error) {
      // Such as that the items closed the map when they were asked for.
      if (!('done' in (error as Error))) Object.assign(error as Error, { done: before + index - passedOver })
      throw error
    }
    before += count
  }

  let pending = 0
  for (const item of items) {
    try {
      calls.encode(item, keys, values, pending)
    } catch (error) {
      throw withPlace(error, before, pending, before - passedOver)
    }
    if (++pending === capacity) {
      flush(pending)
      pending = 0
    }
  }
  flush(pending)
  return before - passedOver
}

const roundUp = (size: number): number => Math.max(8, roundUpTo8(size))

/** Says which item is wrong: whole chunks before it may have been done. */
export function withPlace(error: unknown, before: number, pending: number, done: number): unknown {
  if (error instanceof Error) {
    const said = before === 0 ? 'nothing was done' : `${before} items before it were done`
    error.message = `item ${before + pending}: ${error.message} (${said})`
    Object.assign(error, { done })
  }
  return error
}
