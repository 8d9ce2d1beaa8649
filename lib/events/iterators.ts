/** `for await` over the batches and the records of a stream. */
import type { Failure } from './record-consumer.ts'
import { loopTurn } from './loop-turn.ts'
import { Turns } from './turns.ts'

/** Starts a consumer that calls `handler` with each batch. */
export type Start<B> = (handler: (batch: B) => unknown, onEnd: (failure?: Failure) => void) => { close(): void }

/** The records of a batch that are not given out yet; what is not, is not handed over. */
interface OneByOne<T> {
  next(): IteratorResult<T, undefined>
}

interface Waiter<T> {
  promise: Promise<IteratorResult<T, undefined>>
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

const DONE: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined })

/** Records between two looks at the clock. */
const RECORDS_BETWEEN_LOOKS = 64

/** A batch is the caller's until the next call of `next` or `return`. The stream starts with the first `next`. */
export class BatchIterator<B> implements AsyncIterableIterator<B, undefined, undefined> {
  readonly #start: Start<B>
  readonly #turns = new Turns()
  #consumer: { close(): void } | undefined
  #waiter: Waiter<B> | undefined
  /** Tells the consumer that the caller is done with its batch. */
  #release: (() => void) | undefined
  #ended = false
  #failure: Failure | undefined

  constructor(start: Start<B>) {
    this.#start = start
  }

  next(): Promise<IteratorResult<B, undefined>> {
    return this.#turns.take(this.#next)
  }

  readonly #next = (): Promise<IteratorResult<B, undefined>> => {
    if (this.#ended) return this.#end()
    const waiter = createWaiter<B>()
    this.#waiter = waiter
    this.#release?.()
    try {
      this.#consumer ??= this.#start(this.#handle, this.#onEnd)
    } catch (error) {
      this.#onEnd({ error })
    }
    return waiter.promise
  }

  async return(): Promise<IteratorResult<B, undefined>> {
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

  readonly #handle = (batch: B): Promise<void> => {
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

  readonly #onEnd = (failure?: Failure): void => {
    this.#ended = true
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) this.#failure = failure
    else if (failure === undefined) waiter.resolve(DONE)
    else waiter.reject(failure.error)
  }

  /** A failure that came while nobody waited is told once. */
  #end(): Promise<IteratorResult<never, undefined>> {
    const failure = this.#failure
    this.#failure = undefined
    return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure.error)
  }
}

/** Gives the records of each batch one by one; leaving the loop leaves the records behind the last one in the ring. */
export class RecordIterator<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #batches: BatchIterator<OneByOne<T>>
  readonly #turns = new Turns()
  #batch: OneByOne<T> | undefined
  /** A loop over records that are there never leaves the microtasks by itself, so it looks now and then whether it has to. */
  #untilLook = RECORDS_BETWEEN_LOOKS

  constructor(start: Start<OneByOne<T>>) {
    this.#batches = new BatchIterator((handler, onEnd) =>
      start(handler, (failure) => {
        this.#batch = undefined
        onEnd(failure)
      }),
    )
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#turns.idle && this.#batch !== undefined && --this.#untilLook > 0) {
      try {
        const result = this.#batch.next()
        if (!result.done) return Promise.resolve(result)
      } catch (error) {
        return this.#turns.take(() => this.#fail(error))
      }
    }
    return this.#turns.take(this.#next)
  }

  readonly #next = async (): Promise<IteratorResult<T, undefined>> => {
    this.#untilLook = RECORDS_BETWEEN_LOOKS
    if (this.#batch !== undefined && loopTurn.over) await loopTurn.next()
    for (;;) {
      try {
        const result = this.#batch?.next()
        if (result?.done === false) return result
      } catch (error) {
        return this.#fail(error)
      }
      this.#batch = undefined
      const { done, value } = await this.#batches.next()
      if (done) return DONE
      this.#batch = value
    }
  }

  /** `for await` does not call return() after a failing next(): the ring must not stay taken. */
  async #fail(error: unknown): Promise<never> {
    await this.return()
    throw error
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
