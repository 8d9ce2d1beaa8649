/** Looks at a ring while records are collected: so many at least in the longest time that a record may wait. */
const LOOKS = 8

/** The longest between two looks: programs may fill the ring at any time. */
const LONGEST_PAUSE_MS = 10

/**
 * Collects records into larger batches: decides when those that wait are handed over. They wait in the ring, so the ring
 * must not run full for it.
 */
export class Coalescing {
  /** The most records of a batch. */
  readonly maxRecords: number
  readonly #maxLatencyMs: number
  /** Bytes in the ring that are too many to wait any longer. */
  readonly #maxBytes: number
  /** No record that waits now came before this. */
  #since: number | undefined
  #lastLook = 0
  /** The share of a batch, or of the bytes, that was there at the last look. */
  #fill = 0

  constructor(maxRecords: number, maxLatencyMs: number, ringBytes: number) {
    this.maxRecords = maxRecords
    this.#maxLatencyMs = maxLatencyMs
    this.#maxBytes = ringBytes / 2
  }

  /** Whether records are handed over that a look has found, or have to wait on. `now` is in milliseconds. */
  due(records: number, ringBytes: number, now: number): boolean {
    this.#since ??= now
    this.#fill = Math.max(records / this.maxRecords, ringBytes / this.#maxBytes)
    const due = this.#fill >= 1 || now - this.#since >= this.#maxLatencyMs
    // At the look before, all that was there fitted a batch: what stays behind this one came later.
    if (due) this.handedOver()
    this.#lastLook = now
    return due
  }

  handedOver(): void {
    this.#since = this.#lastLook
  }

  /** The ring is empty. */
  emptied(): void {
    this.#since = undefined
  }

  /** Milliseconds until the next look: half of the time that the rest of the batch takes, if records come as they came. */
  get pause(): number {
    const waited = this.#lastLook - (this.#since ?? this.#lastLook)
    const rest = (Math.max(waited, 1) * (1 - this.#fill)) / this.#fill / 2
    const longest = Math.min(LONGEST_PAUSE_MS, this.#maxLatencyMs / LOOKS, this.#maxLatencyMs - waited)
    return Math.max(1, Math.ceil(Math.min(rest, longest)))
  }
}
