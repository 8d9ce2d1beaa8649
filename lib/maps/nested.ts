import { constants } from 'node:os'
import { inspectBriefly } from '../arguments.ts'
import { binding } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import { createMemory } from '../btf/memory.ts'
import { EbpfError, closedError, invalidArgument, outOfRange } from '../errors.ts'
import { failure } from '../outcome.ts'
import { BoundMap } from './bound-map.ts'
import { type SetCondition, conditionFlags } from './entry-options.ts'
import type { KeyOf } from './key-types.ts'
import type { Input } from './keyed-map.ts'
import { BpfMap, type MapInit } from './map.ts'
import { type OpenMapOptions, openMap } from './open.ts'
import { type WalkedMap, walk } from './walk.ts'

const { E2BIG, EEXIST, EINVAL, ENOENT } = constants.errno

/**
 * A map of maps. All maps in it are like the one that it was made with: of its type, with its sizes and flags. It holds them,
 * whatever becomes of their handles.
 */
export class NestedMap<K = unknown> extends BoundMap {
  readonly #codec: Codec<K>

  /** @internal */
  constructor(init: MapInit, codec: Codec<K>) {
    super(init)
    this.#codec = codec
  }

  /**
   * The map of a key, as a handle of its own that the caller closes; `undefined` when there is none. Needs CAP_SYS_ADMIN.
   * Linux 4.13.
   *
   * @param options its types, where the kernel keeps none with it
   */
  get(key: Input<K>, options?: OpenMapOptions): BpfMap | undefined {
    // Taken out and gone between the two calls, another may be in its place.
    for (let id = this.#id(key), last: number | undefined; id !== undefined && id !== last; id = this.#id(key)) {
      try {
        return openMap({ id }, options)
      } catch (error) {
        if (!(error instanceof EbpfError && error.code === 'ENOENT')) throw error
        last = id
      }
    }
    return undefined
  }

  /** Whether there is a map for a key. */
  has(key: Input<K>): boolean {
    return this.#id(key) !== undefined
  }

  /**
   * Puts a map in, off the JavaScript thread: the kernel may wait until no program uses the one that was there, some tens of
   * milliseconds.
   *
   * @returns whether it was written: always, or as the condition says
   * @throws EbpfError EINVAL when it is not like the one that this map of maps was made with, E2BIG when a hash is full
   * @throws RangeError for an index outside of an array
   */
  async set(key: Input<K>, map: BpfMap, options: SetCondition = {}): Promise<boolean> {
    if (!(map instanceof BpfMap)) throw invalidArgument(`map must be a BpfMap, not ${inspectBriefly(map)}`)
    const flags = conditionFlags(options?.if)
    const bytes = this.#keyBytes(key)
    const inner = map.borrow('put it into another')
    const outcome = await binding.mapPutInner(this.use('set'), bytes, inner, flags)
    if (outcome.errno === 0) return true
    if (flags !== 0 && (outcome.errno === -EEXIST || outcome.errno === -ENOENT)) return false
    if (outcome.errno === -EINVAL) {
      const hint = `'${map.name}' is of type ${map.type}: all maps in it have the type, the sizes and the flags of the one that it was made with.`
      throw this.failure(outcome.errno, outcome.operation, hint)
    }
    if (outcome.errno === -E2BIG) throw this.failure(outcome.errno, outcome.operation)
    throw failure(outcome, this.names())
  }

  /**
   * Takes a map out, off the JavaScript thread as {@link set}.
   *
   * @returns whether there was one
   */
  async delete(key: Input<K>): Promise<boolean> {
    const bytes = this.#keyBytes(key)
    const outcome = await binding.mapPutInner(this.use('delete'), bytes, 0, 0)
    if (outcome.errno === 0) return true
    if (outcome.errno === -ENOENT) return false
    throw failure(outcome, this.names())
  }

  /** What is in it, as `[key, { id }]`, for `openMap`. */
  *entries(): Generator<[KeyOf<K>, { id: number }], void, undefined> {
    for (const { count, keys, values } of walk(this.#walked())) {
      for (let index = 0; index < count; index++) {
        yield [this.#codec.decodeKey(keys, index * this.keySize) as KeyOf<K>, { id: values.u32[index]! }]
      }
    }
  }

  *keys(): Generator<KeyOf<K>, void, undefined> {
    for (const [key] of this.entries()) yield key
  }

  [Symbol.iterator](): Generator<[KeyOf<K>, { id: number }], void, undefined> {
    return this.entries()
  }

  /** How many maps there are now. */
  count(): number {
    let total = 0
    for (const { count } of walk(this.#walked())) total += count
    return total
  }

  #id(key: Input<K>): number | undefined {
    const memory = this.bound()
    this.#codec.encode(key, memory, 0)
    return this.#lookUp()
  }

  #lookUp(): number | undefined {
    const { u32 } = this.bound()
    const status = binding.mapLookup(this.use('get'), 0)
    if (status === 0) return u32[this.valueOffset / 4]
    if (status === -ENOENT) return undefined
    throw this.failure(status, 'bpf_map_lookup_elem')
  }

  #keyBytes(key: Input<K>): Uint8Array {
    const memory = createMemory(new ArrayBuffer(this.valueOffset))
    this.#codec.encode(key, memory, 0)
    if (this.closed) throw closedError(this.describe(), 'set')
    return memory.u8.subarray(0, this.keySize)
  }

  #walked(): WalkedMap {
    return {
      name: this.name,
      maxEntries: this.maxEntries,
      keySize: this.keySize,
      entrySize: this.valueSize,
      use: (operation) => this.use(operation),
      fail: (status, operation) => this.failure(status, operation),
      flags: 0,
      cursor: this.type === 'array_of_maps' ? 'index' : 'bucket',
      visit: (_purpose, key, values, offset) => {
        this.bound().u8.set(key, 0)
        const id = this.#lookUp()
        if (id === undefined) return false
        values.set(new Uint8Array(Uint32Array.of(id).buffer), offset)
        return true
      },
      next: (key, first) => {
        const { u8 } = this.bound()
        u8.set(key, 0)
        const status = binding.mapNextKey(this.use('iterate'), first)
        if (status === -ENOENT) return false
        if (status < 0) throw this.failure(status, 'bpf_map_get_next_key')
        key.set(u8.subarray(0, key.length))
        return true
      },
    }
  }
}

/** `BPF_MAP_TYPE_ARRAY_OF_MAPS`: maps by index. Linux 4.12. */
export class ArrayOfMaps extends NestedMap<number> {
  /** The number of places. */
  get length(): number {
    return this.maxEntries
  }

  /** @internal What the kernel says of an index is what it says of a full map elsewhere. */
  protected override failure(status: number, operation: string, hint?: string): Error {
    if (status !== -E2BIG || this.closed) return super.failure(status, operation, hint)
    return outOfRange(`the index is outside of map '${this.name}', which has ${this.maxEntries} entries`)
  }
}

/** `BPF_MAP_TYPE_HASH_OF_MAPS`: maps by key. Linux 4.12. */
export class HashOfMaps<K = unknown> extends NestedMap<K> {}
