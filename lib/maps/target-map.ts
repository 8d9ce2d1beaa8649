import { constants } from 'node:os'
import { integer } from '../arguments.ts'
import { binding } from '../binding.ts'
import { type Memory, createMemory } from '../btf/memory.ts'
import { closedError } from '../errors.ts'
import { BoundMap } from './bound-map.ts'
import type { KeyOf } from './key-types.ts'
import type { Input } from './keyed-map.ts'
import type { MapInit } from './map.ts'
import { type Cursor, type Purpose, type WalkedMap, walkByKeys } from './walk.ts'

const { EEXIST, ENOENT } = constants.errno

/** How the keys of a map are written and read: by a codec, or as the places of an array. */
export interface KeyCodec<K> {
  encode(key: unknown, memory: Memory, offset: number): void
  decodeKey(memory: Memory, offset: number): K | Uint8Array
}

/** @internal The places of an array. What is outside is a RangeError, before the kernel is asked. */
export function placeCodec(maxEntries: number, argument: string = 'index'): KeyCodec<number> {
  return {
    encode: (key, { u32 }, offset) => {
      u32[offset / 4] = integer(key, argument, 0, maxEntries - 1)
    },
    decodeKey: ({ u32 }, offset) => u32[offset / 4]!,
  }
}

/** A map of what programs send packets, messages or connections to. */
export class TargetMap<K = unknown> extends BoundMap {
  readonly #keys: KeyCodec<K>

  /** @internal */
  constructor(init: MapInit, keys: KeyCodec<K>) {
    super(init)
    this.#keys = keys
  }

  /** @internal */
  protected get keyCodec(): KeyCodec<K> {
    return this.#keys
  }

  /**
   * @internal Encoded aside: a getter of the key may close the map, or use it.
   *
   * @throws EbpfError when the map is closed by then
   */
  protected encodeKey(key: Input<K>, operation: string): Memory {
    const memory = createMemory(new ArrayBuffer(this.valueOffset))
    this.#keys.encode(key, memory, 0)
    if (this.closed) throw closedError(this.describe(), operation)
    return memory
  }

  /** @internal Encodes a key, and binds it for a call. */
  protected bindKey(key: Input<K>, operation: string): Memory {
    const encoded = this.encodeKey(key, operation)
    const memory = this.bound()
    memory.u8.set(encoded.u8.subarray(0, this.keySize))
    return memory
  }

  /**
   * @internal Writes a descriptor as the value of a key.
   *
   * @param flags the kernel's; with any, false says that the condition did not hold
   */
  protected putDescriptor(
    key: Input<K>,
    fd: number,
    flags: number,
    hint: (status: number) => string | undefined,
  ): boolean {
    const { u32, u64 } = this.bindKey(key, 'set')
    if (this.valueSize === 8) u64[this.valueOffset / 8] = BigInt(fd)
    else u32[this.valueOffset / 4] = fd
    const status = binding.mapUpdate(this.use('set'), flags)
    if (status === 0) return true
    if (flags !== 0 && (status === -EEXIST || status === -ENOENT)) return false
    throw this.failure(status, 'bpf_map_update_elem', hint(status))
  }
}

/** One whose contents the kernel tells. */
export abstract class ReadableTargetMap<K = unknown, V = unknown> extends TargetMap<K> {
  /** What there is for a key, or `undefined`. */
  get(key: Input<K>): V | undefined {
    const memory = this.bindKey(key, 'get')
    return this.lookUp('get') ? this.decodeValue(memory.u32, this.valueOffset / 4) : undefined
  }

  /** Whether there is something for a key. */
  has(key: Input<K>): boolean {
    this.bindKey(key, 'has')
    return this.lookUp('has')
  }

  /** @returns whether there was something. */
  delete(key: Input<K>): boolean {
    this.bindKey(key, 'delete')
    return this.deleteBound()
  }

  /**
   * Takes out all that is there now.
   *
   * @returns how many there were
   */
  clear(): number {
    let total = 0
    for (const { count } of walkByKeys(this.#walked(0), 'delete')) total += count
    return total
  }

  /** What is in it, as `[key, value]`, by two system calls for each. What vanishes meanwhile may be missing. */
  *entries(): Generator<[KeyOf<K>, V], void, undefined> {
    for (const { count, keys, values } of walkByKeys(this.#walked(this.valueSize))) {
      for (let index = 0; index < count; index++) {
        const key = this.keyCodec.decodeKey(keys, index * this.keySize)
        yield [key as KeyOf<K>, this.decodeValue(values.u32, (index * this.valueSize) / 4)]
      }
    }
  }

  *keys(): Generator<KeyOf<K>, void, undefined> {
    for (const { count, keys } of walkByKeys(this.#walked(0))) {
      for (let index = 0; index < count; index++) yield this.keyCodec.decodeKey(keys, index * this.keySize) as KeyOf<K>
    }
  }

  [Symbol.iterator](): Generator<[KeyOf<K>, V], void, undefined> {
    return this.entries()
  }

  /** How many there are now. Asks for each key: the kernel keeps no count that can be read. */
  count(): number {
    let total = 0
    for (const { count } of walkByKeys(this.#walked(0))) total += count
    return total
  }

  /** @internal The value from a word of memory on. */
  protected abstract decodeValue(u32: Uint32Array, word: number): V

  /** @internal Where the walks of this type go on. */
  protected abstract get cursor(): Cursor

  /** @internal Reads the value of the key that is bound; false when there is none. */
  protected lookUp(operation: string): boolean {
    const status = binding.mapLookup(this.use(operation), 0)
    if (status === 0) return true
    if (status === -ENOENT) return false
    throw this.failure(status, 'bpf_map_lookup_elem')
  }

  /** @internal Whether there is something at the key that is bound, which the kernel gave as one of its keys. */
  protected isThere(): boolean {
    return this.lookUp('iterate')
  }

  /** Without values where `entrySize` is 0. */
  #walked(entrySize: number): WalkedMap {
    return {
      name: this.name,
      maxEntries: this.maxEntries,
      keySize: this.keySize,
      entrySize,
      use: (operation) => this.use(operation),
      fail: (status, operation) => this.failure(status, operation),
      cursor: this.cursor,
      flags: 0,
      visit: (purpose, key, values, offset) => this.#visit(purpose, key, values.subarray(offset, offset + entrySize)),
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

  #visit(purpose: Purpose, key: Uint8Array, value: Uint8Array): boolean {
    this.bound().u8.set(key, 0)
    if (purpose === 'delete') return this.deleteBound()
    if (value.length === 0) return this.isThere()
    if (!this.lookUp('iterate')) return false
    value.set(this.valueBytes())
    return true
  }
}
