import { constants } from 'node:os'
import { binding } from '../binding.ts'
import { type Memory, createBuffer, createMemory, roundUpTo8 } from '../btf/memory.ts'
import { closedError, kernelError } from '../errors.ts'
import { BpfMap } from './map.ts'

const { E2BIG, ENOENT } = constants.errno

/** A map whose calls go by memory that is bound to it: a key if it has any, and from the next multiple of 8 a value. */
export class BoundMap extends BpfMap {
  #memory: Memory | undefined

  /** @internal Where the value lies. */
  protected get valueOffset(): number {
    return roundUpTo8(this.keySize)
  }

  /** @internal It is private: whoever had it could let the kernel write elsewhere. */
  protected bound(): Memory {
    return this.#memory ?? this.#bind()
  }

  #bind(): Memory {
    const handle = this.use('use')
    const memory = createMemory(createBuffer(this.valueOffset + roundUpTo8(this.valueSize)))
    const status = binding.mapBind(handle, memory.u8.buffer)
    if (status < 0) throw this.failure(status, 'bind the memory of')
    this.#memory = memory
    return memory
  }

  /** @internal An own copy of the value's bytes. */
  protected valueBytes(): Uint8Array {
    return this.bound().u8.slice(this.valueOffset, this.valueOffset + this.valueSize)
  }

  /** @internal Deletes the entry of the key that is bound; false when there is none. */
  protected deleteBound(): boolean {
    const status = binding.mapDelete(this.use('delete'))
    if (status >= 0) return true
    if (status === -ENOENT) return false
    throw this.failure(status, 'bpf_map_delete_elem')
  }

  /** @internal The error of a negative status. */
  protected failure(status: number, operation: string, hint?: string): Error {
    if (this.closed) return closedError(this.describe(), operation)
    const full = status === -E2BIG ? `The map is full: it holds ${this.maxEntries} entries (maxEntries).` : undefined
    return kernelError(status, { operation, ...this.names(), hint: hint ?? full })
  }
}
