import { constants } from 'node:os'
import { outOfRange } from '../errors.ts'
import type { SetOptions } from './entry-options.ts'
import { type Input, KeyedMap, type Progress } from './keyed-map.ts'
import { MapMemory, type MapView, type MapViewClass, type ViewOf } from './memory-view.ts'

const { E2BIG } = constants.errno

/** `BPF_MAP_TYPE_ARRAY`: a fixed number of values by index, zero at first; nothing can be deleted. Linux 3.19. */
export class ArrayMap<V = unknown> extends KeyedMap<number, V> {
  #memory: MapMemory | undefined

  /** The number of values. */
  get length(): number {
    return this.maxEntries
  }

  /**
   * @throws RangeError ERR_EBPF_OUT_OF_RANGE when the index is outside of the array
   */
  override set(index: Input<number>, value: Input<V>, options?: SetOptions): boolean {
    if (typeof index === 'number' && index >= this.maxEntries) {
      throw outOfRange(`index ${index} is outside of map '${this.name}', which has ${this.maxEntries} entries`)
    }
    return super.set(index, value, options)
  }

  /** @internal What the kernel says of an index is what it says of a full map elsewhere. */
  protected override failure(status: number, operation: string, progress?: Progress): Error {
    if (status !== -E2BIG || this.closed) return super.failure(status, operation, progress)
    const said = `the index is outside of map '${this.name}', which has ${this.maxEntries} entries`
    if (progress === undefined) return outOfRange(said)
    return Object.assign(outOfRange(`${said}\n  ${progress.done} entries were done before it failed.`), progress)
  }

  /**
   * All values as one typed array over the kernel's own memory: reading or writing one is no system call, and what
   * programs write is seen at once. Its class follows the values: `BigUint64Array` for `__u64`, a flat `Uint32Array` for
   * `__u32[4]`, a `Uint8Array` of the bytes for structs. It becomes empty when the map is closed. The map needs
   * BPF_F_MMAPABLE. Linux 5.5.
   *
   * @param expected narrows the type; `Uint8Array` gives the bytes of any values, each at a multiple of 8
   * @throws RangeError when the size of a value is no multiple of 8: the kernel leaves gaps between them
   * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when the map cannot be mapped, ERR_EBPF_READ_ONLY when it is frozen or
   * read-only, EOPNOTSUPP for more than 4 GiB
   */
  view(): ViewOf<V>
  view<A extends MapView>(expected: MapViewClass<A>): A
  view(expected?: MapViewClass): MapView {
    this.use('view')
    this.#memory ??= new MapMemory(this)
    return this.#memory.view(this.valueCodec.layout, expected)
  }

  override freeze(): void {
    try {
      super.freeze()
    } catch (error) {
      throw this.#memory?.freezeError(error) ?? error
    }
  }

  override close(): void {
    super.close()
    this.#memory?.detach()
  }

  /** An array is always full. */
  override count(): number {
    this.use('count')
    return this.maxEntries
  }
}
