import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { type Handle, binding } from '../binding.ts'
import { bytesCodec, type RecordCodec } from '../btf/record-codec.ts'
import { kernelError } from '../errors.ts'
import { BpfMap, type MapInit } from '../maps/map.ts'
import type { Batch } from './batch.ts'
import type { BatchHandler } from './record-consumer.ts'
import { BUSY, busyError } from './record-source.ts'
import {
  RecordStream,
  type StreamOptions,
  type StreamSource,
  type StreamStatistics,
  type Subscription,
} from './stream.ts'

const OVERWRITE_HINT =
  'This ring overwrites its oldest records (BPF_F_RB_OVERWRITE), even while they are read; only rings without that flag can be read.'

/** What a ring knows of its records' types. */
export interface RecordTypes {
  /** Reader of the type that the map's declaration names; `undefined` when it names none. */
  declared: RecordCodec<unknown> | undefined
  /** Reader of a type of the object, by its C name. @throws EbpfError when there is no such type. */
  byName(type: string): RecordCodec<unknown>
  /** The program's count of records that it could not submit. */
  dropped(): number | undefined
}

/**
 * `BPF_MAP_TYPE_RINGBUF`: records from programs, in one order over all CPUs. Linux 5.8.
 *
 * Records are decoded when the map's declaration names their type (`EBPF_RINGBUF` of ebpf.h); otherwise they are bytes,
 * and {@link as} decodes them by a type's name.
 */
export class RingBuffer<T = unknown> extends BpfMap implements AsyncIterable<T> {
  readonly #types: RecordTypes
  readonly #stream: RecordStream<T>
  readonly #source: StreamSource

  /** @internal */
  constructor(init: MapInit, types: RecordTypes) {
    super(init)
    this.#types = types
    this.#source = {
      name: this.name,
      noun: 'ring',
      counters: { records: 0, bytes: 0, maxPending: 0 },
      consumers: new Set(),
      open: () => this.#open(),
      pending: () => this.#pending(),
      dropped: () => types.dropped(),
    }
    this.#stream = new RecordStream(this.#source, (types.declared ?? bytesCodec) as RecordCodec<T>)
  }

  /** Bytes of the ring's data area. */
  get size(): number {
    return this.maxEntries
  }

  /** Whether records come decoded, not as bytes. */
  get typed(): boolean {
    return this.#types.declared !== undefined
  }

  /**
   * The same ring with its records decoded as a struct, union or typedef of the object.
   *
   * @param type C name without `struct`
   * @throws EbpfError ERR_EBPF_NO_BTF or ERR_EBPF_UNKNOWN_NAME, with the line to add to the program
   */
  as<U = unknown>(type: string): RecordStream<U> {
    this.use('as')
    return new RecordStream<U>(this.#source, this.#types.byName(type) as RecordCodec<U>)
  }

  /** The same ring with its records as bytes, own copies. */
  raw(): RecordStream<Uint8Array> {
    this.use('raw')
    return new RecordStream(this.#source, bytesCodec)
  }

  /** See {@link RecordStream.subscribe}. */
  subscribe(handler: BatchHandler<T>, options?: StreamOptions): Subscription {
    return this.#stream.subscribe(handler, options)
  }

  /** See {@link RecordStream.batches}. */
  batches(options?: StreamOptions): AsyncIterableIterator<Batch<T>, undefined, undefined> & AsyncDisposable {
    return this.#stream.batches(options)
  }

  /** See {@link RecordStream.records}. */
  records(options?: StreamOptions): AsyncIterableIterator<T, undefined, undefined> & AsyncDisposable {
    return this.#stream.records(options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return this.#stream.records()
  }

  /** See {@link RecordStream.readable}. */
  readable(options?: StreamOptions): Readable {
    return this.#stream.readable(options)
  }

  /** See {@link RecordStream.web}. */
  web(options?: StreamOptions): ReadableStream<T> {
    return this.#stream.web(options)
  }

  /** See {@link RecordStream.flush}: whichever stream of this ring listens. */
  async flush(): Promise<void> {
    this.use('flush')
    await this.#stream.flush()
  }

  /** Counts of all streams of this ring since it was opened by this process. */
  stats(): StreamStatistics {
    this.use('stats')
    return this.#stream.stats()
  }

  /** Ends its stream, then closes the descriptor. A second call does nothing. */
  override close(): void {
    for (const consumer of this.#source.consumers) consumer.close()
    super.close()
  }

  #open(): Handle {
    const ring = binding.ringOpen(this.use('read records'))
    if (ring > 0) return ring
    throw ring === BUSY ? busyError('ring', this.name) : unreadableError(ring, this.name)
  }

  #pending(): number {
    for (const consumer of this.#source.consumers) return consumer.pending
    // Nobody reads: the positions are in the ring's own pages, which only a consumer has mapped.
    const pending = binding.ringPendingOf(this.use('stats'))
    if (pending < 0) throw unreadableError(pending, this.name)
    return pending
  }
}

/** Why the pages of a ring cannot be had. */
function unreadableError(status: number, name: string): Error {
  const hint = status === -constants.errno.EOPNOTSUPP ? OVERWRITE_HINT : undefined
  return kernelError(status, { operation: 'mmap', map: name, hint })
}
