import { outOfRange } from '../errors.ts'
import { KeyedMap, type SetOptions } from './keyed-map.ts'

/** `BPF_MAP_TYPE_ARRAY`: a fixed number of values by index, zero at first; nothing can be deleted. Linux 3.19. */
export class ArrayMap<V = unknown> extends KeyedMap<number, V> {
  /** The number of values. */
  get length(): number {
    return this.maxEntries
  }

  /**
   * @throws RangeError ERR_EBPF_OUT_OF_RANGE when the index is outside of the array
   */
  override set(index: number | Uint8Array, value: V | Uint8Array, options?: SetOptions): boolean {
    if (typeof index === 'number' && index >= this.maxEntries) {
      throw outOfRange(`index ${index} is outside of map '${this.name}', which has ${this.maxEntries} entries`)
    }
    return super.set(index, value, options)
  }

  /** An array is always full. */
  override count(): number {
    this.use('count')
    return this.maxEntries
  }
}
