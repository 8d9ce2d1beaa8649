import { constants } from 'node:os'
import { type Handle, binding } from '../binding.ts'
import { type Memory, createMemory } from '../btf/memory.ts'
import type { RecordCodec } from '../btf/record-codec.ts'
import { type EbpfError, kernelError, ruleError } from '../errors.ts'
import { Batch } from './batch.ts'
import { Coalescing } from './coalesce.ts'
import { loopTurn } from './loop-turn.ts'
import { arm, disarm, hold, letGo } from './poller.ts'
import { Mark, type RecordSource } from './record-source.ts'

/** What gets the batches. When it returns a promise, the next batch waits for it; other values mean nothing. */
export type BatchHandler<T> = (batch: Batch<T>) => unknown

/** What ended a stream. An object, since anything can be thrown, `undefined` too. */
export interface Failure {
  error: unknown
}

/** How long records may wait, and for how many. */
export interface Pace {
  maxLatencyMs: number
  maxRecords: number | undefined
}

interface Flush {
  mark: Mark
  resolve(): void
  reject(error: unknown): void
}

const { EMSGSIZE } = constants.errno

/**
 * Records of one batch at most, and the first size of its memory; it grows for a record that does not fit. Larger batches
 * save nothing that can be measured, and V8's collector copies what is alive of a batch's objects each time it runs.
 */
export const BATCH_RECORDS = 4096
const BATCH_BYTES = 128 << 10

/**
 * The one consumer of a ring, or of a perf buffer, in this process.
 *
 * The kernel's ring is the buffer: the consumer position moves only past records that were handed over. While a handler's
 * promise is pending the ring is not polled, since an unread ring keeps epoll readable, and a core burning; afterwards it
 * is drained before it is polled again.
 */
export class RecordConsumer<T> {
  readonly #reader: Handle
  readonly #source: RecordSource
  readonly #codec: RecordCodec<T>
  readonly #handler: BatchHandler<T>
  readonly #onEnd: (failure?: Failure) => void
  readonly #control = new Uint32Array(5)
  readonly #coalescing: Coalescing | undefined
  readonly #timer: NodeJS.Timeout | undefined
  /** Runs while records are collected. */
  #look: NodeJS.Timeout | undefined
  #memory: Memory
  /** The batch that a handler is busy with. */
  #current: Batch<T> | undefined
  #armed = false
  #closed = false
  /** Whether records that are found now have waited long enough. */
  #overdue = false
  /** What waits until records were given back. */
  readonly #flushes = new Set<Flush>()

  /**
   * @param reader of the source, which this consumer closes
   * @param onEnd called once, with a failure unless it was closed
   */
  constructor(
    source: RecordSource,
    reader: Handle,
    codec: RecordCodec<T>,
    handler: BatchHandler<T>,
    { maxLatencyMs, maxRecords }: Pace,
    onEnd: (failure?: Failure) => void,
  ) {
    this.#source = source
    this.#codec = codec
    this.#handler = handler
    this.#onEnd = onEnd
    this.#reader = reader
    try {
      this.#memory = this.#bind(BATCH_BYTES)
      this.#arm()
    } catch (error) {
      source.close(reader)
      throw error
    }
    hold()
    // Records submitted with BPF_RB_NO_WAKEUP never make the ring readable.
    this.#timer = maxLatencyMs > 0 ? setInterval(this.#onLatency, maxLatencyMs).unref() : undefined
    if (maxRecords !== undefined) {
      this.#coalescing = new Coalescing(maxRecords, maxLatencyMs, binding.readerSize(this.#reader))
    }
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Of the binding; closed with this consumer. */
  get reader(): Handle {
    return this.#reader
  }

  /** Bytes in the ring that were not handed over. */
  get pending(): number {
    return Math.max(0, binding.readerPending(this.#reader))
  }

  /** Ends the stream, at once: a batch still with its handler is released. A second call does nothing. */
  close(failure?: Failure): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    clearTimeout(this.#look)
    loopTurn.leave(this.#onTurn)
    // Before the batch counts as handed over: its handler is not done with it.
    for (const flush of this.#flushes) {
      flush.reject(failure === undefined ? streamEndedError(this.#source, 'its stream was closed') : failure.error)
    }
    this.#flushes.clear()
    this.#finishBatch()
    this.#disarm()
    letGo()
    this.#source.close(this.#reader)
    this.#onEnd(failure)
  }

  /** Resolves when all that is in the ring now was handed over and handled. */
  flush(): Promise<void> {
    const mark = new Mark(this.#reader)
    if (mark.passed) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#flushes.add({ mark, resolve, reject })
      this.#nextTurn()
    })
  }

  readonly #onTurn = (): void => {
    this.#drain()
    if (!loopTurn.awaits(this.#onTurn)) this.#overdue = false
  }

  readonly #onLatency = (): void => {
    // Records that are collected have their own clock; others may have waited since the last call.
    if (this.#look === undefined) this.#overdue = true
    this.#onTurn()
  }

  /** However full the ring is, and though promises of handlers resolve without leaving the microtasks, others have their turn. */
  #drain(): void {
    while (!this.#closed && this.#current === undefined) {
      if (loopTurn.over) {
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
        if (this.#flushes.size > 0 || this.#control[4] !== 0) this.#nextTurn()
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
    loopTurn.wait(this.#onTurn)
  }

  #read(): number {
    for (;;) {
      const records = binding.readerRead(this.#reader, this.#coalescing?.maxRecords ?? BATCH_RECORDS)
      if (records >= 0) return records
      this.#control[1] = 0
      try {
        if (records !== -EMSGSIZE) throw this.#failure(records, `read the ${this.#source.noun}`)
        this.#memory = this.#bind(this.#control[2] as number)
      } catch (error) {
        this.close({ error })
        return 0
      }
    }
  }

  #hand(records: number, span: number): void {
    const batch = new Batch(this.#codec, this.#source.perCpu).fill(this.#memory, records, span)
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
    binding.readerCommit(this.#reader, bytes)
    // The ring is fullest just before it gets space back: records came while the handler was busy.
    counters.maxPending = Math.max(counters.maxPending, this.#control[3] as number)
    counters.bytes += bytes
    for (const flush of this.#flushes) {
      if (!flush.mark.passed) continue
      this.#flushes.delete(flush)
      flush.resolve()
    }
  }

  #bind(size: number): Memory {
    const memory = createMemory(new ArrayBuffer(2 ** Math.ceil(Math.log2(size))))
    const status = binding.readerBind(this.#reader, memory.u8.buffer, this.#control)
    if (status < 0) throw this.#failure(status, `bind the batch of the ${this.#source.noun}`)
    return memory
  }

  #arm(): void {
    if (this.#armed) return
    const ready = arm(this.#reader, this.#onTurn)
    this.#armed = true
    if (ready) this.#nextTurn()
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
    disarm(this.#reader)
  }

  #failure(status: number, operation: string): EbpfError {
    return kernelError(status, { operation, map: this.#source.name })
  }
}

export function streamEndedError({ noun, name }: RecordSource, why: string): EbpfError {
  return ruleError('ERR_EBPF_CLOSED', `${noun} '${name}' cannot be flushed: ${why}`, { operation: 'flush', map: name })
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
