import { integer } from '../arguments.ts'
import { binding } from '../binding.ts'
import { BoundMap } from './bound-map.ts'

/** An array of what user space names by descriptors. The kernel holds what is in it, whatever becomes of the descriptor. */
export class DescriptorArray extends BoundMap {
  /** The number of places. */
  get length(): number {
    return this.maxEntries
  }

  /** @returns whether there was something at that index. */
  delete(index: number): boolean {
    const memory = this.bound()
    memory.u32[0] = this.checkIndex(index)
    return this.deleteBound()
  }

  /**
   * Empties all places.
   *
   * @returns how many there were with something in them
   */
  clear(): number {
    let done = 0
    for (let index = 0; index < this.maxEntries; index++) if (this.delete(index)) done++
    return done
  }

  /** @internal */
  protected put(index: number, fd: number, hint: (status: number) => string | undefined): void {
    const { u32 } = this.bound()
    u32[0] = this.checkIndex(index)
    u32[this.valueOffset / 4] = fd
    const status = binding.mapUpdate(this.use('set'), 0)
    if (status < 0) throw this.failure(status, 'bpf_map_update_elem', this.closed ? undefined : hint(status))
  }

  /** @internal */
  protected checkIndex(index: unknown): number {
    return integer(index, 'index', 0, this.maxEntries - 1)
  }
}
