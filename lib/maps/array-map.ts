import { constants } from 'node:os'
import { outOfRange } from '../errors.ts'
import { type Input, KeyedMap, type Progress, type SetOptions } from './keyed-map.ts'

const { E2BIG } = constants.errno

/** `BPF_MAP_TYPE_ARRAY`: a fixed number of values by index, zero at first; nothing can be deleted. Linux 3.19. */
export class ArrayMap<V = unknown> extends KeyedMap<number, V> {
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

  /** An array is always full. */
  override count(): number {
    this.use('count')
    return this.maxEntries
  }
}
