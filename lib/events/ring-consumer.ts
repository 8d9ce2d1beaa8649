import { constants } from 'node:os'
import { type Handle, binding } from '../binding.ts'
import { type Memory, createMemory } from '../btf/memory.ts'
import type { RecordCodec } from '../btf/record-codec.ts'
import { type EbpfError, kernelError, ruleError } from '../errors.ts'
import { Batch } from './batch.ts'
import { Coalescing } from './coalesce.ts'
import { arm, disarm, hold, letGo } from './poller.ts'
import { TURN_MS } from './turns.ts'

/** What gets the batches. When it returns a promise, the next batch waits for it; other values mean nothing. */
export type BatchHandler<T> = (batch: Batch<T>) => unknown

/** What ended a stream. An object, since anything can be thrown, `undefined` too. */
export interface Failure {
  error: unknown
}

/** Counts over the life of a map handle, all its consumers together. */
export interface RingCounters {
  records: number
  bytes: number
  maxPending: number
}

/** How long records may wait, and for how many. */
export interface Pace {
  maxLatencyMs: number
  maxRecords: number | undefined
}

interface Flush {
  /** In bytes that the consumer gave back since it started. */
  target: number
  resolve(): void
  reject(error: unknown): void
}

/** What a consumer needs of its ring. */
export interface RingSource {
  name: string
  counters: RingCounters
  borrow(operation: string): Handle
}

const { EBUSY, EMSGSIZE, EOPNOTSUPP } = constants.errno

const OVERWRITE_HINT =
  'This ring overwrites its oldest records (BPF_F_RB_OVERWRITE), even while they are read; only rings without that flag can be read.'

/**
 * Records of one batch at most, and the first size of its memory; it grows for a record that does not fit. Larger batches
 * save nothing that can be measured, and V8's collector copies what is alive of a batch's objects each time it runs.
 */
export const BATCH_RECORDS = 4096
const BATCH_BYTES = 128 << 10

/**
 * The one reader of a ring in this process.
 *
 * The kernel's ring is the buffer: the consumer position moves only past records that were handed over. While a handler's
 * promise is pending the ring is not polled, since an unread ring keeps epoll readable, and a core burning; afterwards it
 * is drained before it is polled again.
 */
export class RingConsumer<T> {
  readonly #ring: Handle
  readonly #source: RingSource
  readonly #codec: RecordCodec<T>
  readonly #handler: BatchHandler<T>
  readonly #onEnd: (failure?: Failure) => void
  readonly #control = new Uint32Array(4)
  readonly #coalescing: Coalescing | undefined
  readonly #timer: NodeJS.Timeout | undefined
  /** Runs while records are collected. */
  #look: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** When the event loop last gave this consumer its turn. */
  #turnStart = 0
  #memory: Memory
  /** The batch that a handler is busy with. */
  #current: Batch<T> | undefined
  #armed = false
  #closed = false
  /** Whether records that are found now have waited long enough. */
  #overdue = false
  /** Bytes of the ring that this consumer gave back. */
  #committed = 0
  /** What waits until so many bytes were given back. */
  readonly #flushes = new Set<Flush>()

