import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { type Handle, binding } from '../binding.ts'
import { bytesCodec, type RecordCodec } from '../btf/record-codec.ts'
import { BpfMap, type MapInit } from '../maps/map.ts'
import type { Batch } from './batch.ts'
import type { BatchHandler } from './record-consumer.ts'
import {
  RecordStream,
  type StreamOptions,
  type StreamSource,
  type StreamStatistics,
  type Subscription,
} from './stream.ts'

/** What a map knows of its records' types. */
export interface RecordTypes {
  /** Reader of the type that the map's declaration names; `undefined` when it names none. */
  declared: RecordCodec<unknown> | undefined
  /** Reader of a type of the object, by its C name. @throws EbpfError when there is no such type. */
  byName(type: string): RecordCodec<unknown>
  /** The program's count of records that it could not submit. */
  dropped(): number | undefined
}

/** A map whose records come as a stream: {@link RingBuffer} and {@link PerfBuffer}. */
export abstract class RecordMap<T = unknown, O extends StreamOptions = StreamOptions>
  extends BpfMap
  implements AsyncIterable<T>
{
  readonly #types: RecordTypes
  readonly #stream: RecordStream<T, O>
  readonly #source: StreamSource<O>

  /** @internal */
  constructor(init: MapInit, types: RecordTypes, noun: string, perCpu: boolean) {
    super(init)
    this.#types = types
    this.#source = {
      name: this.name,
      noun,
      perCpu,
      counters: { records: 0, bytes: 0, maxPending: 0 },
      consumers: new Set(),
      open: (options) => this.openReader(options),
      close: (reader) => this.closeReader(reader),
      pending: () => this.#pending(),
      lost: () => this.lost(),
      dropped: () => types.dropped(),
    }
    this.#stream = new RecordStream<T, O>(this.#source, this.codec() as RecordCodec<T>)
  }

  /** Whether records come decoded, not as bytes. */
  get typed(): boolean {
    return this.#types.declared !== undefined
  }

  /**
   * The same stream with its records decoded as a struct, union or typedef of the object.
   *
   * @param type C name without `struct`
   * @throws EbpfError ERR_EBPF_NO_BTF or ERR_EBPF_UNKNOWN_NAME, with the line to add to the program
   */
  as<U = unknown>(type: string): RecordStream<U, O> {
    this.use('as')
    return new RecordStream<U, O>(this.#source, this.codec(type) as RecordCodec<U>)
  }

  /** The same stream with its records as bytes, own copies. */
  raw(): RecordStream<Uint8Array, O> {
    this.use('raw')
    return new RecordStream<Uint8Array, O>(this.#source, bytesCodec)
  }

  /** See {@link RecordStream.subscribe}. */
  subscribe(handler: BatchHandler<T>, options?: O): Subscription {
    return this.#stream.subscribe(handler, options)
  }

  /** See {@link RecordStream.batches}. */
  batches(options?: O): AsyncIterableIterator<Batch<T>, undefined, undefined> & AsyncDisposable {
    return this.#stream.batches(options)
  }

  /** See {@link RecordStream.records}. */
  records(options?: O): AsyncIterableIterator<T, undefined, undefined> & AsyncDisposable {
    return this.#stream.records(options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return this.#stream.records()
  }

  /** See {@link RecordStream.readable}. */
  readable(options?: O): Readable {
    return this.#stream.readable(options)
  }

  /** See {@link RecordStream.web}. */
  web(options?: O): ReadableStream<T> {
    return this.#stream.web(options)
  }

  /** See {@link RecordStream.flush}: whichever stream of this map listens. */
  async flush(): Promise<void> {
    this.use('flush')
    await this.#stream.flush()
  }

  /** Counts of all streams of this map since it was opened by this process. */
  stats(): StreamStatistics {
    this.use('stats')
    return this.#stream.stats()
  }

  /** Ends its stream, then closes the descriptor. A second call does nothing. */
  override close(): void {
    for (const consumer of this.#source.consumers) consumer.close()
    super.close()
  }

  /** @internal The reader of records of a type, by default of the declared one, else of bytes. */
  protected codec(type?: string): RecordCodec<unknown> {
    return type === undefined ? (this.#types.declared ?? bytesCodec) : this.#types.byName(type)
  }

  /** @internal A reader of the binding. @throws EbpfError ERR_EBPF_BUSY when there is one already */
  protected abstract openReader(options: O): Handle

  /** @internal */
  protected closeReader(reader: Handle): void {
    binding.readerClose(reader)
  }

  /** @internal Bytes that wait while nobody reads. */
  protected abstract pendingUnread(): number

  /** @internal Records that the kernel had no room for. */
  protected lost(): number | undefined {
    return undefined
  }

  /** @internal The reader of the stream that listens now. */
  protected get reader(): Handle | undefined {
    for (const consumer of this.#source.consumers) return consumer.reader
    return undefined
  }

  #pending(): number {
    for (const consumer of this.#source.consumers) return consumer.pending
    return this.pendingUnread()
  }
}
