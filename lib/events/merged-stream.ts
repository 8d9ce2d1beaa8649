import { addAbortListener } from 'node:events'
import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { inspectBriefly, optionsObject } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { RecordReadable, webStream } from './adapters.ts'
import type { Batch } from './batch.ts'
import { BatchIterator, RecordIterator } from './iterators.ts'
import { type Failure, isPromise } from './record-consumer.ts'
import type { StreamOptions, StreamStatistics, Subscription } from './stream.ts'
import { createSubscription } from './subscription.ts'
import { Turns } from './turns.ts'

/** What can be merged: a {@link RingBuffer}, or a {@link RecordStream} of one. */
export interface MergeableStream extends AsyncIterable<unknown> {
  // biome-ignore lint/suspicious/noExplicitAny: a batch of any records
  subscribe(handler: (batch: any) => unknown, options?: StreamOptions): Subscription
  flush(): Promise<void>
  stats(): StreamStatistics
}

/** Streams by the names that their records are told apart by. */
export type MergeableStreams = Readonly<Record<string, MergeableStream>>

type RecordOf<S> = S extends AsyncIterable<infer T> ? T : never

/** A record and the name of the stream that it is from. */
export type MergedRecord<S extends MergeableStreams> = {
  [K in keyof S & string]: { source: K; record: RecordOf<S[K]> }
}[keyof S & string]

/** A batch and the name of the stream that it is from: records of several streams never share one. */
export type MergedBatch<S extends MergeableStreams> = {
  [K in keyof S & string]: { source: K; batch: Batch<RecordOf<S[K]>> }
}[keyof S & string]

type PartHandler = (source: string, batch: Batch<unknown>, part: Subscription) => unknown

const METHODS = ['subscribe', 'flush', 'stats'] as const

/** One handler for several streams. While its promise is pending, the others wait for their turn as well. */
class MergedConsumer {
  readonly #handler: PartHandler
  readonly #onEnd: (failure?: Failure) => void
  readonly #parts = new Map<string, Subscription>()
  readonly #turns = new Turns()
  readonly #listener: Disposable | undefined
  #closed = false

  constructor(
    streams: MergeableStreams,
    handler: PartHandler,
    { signal, ...pace }: StreamOptions,
    onEnd: (failure?: Failure) => void,
  ) {
    this.#handler = handler
    this.#onEnd = onEnd
    signal?.throwIfAborted()
    try {
      for (const [source, stream] of Object.entries(streams)) this.#start(source, stream, pace)
    } catch (error) {
      this.#closed = true
      this.#closeParts()
      throw error
    }
    if (signal !== undefined) this.#listener = addAbortListener(signal, () => this.close({ error: signal.reason }))
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Names of the streams that have not ended. */
  get sources(): Iterable<string> {
    return this.#parts.keys()
  }

  close(failure?: Failure): void {
    if (this.#closed) return
    this.#closed = true
    this.#closeParts()
    this.#listener?.[Symbol.dispose]()
    this.#onEnd(failure)
  }

  #start(source: string, stream: MergeableStream, pace: StreamOptions): void {
    const part = stream.subscribe((batch: Batch<unknown>) => this.#hand(source, batch, part), pace)
    this.#parts.set(source, part)
    const end = (): void => {
      this.#parts.delete(source)
      if (this.#parts.size === 0) this.close()
    }
    part.finished.then(end, (error) => this.close({ error }))
  }

  #hand(source: string, batch: Batch<unknown>, part: Subscription): unknown {
    const call = (): unknown => (part.closed ? undefined : this.#handler(source, batch, part))
    if (!this.#turns.idle) {
      // What still waits for its turn when the stream is closed was not handed over.
      batch.countOneByOne()
      return this.#turns.take(() => {
        batch.countWhole()
        return this.#settled(call)
      })
    }
    try {
      const result = call()
      return isPromise(result) ? this.#turns.take(() => this.#settled(() => result)) : undefined
    } catch (error) {
      this.close({ error })
      return undefined
    }
  }

  /** A failure ends the stream before another part has its turn. */
  async #settled(call: () => unknown): Promise<void> {
    try {
      await call()
    } catch (error) {
      this.close({ error })
    }
  }

  #closeParts(): void {
    for (const part of this.#parts.values()) part.close()
  }
}

/**
 * Several streams as one. Each keeps its own order; among them there is none but that of arrival. What ends one, such as
 * closing its map, leaves the others running; the last ends this stream. A failure of one ends all.
 */
export class MergedStream<S extends MergeableStreams> implements AsyncIterable<MergedRecord<S>> {
  readonly #streams: S
  readonly #consumers = new Set<MergedConsumer>()

