/** Readers of a ring whose records are written slice after slice. */
import type { Batch, RingBuffer } from 'ebpf'
import type { Event } from '../events.ts'

/** Takes the records of a stream, slice after slice. */
export interface Reader {
  /** Resolves when `count` records were read since the last call. */
  read(count: number): Promise<void>
  /** Forgets what it kept: not timed. */
  forget?(): void
  close(): void | Promise<void>
}

/** A subscription; `take` gets each batch. */
export function subscribed(ring: RingBuffer<Event>, take: (batch: Batch<Event>) => void, forget?: () => void): Reader {
  let missing = 0
  let done = (): void => {}
  // Timed drains would only come in between.
  const subscription = ring.subscribe(
    (batch) => {
      take(batch)
      missing -= batch.length
      if (missing === 0) done()
    },
    { maxLatencyMs: 0 },
  )
  return {
    read: (count) => {
      missing = count
      return new Promise((resolve, reject) => {
        done = resolve
        subscription.finished.catch(reject)
      })
    },
    ...(forget && { forget }),
    close: () => subscription.close(),
  }
}
