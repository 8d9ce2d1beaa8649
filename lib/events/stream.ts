import { addAbortListener } from 'node:events'
import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { inspectBriefly, integer } from '../arguments.ts'
import type { RecordCodec } from '../btf/record-codec.ts'
import type { Handle } from '../binding.ts'
import { invalidArgument } from '../errors.ts'
import { RecordReadable, webStream } from './adapters.ts'
import type { Batch } from './batch.ts'
import { BatchIterator, RecordIterator } from './iterators.ts'
import {
  BATCH_RECORDS,
  type BatchHandler,
  type Failure,
  type Pace,
  RecordConsumer,
  streamEndedError,
} from './record-consumer.ts'
import type { RecordSource } from './record-source.ts'
import { createSubscription } from './subscription.ts'

export interface StreamOptions {
  /** Ends the stream: iterations reject with the signal's reason, subscriptions finish. */
  signal?: AbortSignal
  /**
   * The longest that a record submitted without a wake-up (BPF_RB_NO_WAKEUP) waits, in milliseconds; 100 by default, 0 to
   * wait for the next wake-up, however long. With {@link maxRecords}, the longest that any record waits.
   */
  maxLatencyMs?: number
  /**
   * Collects records into batches of so many, from 1 to 4096, for fewer calls. A batch is handed over with fewer when its
   * first record has waited `maxLatencyMs` (which has to be above 0), when the ring is half full, or when the batch has 128
   * KiB. By default records are handed over as they come.
   */
  maxRecords?: number
}

/** A running {@link RecordStream.subscribe}. */
export interface Subscription {
  readonly closed: boolean
  /** Resolves when the subscription was closed; rejects with the error that ended it, such as one that the handler threw. */
  readonly finished: Promise<void>
  /** Ends the subscription, at once. A second call does nothing. */
  close(): void
  [Symbol.dispose](): void
}

export interface StreamStatistics {
  /** Records handed over. */
  records: number
  /** Bytes of ring space that they took, headers included. Of a perf buffer, bytes of its batches. */
  bytes: number
  /** Bytes in the ring now; of a perf buffer, in the fullest CPU's. */
  pending: number
  /** The most bytes that were found in it; of {@link RingBuffer.size} when programs had to drop. */
  maxPending: number
  /**
   * Records that the program could not submit, where it counts them (`EBPF_RINGBUF` of ebpf.h); `undefined` where it does
   * not, since the kernel keeps no such count.
   */
  dropped: number | undefined
  /**
   * Records that a {@link PerfBuffer} had no room for, as the kernel counts them; `undefined` for rings, where it does not.
   * Before Linux 6.0 it tells of losses with the next record that has room.
   */
  lost: number | undefined
}

/** What a stream reads from; `O` is what can be said of a stream that is started. */
export interface StreamSource<O extends StreamOptions = StreamOptions> extends RecordSource {
  consumers: Set<RecordConsumer<unknown>>
  /**
   * Opens the native reader.
   *
   * @throws EbpfError ERR_EBPF_BUSY when there is one already
   */
  open(options: O): Handle
  pending(): number
  lost(): number | undefined
  dropped(): number | undefined
}

const DEFAULT_MAX_LATENCY_MS = 100

/**
 * Records of a ring, in the order in which programs reserved them, or of a perf buffer. It has one consumer at a time in a
 * process, whether that is an iteration or a subscription; starting a second one throws ERR_EBPF_BUSY.
 */
export class RecordStream<T, O extends StreamOptions = StreamOptions> implements AsyncIterable<T> {
  readonly #source: StreamSource<O>
  readonly #codec: RecordCodec<T>

  /** @internal */
  constructor(source: StreamSource<O>, codec: RecordCodec<T>) {
    this.#source = source
    this.#codec = codec
  }

