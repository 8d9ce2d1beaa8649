/** The one writer of a user ring in this process. */
import { addAbortListener } from 'node:events'
import { constants } from 'node:os'
import { type Handle, binding } from '../binding.ts'
import { bytesLength } from '../btf/codec-convert.ts'
import { closedError, invalidArgument, kernelError, outOfRange, ruleError } from '../errors.ts'
import { Resource } from '../resource.ts'
import { arm, disarm, hold, letGo } from './poller.ts'
import { TURN_MS } from './turns.ts'

const { E2BIG, EACCES, EBUSY, EINVAL, EIO, ENOENT, ENOSPC, EPERM } = constants.errno

/** Bytes that the kernel's header takes before each record (BPF_RINGBUF_HDR_SZ), and the multiple of which a record takes. */
const HEADER_BYTES = 8

/** The longest record that a program can be given (DYNPTR_MAX_SIZE of the kernel). */
const LONGEST_RECORD = (1 << 24) - 1

/** Programs that drain with BPF_RB_NO_WAKEUP tell nobody: while writes wait, room is looked for so often. */
const LOOK_MS = 10

/** A record that waits for room. */
interface Waiting {
  readonly bytes: Uint8Array
  resolve(): void
  reject(error: unknown): void
}

const releaseRing = (unreachable: Handle): unknown => binding.userRingClose(unreachable)

export class RingProducer extends Resource {
  readonly #size: number
  /** In the order in which they were asked for. */
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  /**
   * @param size bytes of the ring
   * @throws EbpfError ERR_EBPF_BUSY when the ring has a producer already
   */
  constructor(map: Handle, name: string, size: number) {
    super(name, openRing(map, name), undefined, releaseRing)
    this.#size = size
  }

  /** Bytes in the ring that no program has taken, headers included. */
  get pending(): number {
    const pending = binding.userRingPending(this.use('pending'))
    if (pending < 0) throw this.#failure(pending, 'read the positions of the ring', 0)
    return pending
  }

  /** False when there is no room now, or others wait for it. */
  submit(bytes: Uint8Array): boolean {
    if (this.#waiting.size === 0) return this.#submit(bytes)
    this.checkLength(bytesLength(bytes))
    return false
  }

  /** Resolves when the record is in the ring. Its bytes may change after the call. */
  write(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    if (this.submit(bytes)) return Promise.resolve()
    return this.#wait(new Uint8Array(bytes), signal)
  }

  /** The place of a record of so many bytes; `undefined` when there is no room now, or others wait for it. */
  reserve(length: number): number | undefined {
    const ring = this.use('reserve')
    if (this.#waiting.size > 0) return undefined
    const place = binding.userRingReserve(ring, length)
    if (place >= 0) return place
    if (place === -ENOSPC) return undefined
    throw this.#failure(place, 'reserve room in the ring', length)
  }

  /** @throws TypeError when these are no longer as many bytes as were reserved */
  commit(place: number, bytes: Uint8Array): void {
    const status = binding.userRingCommit(this.use('submit'), place, bytes)
    if (status === 0) return
    if (status === -EINVAL) throw invalidArgument('the memory of the reservation was transferred to somebody else')
    throw this.#failure(status, 'submit to the ring', bytesLength(bytes))
  }

  discard(place: number): void {
    if (this.closed) return
    const status = binding.userRingDiscard(this.use('discard'), place)
    if (status < 0 && status !== -ENOENT) throw this.#failure(status, 'discard in the ring', 0)
  }

  /** Rejects what waits, and discards what is reserved. A second call does nothing. */
  close(): void {
    if (this.closed) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    this.#rest()
    binding.userRingClose(this.relinquish())
    for (const { reject } of waiting) reject(closedError(this.describe(), 'write'))
  }

  protected override describe(): string {
    return `user ring '${this.name}'`
  }

  #submit(bytes: Uint8Array): boolean {
    const status = binding.userRingSubmit(this.use('submit'), bytes)
    if (status === 0) return true
    if (status === -ENOSPC) return false
    throw this.#failure(status, 'submit to the ring', bytesLength(bytes))
  }

  #wait(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    this.#watch()
    return new Promise((resolve, reject) => {
      let listener: Disposable | undefined
      const settled = (): void => {
        this.#waiting.delete(waiting)
        listener?.[Symbol.dispose]()
      }
      const waiting: Waiting = {
        bytes,
        resolve() {
          settled()
          resolve()
        },
        reject(error) {
          settled()
          reject(error)
        },
      }
      if (signal !== undefined) {
        listener = addAbortListener(signal, () => {
          waiting.reject(signal.reason)
          // The next one may be shorter.
          this.#drain()
        })
      }
      this.#waiting.add(waiting)
    })
  }

  /** Until room was found for all that waits. */
  #watch(): void {
    if (this.#timer !== undefined) return
    arm(this.use('write'), this.#drain)
    hold()
    this.#timer = setInterval(this.#drain, LOOK_MS).unref()
  }

  #rest(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
    disarm(this.use('write'))
    letGo()
  }

  readonly #drain = (): void => {
    const start = performance.now()
    for (const waiting of this.#waiting) {
      try {
        if (!this.#submit(waiting.bytes)) return
        waiting.resolve()
      } catch (error) {
        waiting.reject(error)
      }
      // A program may drain as fast as this fills.
      if (performance.now() - start > TURN_MS) {
        this.#immediate ??= setImmediate(() => {
          this.#immediate = undefined
          this.#drain()
        })
        return
      }
    }
    this.#rest()
  }

  /** For where nothing is asked of the kernel: what never fits is told at once. @throws RangeError */
  checkLength(length: number): void {
    if (length > LONGEST_RECORD || length > this.#size - HEADER_BYTES) throw this.#failure(-E2BIG, 'submit', length)
  }

  #failure(status: number, operation: string, length: number): Error {
    if (status === -E2BIG) {
      const most = Math.min(this.#size - HEADER_BYTES, LONGEST_RECORD)
      return outOfRange(
        `a record of ${length} bytes can never be in ${this.describe()} of ${this.#size} bytes: at most ${most} bytes can`,
      )
    }
    const hint =
      status === -EIO ? 'Another process that has this map wrote positions into it that cannot be.' : undefined
    return kernelError(status, { operation, map: this.name, hint })
  }
}

/** Bytes in a ring that nobody here writes to. */
export function pendingOf(map: Handle, name: string): number {
  const pending = binding.userRingPendingOf(map)
  if (pending < 0) throw kernelError(pending, { operation: 'mmap', map: name })
  return pending
}

function openRing(map: Handle, name: string): Handle {
  const ring = binding.userRingOpen(map)
  if (ring > 0) return ring
  if (ring === -EBUSY) {
    throw ruleError('ERR_EBPF_BUSY', `user ring '${name}' has a producer in this process already`, {
      operation: 'submit',
      map: name,
      hint: 'A ring has one write position. Close the other handle of this map first, or give it the records.',
    })
  }
  const refused = ring === -EPERM || ring === -EACCES
  const hint = refused
    ? 'Its pages cannot be written to: the map is frozen, or this handle of it is read-only.'
    : undefined
  throw kernelError(ring, { operation: 'mmap', map: name, hint })
}
