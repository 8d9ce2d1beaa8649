import { bytesLength } from '../btf/codec-convert.ts'
import type { RecordEncoder } from '../btf/record-encoder.ts'
import { invalidArgument, outOfRange, ruleError } from '../errors.ts'
import type { Input } from '../maps/keyed-map.ts'
import type { RingProducer } from './ring-producer.ts'

interface Forgotten {
  ring: RingProducer
  place: number
}

/** A record that nobody can submit any more would keep programs from all that came after it. */
const forgotten = new FinalizationRegistry<Forgotten>(({ ring, place }) => {
  if (ring.closed) return
  process.emitWarning(
    `a reservation in user ring '${ring.name}' was garbage-collected; call submit() or discard()`,
    'EbpfWarning',
  )
  ring.discard(place)
})

const setBytes = Uint8Array.prototype.set

/**
 * Room for one record of a {@link UserRingBuffer}. Programs see it, and all records after it, only when it was submitted
 * or discarded. It is discarded when the ring is closed, or at the end of a `using` block.
 */
export class Reservation<T = unknown> implements Disposable {
  readonly #ring: RingProducer
  readonly #encoder: RecordEncoder
  readonly #place: number
  readonly #bytes: Uint8Array<ArrayBuffer>
  #closed = false

  /** @internal */
  constructor(ring: RingProducer, encoder: RecordEncoder, place: number, bytes: Uint8Array<ArrayBuffer>) {
    this.#ring = ring
    this.#encoder = encoder
    this.#place = place
    this.#bytes = bytes
    forgotten.register(this, { ring, place }, this)
  }

  /** The record, zeros at first. This is memory of its own: it is copied into the ring by {@link submit}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes
  }

  /** Whether it was submitted or discarded, or the ring was closed. */
  get closed(): boolean {
    return this.#closed || this.#ring.closed
  }

  /**
   * Gives the record to the programs: what is in {@link bytes}, or first `record` is put there. Bytes behind a record that
   * is shorter than the reservation stay as they are.
   *
   * @throws EbpfError ERR_EBPF_CLOSED when it was submitted or discarded before, or the ring was closed
   * @throws TypeError or RangeError for a record of the wrong shape, or one that is longer than what was reserved; it then
   *   stays reserved
   */
  submit(record?: Input<T>): void {
    this.#checkOpen()
    if (record !== undefined) {
      const encoded = this.#encoder.encode(record)
      // A getter of the record may have submitted this very reservation.
      this.#checkOpen()
      this.#fill(encoded)
    }
    this.#ring.commit(this.#place, this.#bytes)
    this.#end()
  }

  /** Gives the room up: programs skip it. Does nothing when it was submitted or discarded before. */
  discard(): void {
    if (this.#closed) return
    this.#end()
    this.#ring.discard(this.#place)
  }

  [Symbol.dispose](): void {
    this.discard()
  }

  #fill(encoded: Uint8Array): void {
    const room = bytesLength(this.#bytes)
    const length = bytesLength(encoded)
    if (length > room) throw outOfRange(`a record of ${length} bytes does not fit a reservation of ${room}`)
    if (length > 0) setBytes.call(this.#bytes, encoded)
  }

  #checkOpen(): void {
    if (!this.#closed) return
    throw ruleError(
      'ERR_EBPF_CLOSED',
      `this reservation in user ring '${this.#ring.name}' was submitted or discarded`,
      {
        operation: 'submit',
        map: this.#ring.name,
        hint: 'Each record needs a reservation of its own.',
      },
    )
  }

  #end(): void {
    this.#closed = true
    forgotten.unregister(this)
  }
}

/** How much to reserve. @throws TypeError where neither the caller nor the type says it */
export function reservedLength(bytes: unknown, encoder: RecordEncoder, ring: string): number {
  if (bytes === undefined && encoder.size !== undefined) return encoder.size
  if (bytes === undefined) throw invalidArgument(`bytes is missing: the records of user ring '${ring}' have no type`)
  return bytes as number
}
