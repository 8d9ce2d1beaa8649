/** `for await` over the batches and the records of a stream. */
import type { Batch } from './batch.ts'
import type { BatchHandler } from './ring-consumer.ts'

/** Starts a consumer; the returned function ends it. */
export type Start<T> = (handler: BatchHandler<T>, onEnd: (error?: unknown) => void) => { close(): void }

interface Waiter<T> {
  promise: Promise<IteratorResult<T, undefined>>
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

const DONE: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined })

/** A batch is the caller's until the next call of `next` or `return`. The stream starts with the first `next`. */
export class BatchIterator<T> implements AsyncIterableIterator<Batch<T>, undefined, undefined> {
  readonly #start: Start<T>
  #consumer: { close(): void } | undefined
  #waiter: Waiter<Batch<T>> | undefined
  /** Tells the consumer that the caller is done with its batch. */
  #release: (() => void) | undefined
  #ended = false
  #error: { value: unknown } | undefined

  constructor(start: Start<T>) {
    this.#start = start
  }

  next(): Promise<IteratorResult<Batch<T>, undefined>> {
    if (this.#waiter !== undefined) return this.#waiter.promise.then(() => this.next())
    if (this.#ended) return this.#end()
    const waiter = createWaiter<Batch<T>>()
    this.#waiter = waiter
    this.#release?.()
    try {
      this.#consumer ??= this.#start(this.#handle, this.#onEnd)
    } catch (error) {
      this.#onEnd(error)
    }
    return waiter.promise
  }

  async return(): Promise<IteratorResult<Batch<T>, undefined>> {
    this.#ended = true
    this.#consumer?.close()
    return DONE
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  readonly #handle = (batch: Batch<T>): Promise<void> => {
    const released = new Promise<void>((resolve) => {
      this.#release = () => {
        this.#release = undefined
        resolve()
      }
    })
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.resolve({ done: false, value: batch })
    return released
  }

  readonly #onEnd = (error?: unknown): void => {
    this.#ended = true
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) {
      if (error !== undefined) this.#error = { value: error }
    } else if (error === undefined) {
      waiter.resolve(DONE)
    } else {
      waiter.reject(error)
    }
  }

  /** An error that came while nobody waited is told once. */
  #end(): Promise<IteratorResult<never, undefined>> {
    const error = this.#error
    this.#error = undefined
    return error === undefined ? Promise.resolve(DONE) : Promise.reject(error.value)
  }
}

/** Gives the records of each batch one by one; leaving the loop leaves the records behind the last one in the ring. */
export class RecordIterator<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #batches: BatchIterator<T>
  #batch: Batch<T> | undefined

  constructor(start: Start<T>) {
    this.#batches = new BatchIterator((handler, onEnd) =>
      start(
        (batch) => handler(batch.countOneByOne()),
        (error) => {
          this.#batch = undefined
          onEnd(error)
        },
      ),
    )
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#batch !== undefined) {
      try {
        const result = this.#batch.next()
        if (!result.done) return Promise.resolve(result)
      } catch (error) {
        // `for await` does not call return() after a failing next(): the ring must not stay taken.
        return this.return().then(() => Promise.reject(error))
      }
    }
    this.#batch = undefined
    return this.#advance()
  }

  async #advance(): Promise<IteratorResult<T, undefined>> {
    const { done, value } = await this.#batches.next()
    if (done) return DONE
    this.#batch = value
    return this.next()
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.#batches.return()
    this.#batch = undefined
    return DONE
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}

function createWaiter<T>(): Waiter<T> {
  let resolve!: Waiter<T>['resolve']
  let reject!: Waiter<T>['reject']
  const promise = new Promise<IteratorResult<T, undefined>>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