  /**
   * Calls `handler` with each batch: the way with the least cost. When the handler returns a promise, the next batch waits
   * for it, and the records meanwhile stay in the ring. An error ends the subscription and rejects its `finished`.
   *
   * @throws EbpfError ERR_EBPF_BUSY
   */
  subscribe(handler: BatchHandler<T>, options: O = {} as O): Subscription {
    if (typeof handler !== 'function') {
      throw invalidArgument(`handler must be a function, not ${inspectBriefly(handler)}`)
    }
    return createSubscription((onEnd) => this.#consume(handler, options, onEnd), options.signal)
  }

  /** Batches as an async iterable; each is valid until the next one is asked for. */
  batches(options: O = {} as O): AsyncIterableIterator<Batch<T>, undefined, undefined> & AsyncDisposable {
    return new BatchIterator<Batch<T>>((handler, onEnd) => this.#consume(handler, options, onEnd))
  }

  /** Records as an async iterable. What was not handed over when the loop is left stays in a ring; a perf buffer is closed with it. */
  records(options: O = {} as O): AsyncIterableIterator<T, undefined, undefined> & AsyncDisposable {
    return this.#records(options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return this.records()
  }

  /**
   * Records as a Node stream in object mode, for `pipe` and `pipeline`. It queues nothing: destroyed, it leaves the records
   * behind the last that was read in the ring. When the iteration fails, it is destroyed with the error.
   */
  readable(options: O = {} as O): Readable {
    return new RecordReadable(this.#records(options))
  }

  /**
   * Records as a stream of the web, for `pipeTo` and `pipeThrough`. It queues nothing: cancelled, it leaves the records
   * behind the last that was read in the ring. When the iteration fails, so does the stream.
   */
  web(options: O = {} as O): ReadableStream<T> {
    return webStream(this.#records(options))
  }

  /**
   * Hands over what is in the ring now, whether or not programs wake anybody for it, and resolves when all of it was
   * handled. A handler, or the body of a loop, that waits for it waits for itself.
   *
   * @throws EbpfError ERR_EBPF_CLOSED when nobody listens, or when the listener ends before; the error that ended it, if any
   */
  async flush(): Promise<void> {
    const { consumers } = this.#source
    if (consumers.size === 0) throw streamEndedError(this.#source, 'nobody listens to it')
    await Promise.all(Array.from(consumers, (consumer) => consumer.flush()))
  }

  /** Counts since the map was opened by this process. */
  stats(): StreamStatistics {
    const { records, bytes, maxPending } = this.#source.counters
    const pending = this.#source.pending()
    return {
      records,
      bytes,
      pending,
      maxPending: Math.max(maxPending, pending),
      dropped: this.#source.dropped(),
      lost: this.#source.lost(),
    }
  }

  #records(options: O): RecordIterator<T> {
    return new RecordIterator<T>((handler, onEnd) =>
      this.#consume((batch) => handler(batch.countOneByOne()), options, onEnd),
    )
  }

  #consume(handler: BatchHandler<T>, options: O, onEnd: (failure?: Failure) => void): RecordConsumer<T> {
    const { signal } = options
    const pace = paceOf(options)
    signal?.throwIfAborted()
    const { consumers } = this.#source
    let listener: Disposable | undefined
    const reader = this.#source.open(options)
    const consumer = new RecordConsumer(this.#source, reader, this.#codec, handler, pace, (failure) => {
      consumers.delete(consumer as RecordConsumer<unknown>)
      listener?.[Symbol.dispose]()
      onEnd(failure)
    })
    consumers.add(consumer as RecordConsumer<unknown>)
    if (signal !== undefined) listener = addAbortListener(signal, () => consumer.close({ error: signal.reason }))
    return consumer
  }
}

function paceOf(options: StreamOptions): Pace {
  const { maxRecords } = options
  const least = maxRecords === undefined ? 0 : 1
  const maxLatencyMs = integer(options.maxLatencyMs ?? DEFAULT_MAX_LATENCY_MS, 'maxLatencyMs', least, 0x7fff_ffff)
  if (maxRecords !== undefined) integer(maxRecords, 'maxRecords', 1, BATCH_RECORDS)
  return { maxLatencyMs, maxRecords }
}
