import { type Handle, binding } from '../binding.ts'
import { createMemory } from '../btf/memory.ts'
import type { RecordCodec } from '../btf/record-codec.ts'
import { kernelError } from '../errors.ts'
import { Resource } from '../resource.ts'
import { Batch } from './batch.ts'

const release = (unreachable: Handle): unknown => binding.readerClose(unreachable)

/** The newest records of a {@link PerfBuffer}, for whoever asks: {@link PerfBuffer.openOverwritable}. Linux 4.7. */
export class OverwritableBuffer<T = unknown> extends Resource {
  readonly #codec: RecordCodec<T>
  #paused = false

  /** @internal */
  constructor(name: string, reader: Handle, codec: RecordCodec<T>) {
    super(name, reader, 'overwritable buffer', release)
    this.#codec = codec
  }

  /** Whether it keeps no new records. */
  get paused(): boolean {
    return this.#paused
  }

  /** Keeps what is there: what programs write from now on is lost. */
  pause(): void {
    this.#pause(true)
  }

  resume(): void {
    this.#pause(false)
  }

  /**
   * A copy of all records that are there, the oldest first; CPU after CPU unless the buffer was opened with the `order`
   * `time`. It stays yours, and the records stay in the buffer: the next snapshot has them again, as far as they were not
   * overwritten. While it is made the buffer is paused, for microseconds.
   */
  snapshot(): Batch<T> {
    const found = binding.perfBufferSnapshot(this.use('snapshot'))
    if (typeof found === 'number') throw kernelError(found, { operation: 'snapshot', map: this.name })
    const { memory, records } = found
    return new Batch(this.#codec, true).fill(createMemory(memory), records, memory.byteLength)
  }

  /** Ends it: programs write to the map no more. A second call does nothing. */
  close(): void {
    const reader = this.relinquish()
    if (reader !== 0) binding.readerClose(reader)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #pause(paused: boolean): void {
    const status = binding.perfBufferPause(this.use(paused ? 'pause' : 'resume'), paused)
    if (status < 0) throw kernelError(status, { operation: 'ioctl(PERF_EVENT_IOC_PAUSE_OUTPUT)', map: this.name })
    this.#paused = paused
  }

  protected override describe(): string {
    return `overwritable buffer '${this.name}'`
  }
}
