import { constants } from 'node:os'
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
  /** Snapshots that are being taken. */
  #taken = 0

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
    this.#setPaused(true, 'pause')
    this.#paused = true
  }

  /** Goes on, after the snapshots that are being taken. */
  resume(): void {
    if (this.#taken === 0) this.#setPaused(false, 'resume')
    else this.use('resume')
    this.#paused = false
  }

  /**
   * A copy of all records that are there, the oldest first; CPU after CPU unless the buffer was opened with the `order`
   * `time`. It stays yours, and the records stay in the buffer: the next snapshot has them again, as far as they were not
   * overwritten. While it is made the buffer is paused: until programs that are writing have ended, some milliseconds.
   *
   * @throws EbpfError ERR_EBPF_CLOSED when the buffer is closed meanwhile, E2BIG when the records take more than 2 GiB
   */
  async snapshot(): Promise<Batch<T>> {
    this.#setPaused(true, 'snapshot')
    this.#taken++
    try {
      // A record that was begun before the pause comes to its end over the oldest ones.
      await binding.perfBufferSettle()
      return this.#copy()
    } finally {
      this.#taken--
      if (this.#taken === 0 && !this.#paused && !this.closed) this.#setPaused(false, 'resume')
    }
  }

  /** Ends it: programs write to the map no more. A second call does nothing. */
  close(): void {
    const reader = this.relinquish()
    if (reader !== 0) binding.readerClose(reader)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #copy(): Batch<T> {
    const found = binding.perfBufferSnapshot(this.use('snapshot'))
    if (typeof found === 'number') {
      const hint =
        found === -constants.errno.E2BIG ? 'Its records take more than 2 GiB: open it with fewer pages.' : undefined
      throw kernelError(found, { operation: 'snapshot', map: this.name, hint })
    }
    const { memory, records } = found
    return new Batch(this.#codec, true).fill(createMemory(memory), records, memory.byteLength)
  }

  #setPaused(paused: boolean, operation: string): void {
    const status = binding.perfBufferPause(this.use(operation), paused)
    if (status < 0) throw kernelError(status, { operation: 'ioctl(PERF_EVENT_IOC_PAUSE_OUTPUT)', map: this.name })
  }

  protected override describe(): string {
    return `overwritable buffer '${this.name}'`
  }
}
