import { constants } from 'node:os'
import { nonEmptyString, optionsObject } from '../arguments.ts'
import { type Handle, type NativePerfBufferOptions, binding } from '../binding.ts'
import { kernelError } from '../errors.ts'
import type { RecordCodec } from '../btf/record-codec.ts'
import type { MapInit } from '../maps/map.ts'
import { OverwritableBuffer } from './overwritable-buffer.ts'
import {
  type PerfBufferOptions,
  type PerfStreamOptions,
  overwritableOptions,
  perfStreamOptions,
} from './perf-options.ts'
import { RecordMap, type RecordTypes } from './record-map.ts'
import { BUSY, busyError } from './record-source.ts'

const NOUN = 'perf buffer'

const { EACCES, EINVAL, ENOMEM, EPERM } = constants.errno

/** What {@link PerfBuffer.openOverwritable} takes. */
export interface OverwritableOptions extends PerfBufferOptions {
  /** C name without `struct` of the records' type, in place of the declared one. */
  type?: string
}

/**
 * `BPF_MAP_TYPE_PERF_EVENT_ARRAY`, which programs write to by `bpf_perf_event_output()`: a buffer for each CPU, and the kernel
 * counts what had no room. Linux 4.4, so it serves kernels without a {@link RingBuffer}; programs write to it only while a
 * stream, or an overwritable buffer, is open. `batch.cpu(index)` is the CPU of a record.
 *
 * Records are decoded when the map's declaration names their type (`EBPF_PERF_BUFFER` of ebpf.h); otherwise they are bytes,
 * to which the kernel adds up to 7, and {@link as} decodes them by a type's name.
 */
export class PerfBuffer<T = unknown> extends RecordMap<T, PerfStreamOptions> {
  #lostBefore = 0
  #overwritable: OverwritableBuffer<unknown> | undefined

  /** @internal */
  constructor(init: MapInit, types: RecordTypes) {
    super(init, types, NOUN, true)
  }

  /**
   * Begins to keep the newest records, the oldest of which make room for them: nothing is handed over, until somebody asks
   * for a snapshot of what is there, such as after something went wrong. Until it is closed, the map has no stream.
   *
   * @throws EbpfError ERR_EBPF_BUSY
   */
  openOverwritable(options: OverwritableOptions = {}): OverwritableBuffer<T> {
    const { type, ...memory } = optionsObject(options)
    const codec = this.codec(type === undefined ? undefined : nonEmptyString(type, 'type')) as RecordCodec<T>
    const reader = this.#open(overwritableOptions(memory))
    const buffer = new OverwritableBuffer<T>(this.name, reader, codec)
    this.#overwritable = buffer
    return buffer
  }

  /** Ends its stream, or its overwritable buffer, then closes the descriptor. A second call does nothing. */
  override close(): void {
    this.#overwritable?.close()
    super.close()
  }

  /** @internal */
  protected openReader(options: PerfStreamOptions): Handle {
    return this.#open(perfStreamOptions(options))
  }

  /** @internal */
  protected override closeReader(reader: Handle): void {
    this.#lostBefore += binding.perfBufferLost(reader)
    super.closeReader(reader)
  }

  /** @internal Without a reader there are no buffers. */
  protected pendingUnread(): number {
    return 0
  }

  /** @internal */
  protected override lost(): number {
    const { reader } = this
    return this.#lostBefore + (reader === undefined ? 0 : binding.perfBufferLost(reader))
  }

  #open(options: NativePerfBufferOptions): Handle {
    const { reader, operation } = binding.perfBufferOpen(this.use('read records'), options)
    if (reader > 0) return reader
    if (reader === BUSY) throw busyError(NOUN, this.name)
    throw kernelError(reader, { operation, map: this.name, hint: hintOf(reader, operation, options.pages) })
  }
}

/** What to do when a perf event cannot be had. */
function hintOf(status: number, operation: string, pages: number): string | undefined {
  if (operation === 'mmap' && (status === -EPERM || status === -ENOMEM || status === -EINVAL)) {
    return `Each CPU takes ${pages} pages of locked memory: use fewer pages, or raise kernel.perf_event_mlock_kb.`
  }
  if (operation === 'perf_event_open' && (status === -EACCES || status === -EPERM)) {
    return 'Reading all CPUs needs CAP_PERFMON, or CAP_SYS_ADMIN before Linux 5.8.'
  }
  return undefined
}
