import { constants } from 'node:os'
import { binding } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import { createMemory } from '../btf/memory.ts'
import { closedError, kernelError, ruleError } from '../errors.ts'
import { BoundMap } from './bound-map.ts'
import {
  type LockOptions,
  type RawOptions,
  type SetOptions,
  flagRefusal,
  readFlags,
  updateFlags,
} from './entry-options.ts'
import type { Input } from './keyed-map.ts'
import type { MapInit } from './map.ts'

const { EEXIST, EINVAL, ENOENT } = constants.errno

/** Who has a value, for one call. */
export interface Owner {
  fd: number
  /** For messages. */
  name: string
  release(): void
}

/**
 * Values that lie with what they are about: with each socket, task, inode or cgroup one, which goes when that goes. The kernel
 * finds it without a search, and has no list of them: what there is cannot be iterated or counted by map calls. Calls are
 * synchronous. A miss is `undefined`, never an exception.
 */
export abstract class StorageMap<O, V> extends BoundMap {
  readonly #codec: Codec<V>

  /** @internal */
  constructor(init: MapInit, codec: Codec<V>) {
    super(init)
    this.#codec = codec
  }

  /** What is stored with an owner, or `undefined` when there is nothing. */
  get(owner: O, options: RawOptions & LockOptions): Uint8Array | undefined
  get(owner: O, options?: LockOptions): V | undefined
  get(owner: O, options?: Partial<RawOptions> & LockOptions): V | Uint8Array | undefined {
    const raw = options?.raw
    const flags = readFlags(options)
    return this.#with(owner, 'get', (found) => {
      if (!this.#lookUp(found, 'get', flags)) return undefined
      return raw ? this.valueBytes() : this.#codec.decode(this.bound(), this.valueOffset)
    })
  }

  /** Whether something is stored with an owner. */
  has(owner: O): boolean {
    return this.#with(owner, 'has', (found) => this.#lookUp(found, 'has', 0))
  }

  /**
   * Stores a value with an owner.
   *
   * @returns whether it was written: always, or as the condition says
   */
  set(owner: O, value: Input<V>, options?: SetOptions): boolean {
    const { flags, condition } = updateFlags(options)
    const bytes = this.#encode(value)
    return this.#with(owner, 'set', (found) => {
      const { u8, u32 } = this.bound()
      u32[0] = found.fd
      u8.set(bytes, this.valueOffset)
      const status = binding.mapUpdate(this.use('set'), flags)
      if (status === 0) return true
      if (condition !== 0 && (status === -EEXIST || status === -ENOENT)) return false
      throw this.#failure(status, 'bpf_map_update_elem', found, flags)
    })
  }

  /** Deletes what is stored with an owner. @returns whether there was something */
  delete(owner: O): boolean {
    return this.#with(owner, 'delete', (found) => {
      this.bound().u32[0] = found.fd
      const status = binding.mapDelete(this.use('delete'))
      if (status === 0) return true
      if (status === -ENOENT) return false
      throw this.#failure(status, 'bpf_map_delete_elem', found, 0)
    })
  }

  /** @internal The descriptor of an owner; what had to be opened for it is closed by its `release`. */
  protected abstract find(owner: O): Owner

  /** @internal What a status says of an owner, where more can be said than the kernel does. */
  protected abstract hint(status: number, owner: Owner): string | undefined

  /** @internal What the system says when it opens an owner. */
  protected openingFailure(errno: number, owner: string, hint?: string): Error {
    return kernelError(errno, { operation: `opening ${owner}`, ...this.names(), hint })
  }

  /** Getters of the owner's run in here, and may close the map: `work` has to ask for its handle. */
  #with<T>(owner: O, operation: string, work: (found: Owner) => T): T {
    this.use(operation)
    const found = this.find(owner)
    try {
      return work(found)
    } finally {
      found.release()
    }
  }

  #lookUp(owner: Owner, operation: string, flags: number): boolean {
    this.bound().u32[0] = owner.fd
    const status = binding.mapLookup(this.use(operation), flags)
    if (status === 0) return true
    if (status === -ENOENT) return false
    throw this.#failure(status, 'bpf_map_lookup_elem', owner, flags)
  }

  /** Aside: getters of the value's may use this very map. */
  #encode(value: unknown): Uint8Array {
    const memory = createMemory(new ArrayBuffer((this.valueSize + 7) & ~7))
    this.#codec.encode(value, memory, 0)
    return memory.u8.subarray(0, this.valueSize)
  }

  #failure(status: number, operation: string, owner: Owner, flags: number): Error {
    if (this.closed) return closedError(this.describe(), operation)
    const refused = status === -EINVAL ? flagRefusal(flags, this.describe()) : undefined
    if (refused !== undefined) {
      return ruleError(refused.code, refused.message, { operation, ...this.names(), hint: refused.hint })
    }
    return kernelError(status, { operation, ...this.names(), hint: this.hint(status, owner) })
  }
}
