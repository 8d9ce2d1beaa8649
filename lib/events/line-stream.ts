/** Lines of text that the kernel keeps until somebody takes them, and that nothing announces: looked at now and then. */
import { addAbortListener } from 'node:events'
import { integer } from '../arguments.ts'
import { Turns } from './turns.ts'

export interface LineOptions {
  /** Ends the stream: the iteration rejects with the signal's reason. */
  signal?: AbortSignal
  /** The longest that a line waits while somebody asks for it, in milliseconds; 100 by default. */
  maxLatencyMs?: number
}

/** Where lines come from. */
export interface LineSource<T> {
  /** Nothing will come any more. */
  readonly ended: boolean
  /** The next line that was read, if any. */
  shift(): T | undefined
  /** Reads what is there now; false when there is nothing. */
  fill(): boolean
  /** Nothing has come for a while: a line that has begun is taken for whole. */
  flush(): void
  /** Nobody reads any more. */
  release(): void | Promise<void>
}

const DEFAULT_MAX_LATENCY_MS = 100

const DONE: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined })

/**
 * Lines as an async iterable. It looks for new ones only while somebody waits for one; until then they stay in the
 * kernel, as many as fit there. While it waits it keeps the process running.
 */
export class LineStream<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #source: LineSource<T>
  readonly #maxLatencyMs: number
  readonly #turns = new Turns()
  readonly #listener: Disposable | undefined
  #wake: (() => void) | undefined
  #closing: Promise<void> | undefined
  #failure: { error: unknown } | undefined

  /** @internal */
  constructor(source: LineSource<T>, options: LineOptions) {
    const { signal } = options
    this.#source = source
    this.#maxLatencyMs = maxLatencyOf(options)
    if (signal !== undefined) this.#listener = addAbortListener(signal, () => this.#abort(signal.reason))
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#turns.take(this.#next)
  }

  readonly #next = async (): Promise<IteratorResult<T, undefined>> => {
    const source = this.#source
    for (let quiet = false; ; ) {
      if (this.#closing !== undefined) return await this.#end()
      const line = source.shift()
      if (line !== undefined) return { done: false, value: line }
      if (source.ended) return await this.return()
      try {
        if (source.fill()) {
          quiet = false
          // The kernel may have more than one turn should take.
          await new Promise(setImmediate)
          continue
        }
      } catch (error) {
        // `for await` does not call return() after a failing next().
        await this.close()
        throw error
      }
      if (quiet) source.flush()
      else await this.#pause()
      quiet = !quiet
    }
  }

  /** Ends the stream; a `next()` that waits ends with it. A second call does nothing but wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.close()
    return DONE
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#listener?.[Symbol.dispose]()
    this.#wake?.()
    await this.#source.release()
  }

  #abort(reason: unknown): void {
    if (this.#closing !== undefined) return
    this.#failure = { error: reason }
    // Whoever waits is told of it.
    this.close().catch(() => {})
  }

  /** Why it was aborted is told once. */
  async #end(): Promise<IteratorResult<never, undefined>> {
    await this.#closing
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
    return DONE
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), this.#maxLatencyMs)
      this.#wake = () => {
        this.#wake = undefined
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** @throws TypeError or RangeError, and what an aborted signal says */
export function maxLatencyOf({ signal, maxLatencyMs }: LineOptions): number {
  const checked = integer(maxLatencyMs ?? DEFAULT_MAX_LATENCY_MS, 'maxLatencyMs', 1, 0x7fff_ffff)
  signal?.throwIfAborted()
  return checked
}
