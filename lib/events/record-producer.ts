import type { Writable } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import { inspectBriefly, integer, optionsObject } from '../arguments.ts'
import type { RecordEncoder } from '../btf/record-encoder.ts'
import { invalidArgument } from '../errors.ts'
import type { Input } from '../maps/keyed-map.ts'
import { RecordWritable, webWritable } from './record-writable.ts'
import { Reservation, reservedLength } from './reservation.ts'
import type { RingProducer } from './ring-producer.ts'

export interface WriteOptions {
  /** Gives up the wait for room: the promise rejects with the signal's reason, and the record is not written. */
  signal?: AbortSignal
}

/** Where records go. */
export interface ProducerSource {
  name: string
  /** @throws EbpfError ERR_EBPF_CLOSED or ERR_EBPF_BUSY */
  ring(operation: string): RingProducer
}

/**
 * Gives records to the programs that drain a user ring, in the order of the calls. Each record is encoded into memory of
 * our own and then copied whole: programs never see half of one.
 *
 * A record can have as many bytes as the ring has, less 8, and never more than 2^24 - 1.
 */
export class RecordProducer<T> {
  readonly #source: ProducerSource
  readonly #encoder: RecordEncoder

  /** @internal */
  constructor(source: ProducerSource, encoder: RecordEncoder) {
    this.#source = source
    this.#encoder = encoder
  }

  /**
   * Puts a record into the ring. Programs are not told: they find it when they next drain.
   *
   * @returns false when it is not in there, because the ring is full, or others wait for room
   * @throws TypeError or RangeError for a record of the wrong shape, or one that can never fit
   * @throws EbpfError ERR_EBPF_BUSY when somebody else in this process writes to this ring
   */
  submit(record: Input<T>): boolean {
    this.#source.ring('submit')
    const bytes = this.#encoder.encode(record)
    // Once more: a getter of the record may have closed it.
    return this.#source.ring('submit').submit(bytes)
  }

  /**
   * Puts records into the ring until it is full.
   *
   * @returns how many are in there, from the first one on
   * @throws as {@link submit}, with the number of records that were put there before as the error's `done`
   */
  submitMany(records: Iterable<Input<T>>): number {
    if (typeof (records as Partial<Iterable<unknown>> | undefined | null)?.[Symbol.iterator] !== 'function') {
      throw invalidArgument(`records must be iterable, not ${inspectBriefly(records)}`)
    }
    let done = 0
    for (const record of records) {
      try {
        if (!this.submit(record)) break
      } catch (error) {
        if (error instanceof Error) Reflect.defineProperty(error, 'done', { value: done, enumerable: true })
        throw error
      }
      done++
    }
    return done
  }

  /**
   * Puts a record into the ring, as soon as there is room: the promise is the back-pressure. Records that wait go in by the
   * order of the calls, and until then {@link submit} and {@link reserve} find no room. They keep the process running, even
   * when no program ever drains.
   *
   * @returns when it is in the ring
   * @throws as {@link submit}; the signal's reason; EbpfError ERR_EBPF_CLOSED when the ring is closed before
   */
  async write(record: Input<T>, options: WriteOptions = {}): Promise<void> {
    const { signal } = optionsObject(options)
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidArgument(`options.signal must be an AbortSignal, not ${inspectBriefly(signal)}`)
    }
    this.#source.ring('write')
    const bytes = this.#encoder.encode(record)
    signal?.throwIfAborted()
    await this.#source.ring('write').write(bytes, signal)
  }

  /**
   * Takes room for a record that is filled later, and holds its place: programs get neither it nor what comes after it until
   * it was submitted or discarded.
   *
   * @param bytes of the record; by default those of its type
   * @returns `undefined` when the ring is full, or others wait for room
   * @throws TypeError where there is no type and no number, RangeError when so many bytes can never fit
   * @throws EbpfError ERR_EBPF_BUSY when somebody else in this process writes to this ring
   */
  reserve(bytes?: number): Reservation<T> | undefined {
    const length = integer(reservedLength(bytes, this.#encoder, this.#source.name), 'bytes', 0, 0xffff_ffff)
    const ring = this.#source.ring('reserve')
    ring.checkLength(length)
    // First: without memory for it the place would stay taken.
    const memory = new Uint8Array(length)
    const place = ring.reserve(length)
    return place === undefined ? undefined : new Reservation(ring, this.#encoder, place, memory)
  }

  /**
   * The ring as a Node stream in object mode, for `pipe` and `pipeline`: each chunk is a record, and each waits for room.
   * Destroyed, it drops what waits. The ring stays open.
   */
  writable(): Writable {
    return new RecordWritable((record, signal) => this.write(record as Input<T>, { signal }))
  }

  /** The same as a stream of the web, for `pipeTo`. Aborted, it drops what waits. */
  web(): WritableStream<Input<T>> {
    return webWritable((record, signal) => this.write(record, { signal }))
  }
}