  /** @internal */
  constructor(streams: S) {
    this.#streams = streams
  }

  /**
   * Calls `handler` with each batch and the name of its stream. When the handler returns a promise, all streams wait for
   * it. An error ends the subscription and rejects its `finished`.
   *
   * @throws EbpfError ERR_EBPF_BUSY when one of the rings has a consumer already; then none is started
   */
  subscribe(handler: (part: MergedBatch<S>) => unknown, options: StreamOptions = {}): Subscription {
    if (typeof handler !== 'function') {
      throw invalidArgument(`handler must be a function, not ${inspectBriefly(handler)}`)
    }
    const call: PartHandler = (source, batch) => handler({ source, batch } as unknown as MergedBatch<S>)
    return createSubscription((onEnd) => this.#consume(call, options, onEnd), options.signal)
  }

  /** Batches as an async iterable; each is valid until the next one is asked for. */
  batches(options: StreamOptions = {}): AsyncIterableIterator<MergedBatch<S>, undefined, undefined> & AsyncDisposable {
    return new BatchIterator<MergedBatch<S>>((handler, onEnd) =>
      this.#consume((source, batch) => handler({ source, batch } as unknown as MergedBatch<S>), options, onEnd),
    )
  }

  /** Records as an async iterable. What was not handed over when the loop is left stays in rings; perf buffers are closed with it. */
  records(options: StreamOptions = {}): AsyncIterableIterator<MergedRecord<S>, undefined, undefined> & AsyncDisposable {
    return this.#records(options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<MergedRecord<S>, undefined, undefined> {
    return this.#records({})
  }

  /** See {@link RecordStream.readable}. */
  readable(options: StreamOptions = {}): Readable {
    return new RecordReadable(this.#records(options))
  }

  /** See {@link RecordStream.web}. */
  web(options: StreamOptions = {}): ReadableStream<MergedRecord<S>> {
    return webStream(this.#records(options))
  }

  /**
   * Hands over what is in all rings now, and resolves when it was handled; of rings that were closed since, nothing.
   *
   * @throws EbpfError ERR_EBPF_CLOSED when nobody listens, or when the listener ends before; the error that ended it, if any
   */
  async flush(): Promise<void> {
    const sources = new Set(Array.from(this.#consumers, (consumer) => [...consumer.sources]).flat())
    const listening = Object.entries(this.#streams).filter(([source]) => sources.size === 0 || sources.has(source))
    await Promise.all(listening.map(([, stream]) => stream.flush()))
  }

  /** Counts of each stream, by its name. */
  stats(): { [K in keyof S]: StreamStatistics } {
    const counts = Object.entries(this.#streams).map(([source, stream]) => [source, stream.stats()])
    return Object.fromEntries(counts) as { [K in keyof S]: StreamStatistics }
  }

  #records(options: StreamOptions): RecordIterator<MergedRecord<S>> {
    return new RecordIterator<MergedRecord<S>>((handler, onEnd) =>
      this.#consume((source, batch, part) => handler(oneByOne(source, batch, part)), options, onEnd),
    )
  }

  #consume(handler: PartHandler, options: StreamOptions, onEnd: (failure?: Failure) => void): MergedConsumer {
    const consumer = new MergedConsumer(this.#streams, handler, options, (failure) => {
      this.#consumers.delete(consumer)
      onEnd(failure)
    })
    this.#consumers.add(consumer)
    return consumer
  }
}

/**
 * Several rings as one stream, with one handler or one loop, whose back-pressure holds all of them.
 *
 * @param streams by the names that their records get as `source`
 * @example for await (const { source, record } of mergeStreams({ opens: maps.opens, exits: maps.exits })) { … }
 */
export function mergeStreams<S extends MergeableStreams>(streams: S): MergedStream<S> {
  const entries = Object.entries(optionsObject(streams, 'streams'))
  if (entries.length === 0) throw invalidArgument('streams must name at least one stream')
  for (const [name, stream] of entries) {
    const methods = stream as Partial<MergeableStream> | null | undefined
    if (METHODS.some((method) => typeof methods?.[method] !== 'function')) {
      throw invalidArgument(`streams.${name} must be a RingBuffer or a RecordStream, not ${inspectBriefly(stream)}`)
    }
  }
  return new MergedStream({ ...streams })
}

/** The records that are left of a batch; none once its stream has ended. */
function oneByOne<R>(
  source: string,
  batch: Batch<unknown>,
  part: Subscription,
): { next(): IteratorResult<R, undefined> } {
  batch.countOneByOne()
  return {
    next() {
      if (part.closed) return { done: true, value: undefined }
      const { done, value: record } = batch.next()
      return done ? { done, value: undefined } : { done: false, value: { source, record } as R }
    },
  }
}
