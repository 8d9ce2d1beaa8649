/** Records as Node's and as the web's streams. */
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'

interface Records<T> {
  next(): Promise<IteratorResult<T, undefined>>
  return(): Promise<unknown>
}

/** No record waits in a stream's own queue: those that nobody asked for stay in the kernel's ring. */
const NO_QUEUE = 0

/** Gives a record for each read; the consumer starts with the first. Destroying it leaves the other records in the ring. */
export class RecordReadable<T> extends Readable {
  readonly #records: Records<T>

  constructor(records: Records<T>) {
    super({ objectMode: true, highWaterMark: NO_QUEUE })
    this.#records = records
  }

  override _read(): void {
    this.#records.next().then(
      ({ done, value }) => this.push(done ? null : value),
      (error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#records.return().then(
      () => callback(error),
      (failure) => callback(error ?? failure),
    )
  }
}

/** Pulls a record for each read; the consumer starts with the first. Cancelling it leaves the other records in the ring. */
export function webStream<T>(records: Records<T>): ReadableStream<T> {
  let cancelled = false
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await records.next()
        if (cancelled) return
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        cancelled = true
        await records.return()
      },
    },
    { highWaterMark: NO_QUEUE },
  )
}
