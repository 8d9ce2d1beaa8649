import type { Writable } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import { type RecordEncoder, createBytesEncoder } from '../btf/record-encoder.ts'
import type { Input } from '../maps/keyed-map.ts'
import { BpfMap, type MapInit } from '../maps/map.ts'
import { type ProducerSource, RecordProducer, type WriteOptions } from './record-producer.ts'
import type { Reservation } from './reservation.ts'
import { RingProducer, pendingOf } from './ring-producer.ts'

/** What a user ring knows of its records' types. */
export interface RecordEncoders {
  /** Encoder of the type that the map's declaration names; `undefined` when it names none. */
  declared: RecordEncoder | undefined
  /** Encoder of a type of the object, by its C name. @throws EbpfError when there is no such type. */
  byName(type: string): RecordEncoder
}

/**
 * `BPF_MAP_TYPE_USER_RINGBUF`: records for programs, which take them by `bpf_user_ringbuf_drain()`. Linux 6.1.
 *
 * Records are encoded when the map's declaration names their type (`EBPF_USER_RINGBUF` of ebpf.h); otherwise they are bytes,
 * and {@link as} encodes them by a type's name. A ring has one producer in a process: the first handle of the map that
 * writes to it, until that is closed.
 */
export class UserRingBuffer<T = unknown> extends BpfMap {
  readonly #types: RecordEncoders
  readonly #source: ProducerSource
  readonly #producer: RecordProducer<T>
  #ring: RingProducer | undefined

  /** @internal */
  constructor(init: MapInit, types: RecordEncoders) {
    super(init)
    this.#types = types
    this.#source = {
      name: this.name,
      ring: (operation) => {
        const map = this.use(operation)
        this.#ring ??= new RingProducer(map, this.name, this.size)
        return this.#ring
      },
    }
    this.#producer = new RecordProducer(this.#source, types.declared ?? createBytesEncoder(this.name))
  }

  /** Bytes of the ring's data area. */
  get size(): number {
    return this.maxEntries
  }

  /** Whether records are encoded, not bytes. */
  get typed(): boolean {
    return this.#types.declared !== undefined
  }

  /** Bytes in the ring that no program has taken yet: records with their headers of 8 bytes, and what is reserved. */
  get pending(): number {
    const map = this.use('pending')
    // Nobody here writes: the positions are in the ring's own pages, which only a producer has mapped.
    return this.#ring?.pending ?? pendingOf(map, this.name)
  }

  /**
   * The same ring with its records encoded as a struct, union or typedef of the object.
   *
   * @param type C name without `struct`
   * @throws EbpfError ERR_EBPF_NO_BTF or ERR_EBPF_UNKNOWN_NAME, with the line to add to the program
   */
  as<U = unknown>(type: string): RecordProducer<U> {
    this.use('as')
    return new RecordProducer<U>(this.#source, this.#types.byName(type))
  }

  /** The same ring with its records as bytes, as many as they are. */
  raw(): RecordProducer<Uint8Array> {
    this.use('raw')
    return new RecordProducer(this.#source, createBytesEncoder(this.name))
  }

  /** See {@link RecordProducer.submit}. */
  submit(record: Input<T>): boolean {
    return this.#producer.submit(record)
  }

  /** See {@link RecordProducer.submitMany}. */
  submitMany(records: Iterable<Input<T>>): number {
    return this.#producer.submitMany(records)
  }

  /** See {@link RecordProducer.write}. */
  async write(record: Input<T>, options?: WriteOptions): Promise<void> {
    await this.#producer.write(record, options)
  }

  /** See {@link RecordProducer.reserve}. */
  reserve(bytes?: number): Reservation<T> | undefined {
    return this.#producer.reserve(bytes)
  }

  /** See {@link RecordProducer.writable}. */
  writable(): Writable {
    return this.#producer.writable()
  }

  /** See {@link RecordProducer.web}. */
  web(): WritableStream<Input<T>> {
    return this.#producer.web()
  }

  /** Rejects the writes that wait for room, discards what is reserved, and closes the descriptor. A second call does nothing. */
  override close(): void {
    this.#ring?.close()
    super.close()
  }
}