  /**
   * @param onEnd called once, with a failure unless it was closed
   * @throws EbpfError ERR_EBPF_BUSY when the ring has a consumer already
   */
  constructor(
    source: RingSource,
    codec: RecordCodec<T>,
    handler: BatchHandler<T>,
    { maxLatencyMs, maxRecords }: Pace,
    onEnd: (failure?: Failure) => void,
  ) {
    this.#source = source
    this.#codec = codec
    this.#handler = handler
    this.#onEnd = onEnd
    this.#ring = openRing(source)
    try {
      this.#memory = this.#bind(BATCH_BYTES)
      this.#arm()
    } catch (error) {
      binding.ringClose(this.#ring)
      throw error
    }
    hold()
    // Records submitted with BPF_RB_NO_WAKEUP never make the ring readable.
    this.#timer = maxLatencyMs > 0 ? setInterval(this.#onLatency, maxLatencyMs).unref() : undefined
    if (maxRecords !== undefined) {
      this.#coalescing = new Coalescing(maxRecords, maxLatencyMs, binding.ringSize(this.#ring))
    }
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Bytes in the ring that were not handed over. */
  get pending(): number {
    return Math.max(0, binding.ringPending(this.#ring))
  }

  /** Ends the stream, at once: a batch still with its handler is released. A second call does nothing. */
  close(failure?: Failure): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    clearTimeout(this.#look)
    clearImmediate(this.#immediate)
    // Before the batch counts as handed over: its handler is not done with it.
    for (const flush of this.#flushes) {
      flush.reject(failure === undefined ? streamEndedError(this.#source.name, 'its stream was closed') : failure.error)
    }
    this.#flushes.clear()
    this.#finishBatch()
    this.#disarm()
    letGo()
    binding.ringClose(this.#ring)
    this.#onEnd(failure)
  }

  /** Resolves when all that is in the ring now was handed over and handled. */
  flush(): Promise<void> {
    const target = this.#committed + this.pending
    if (target === this.#committed) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#flushes.add({ target, resolve, reject })
      this.#nextTurn()
    })
  }

  readonly #onTurn = (): void => {
    this.#turnStart = performance.now()
    this.#drain()
  }

  readonly #onLatency = (): void => {
    // Records that are collected have their own clock; others may have waited since the last call.
    if (this.#look === undefined) this.#overdue = true
    this.#onTurn()
    this.#overdue = false
  }

  /** However full the ring is, and though promises of handlers resolve without leaving the microtasks: see TURN_MS. */
  #drain(): void {
    while (!this.#closed && this.#current === undefined) {
      if (performance.now() - this.#turnStart > TURN_MS) {
        this.#nextTurn()
        return
      }
      const records = this.#read()
      if (this.#closed) return
      const span = this.#control[1] as number
      if (span === 0) {
        this.#coalescing?.emptied()
        this.#armOrClose()
        // The next record is still being written; who submits it need not wake us.
        if (this.#flushes.size > 0) this.#nextTurn()
        return
      }
      if (records === 0) this.#commit(span)
      else if (this.#ripe(records)) this.#hand(records, span)
      else return
    }
  }

  /** Whether the records of a batch need not wait for more; otherwise looks at them again later. */
  #ripe(records: number): boolean {
    const coalescing = this.#coalescing
    if (coalescing === undefined) return true
    if (coalescing.due(records, this.#control[3] as number, performance.now())) return true
    const noRoom = this.#control[2] !== 0
    if (noRoom || this.#overdue || this.#flushes.size > 0) {
      coalescing.handedOver()
      return true
    }
    // An unread ring keeps the poller busy.
    this.#disarm()
    this.#look ??= setTimeout(() => {
      this.#look = undefined
      this.#onTurn()
    }, coalescing.pause)
    return false
  }

  #nextTurn(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined
      this.#onTurn()
    })
  }

  #read(): number {
    for (;;) {
      const records = binding.ringRead(this.#ring, this.#coalescing?.maxRecords ?? BATCH_RECORDS)
      if (records >= 0) return records
      this.#control[1] = 0
      try {
        if (records !== -EMSGSIZE) throw this.#failure(records, 'read the ring')
        this.#memory = this.#bind(this.#control[2] as number)
      } catch (error) {
        this.close({ error })
        return 0
      }
    }
  }

  #hand(records: number, span: number): void {
    const batch = new Batch(this.#codec).fill(this.#memory, records, span)
    this.#current = batch
    let result: unknown
    try {
      result = this.#handler(batch)
    } catch (error) {
      this.close({ error })
      return
    }
    if (isPromise(result)) this.#wait(result, batch)
    else this.#finishBatch()
  }

  #wait(result: PromiseLike<unknown>, batch: Batch<T>): void {
    this.#disarm()
    const resume = (): void => {
      if (this.#current !== batch) return
      this.#finishBatch()
      this.#drain()
    }
    // Also when the handler has closed the stream already: what it says then no longer matters.
    const fail = (error: unknown): void => this.close({ error })
    Promise.resolve(result).then(resume, fail)
  }

  #finishBatch(): void {
    const batch = this.#current
    if (batch === undefined) return
    this.#current = undefined
    batch.release()
    this.#source.counters.records += batch.handedOver
    this.#commit(batch.consumed)
  }

  #commit(bytes: number): void {
    const { counters } = this.#source
    binding.ringCommit(this.#ring, bytes)
    // The ring is fullest just before it gets space back: records came while the handler was busy.
    counters.maxPending = Math.max(counters.maxPending, this.#control[3] as number)
    counters.bytes += bytes
    this.#committed += bytes
    for (const flush of this.#flushes) {
      if (this.#committed < flush.target) continue
      this.#flushes.delete(flush)
      flush.resolve()
    }
  }

  #bind(size: number): Memory {
    const memory = createMemory(new ArrayBuffer(2 ** Math.ceil(Math.log2(size))))
    const status = binding.ringBind(this.#ring, memory.u8.buffer, this.#control)
    if (status < 0) throw this.#failure(status, 'bind the batch of the ring')
    return memory
  }

  #arm(): void {
    if (this.#armed) return
    arm(this.#ring, this.#onTurn)
    this.#armed = true
  }

  #armOrClose(): void {
    try {
      this.#arm()
    } catch (error) {
      this.close({ error })
    }
  }

  #disarm(): void {
    if (!this.#armed) return
    this.#armed = false
    disarm(this.#ring)
  }

  #failure(status: number, operation: string): EbpfError {
    return kernelError(status, { operation, map: this.#source.name })
  }
}

export function streamEndedError(name: string, why: string): EbpfError {
  return ruleError('ERR_EBPF_CLOSED', `ring '${name}' cannot be flushed: ${why}`, { operation: 'flush', map: name })
}

function openRing(source: RingSource): Handle {
  const ring = binding.ringOpen(source.borrow('read records'))
  if (ring > 0) return ring
  if (ring === -EBUSY) {
    throw ruleError('ERR_EBPF_BUSY', `ring '${source.name}' has a consumer in this process already`, {
      operation: 'read records',
      map: source.name,
      hint: 'A ring has one read position. Close the other stream first, or give its records on yourself.',
    })
  }
  throw unreadableError(ring, source.name)
}

/** Why the pages of a ring cannot be had. */
export function unreadableError(status: number, name: string): EbpfError {
  const hint = status === -EOPNOTSUPP ? OVERWRITE_HINT : undefined
  return kernelError(status, { operation: 'mmap', map: name, hint })
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
