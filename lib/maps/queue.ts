import { constants } from 'node:os'
import { inspectBriefly } from '../arguments.ts'
import { binding } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import { invalidArgument } from '../errors.ts'
import { BoundMap } from './bound-map.ts'
import type { RawOptions } from './entry-options.ts'
import type { Input } from './keyed-map.ts'
import type { MapInit } from './map.ts'

const { E2BIG, ENOENT } = constants.errno

/** `BPF_EXIST` of linux/bpf.h, which for these types means: push out the oldest. */
const OVERWRITE = 2

export interface PushOptions {
  /** A full map drops its oldest value. */
  overwrite?: boolean
}

/**
 * `BPF_MAP_TYPE_QUEUE`: values come out in the order in which they went in. The kernel does not tell how many there are, and
 * has no way to read them all. Linux 4.20.
 */
export class QueueMap<V = unknown> extends BoundMap {
  readonly #codec: Codec<V>

  /** @internal */
  constructor(init: MapInit, codec: Codec<V>) {
    super(init)
    this.#codec = codec
  }

  /**
   * Puts a value in.
   *
   * @throws EbpfError E2BIG when the map is full, unless `overwrite` makes room by dropping the oldest value
   */
  push(value: Input<V>, options: PushOptions = {}): void {
    const flags = overwrites(options) ? OVERWRITE : 0
    this.#codec.encode(value, this.bound(), this.valueOffset)
    const status = binding.mapUpdate(this.use('push'), flags)
    if (status >= 0) return
    const hint =
      status === -E2BIG
        ? `The map is full: it holds ${this.maxEntries} values (maxEntries). With { overwrite: true } the oldest is dropped.`
        : undefined
    throw this.failure(status, 'bpf_map_update_elem', hint)
  }

  /** The value that `pop` would give; it stays. `undefined` when there is none. */
  peek(): V | undefined
  peek(options: RawOptions): Uint8Array | undefined
  peek(options?: RawOptions): V | Uint8Array | undefined {
    const memory = this.bound()
    const raw = options?.raw
    const status = binding.mapLookup(this.use('peek'), 0)
    if (status === -ENOENT) return undefined
    if (status < 0) throw this.failure(status, 'bpf_map_lookup_elem')
    return raw ? this.valueBytes() : this.#codec.decode(memory, this.valueOffset)
  }

  /**
   * Takes a value out: the oldest of a queue, the newest of a stack. `undefined` when there is none.
   *
   * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the bytes as its `taken`
   */
  pop(): V | undefined
  pop(options: RawOptions): Uint8Array | undefined
  pop(options?: RawOptions): V | Uint8Array | undefined {
    const memory = this.bound()
    const raw = options?.raw
    const status = binding.mapLookupAndDelete(this.use('pop'), 0)
    if (status === -ENOENT) return undefined
    if (status < 0) throw this.failure(status, 'bpf_map_lookup_and_delete_elem')
    if (raw) return this.valueBytes()
    try {
      return this.#codec.decode(memory, this.valueOffset)
    } catch (error) {
      // It is no longer in the map: what was taken must not be lost.
      throw Object.assign(error as Error, { taken: this.valueBytes() })
    }
  }
}

/** `BPF_MAP_TYPE_STACK`: the value that went in last comes out first. Linux 4.20. */
export class StackMap<V = unknown> extends QueueMap<V> {}

function overwrites(options: PushOptions): boolean {
  const overwrite: unknown = options?.overwrite
  if (overwrite === undefined || typeof overwrite === 'boolean') return overwrite === true
  throw invalidArgument(`options.overwrite must be a boolean, not ${inspectBriefly(overwrite)}`)
}
