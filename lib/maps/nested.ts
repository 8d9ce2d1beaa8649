import { constants } from 'node:os'
import { inspectBriefly, optionsObject } from '../arguments.ts'
import { binding } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import { createMemory } from '../btf/memory.ts'
import { EbpfError, closedError, invalidArgument, outOfRange, ruleError } from '../errors.ts'
import { failure } from '../outcome.ts'
import { BoundMap } from './bound-map.ts'
import { type SetCondition, conditionFlags } from './entry-options.ts'
import { wrapMap } from './factory.ts'
import type { InnerDefinition, InnerOptions } from './inner-definition.ts'
import type { KeyOf } from './key-types.ts'
import type { Input } from './keyed-map.ts'
import { definitionOf, makeMap } from './make.ts'
import { BpfMap, type MapInit } from './map.ts'
import { type OpenMapOptions, openWith } from './opened.ts'
import { type NestedEntry, inNestedBulk } from './nested-bulk.ts'
import { type WalkedMap, walk } from './walk.ts'

const { E2BIG, EEXIST, EINVAL, ENOENT } = constants.errno

/** What may differ between maps in one map of maps. */
export interface CreateInnerOptions {
  /** Name in the kernel, at most 15 letters, digits, `_` and `.`. */
  name?: string
  /** An array's length only with the flag `innerMap`. */
  maxEntries?: number
  /** Where it is pinned, in a BPF file system. */
  pinPath?: string
}

const INNER_OPTIONS: ReadonlySet<string> = new Set<keyof CreateInnerOptions>(['name', 'maxEntries', 'pinPath'])

/**
 * A map of maps. All maps in it are like the one that it was made with: of its type, with its sizes and flags. It holds them,
 * whatever becomes of their handles.
 */
export class NestedMap<K = unknown, M extends BpfMap = BpfMap> extends BoundMap {
  readonly #codec: Codec<K>
  readonly #inner: () => InnerDefinition | undefined

  /** @internal */
  constructor(init: MapInit, codec: Codec<K>, inner: () => InnerDefinition | undefined) {
    super(init)
    this.#codec = codec
    this.#inner = inner
  }

  /**
   * Makes a map that can be put in. It is the caller's, who closes it. It is like the `inner` that this map
   * was made with, or like its declaration in an object (`__array(values, struct …)`), or like a map that is in it.
   *
   * @throws EbpfError ERR_EBPF_NO_BTF when none of these is known
   */
  createInner(options: CreateInnerOptions = {}): M {
    this.use('createInner')
    for (const name of Object.keys(optionsObject(options))) {
      if (!INNER_OPTIONS.has(name)) {
        throw invalidArgument(
          `unknown option ${inspectBriefly(name)} of createInner: there are ${[...INNER_OPTIONS].join(', ')}`,
        )
      }
    }
    const wishes = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    return makeMap({ ...this.#innerOptions(), ...wishes }, wrapMap) as M
  }

  /**
   * The map of a key, as a handle of its own that the caller closes; `undefined` when there is none. Its keys and values have the
   * types of the definition that {@link createInner} goes by, otherwise those that the kernel keeps with it. Needs CAP_SYS_ADMIN.
   * Linux 4.13.
   */
  get(key: Input<K>): M | undefined
  /** @param options other types, or none */
  get(key: Input<K>, options: OpenMapOptions): BpfMap | undefined
  get(key: Input<K>, options?: OpenMapOptions): BpfMap | undefined {
    const types = options === undefined ? this.#inner()?.types : this.#typesFor(options)
    // Taken out and gone between the two calls, another may be in its place.
    for (let id = this.#id(key), last: number | undefined; id !== undefined && id !== last; id = this.#id(key)) {
      try {
        return openWith({ id }, types ?? {}, wrapMap)
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
  async set(key: Input<K>, map: M, options: SetCondition = {}): Promise<boolean> {
    const flags = conditionFlags(options?.if)
    return this.#put(this.#entry(key, map), flags)
  }

  /**
   * Puts many maps in, a few hundred by one system call where the kernel can (Linux 5.19), off the JavaScript thread. With a condition
   * it is one call for each: the kernel's batches have none.
   *
   * @returns how many were written: all, or those that the condition let pass
   * @throws the error of {@link set}, with the number of entries that were written before it failed as its `done`
   */
  async setMany(entries: Iterable<readonly [Input<K>, M]>, options: SetCondition = {}): Promise<number> {
    const flags = conditionFlags(options?.if)
    return await inNestedBulk(entries, {
      keySize: this.keySize,
      entry: ([key, map]) => this.#entry(key, map),
      batch: flags === 0 ? (keys, inner) => binding.mapPutInnerBatch(this.use('setMany'), keys, inner) : undefined,
      single: (entry) => this.#put(entry, flags),
    })
  }

  /**
   * Takes a map out, off the JavaScript thread as {@link set}.
   *
   * @returns whether there was one
   */
  async delete(key: Input<K>): Promise<boolean> {
    return this.#takeOut(this.#keyBytes(key))
  }

  /**
   * Takes many maps out, as {@link setMany} puts them in; keys that are not there are passed over.
   *
   * @returns how many there were
   * @throws the error of {@link delete}, with the number of entries that were deleted before it failed as its `done`
   */
  async deleteMany(keys: Iterable<Input<K>>): Promise<number> {
    return await inNestedBulk(keys, {
      keySize: this.keySize,
      entry: (key) => ({ key: this.#keyBytes(key), map: undefined }),
      // Only hashes have such batches.
      batch:
        this.type === 'hash_of_maps'
          ? (bytes) => binding.mapPutInnerBatch(this.use('deleteMany'), bytes, new Uint32Array())
          : undefined,
      single: ({ key }) => this.#takeOut(key),
    })
  }

  /**
   * Takes all maps out that are there now.
   *
   * @returns how many there were
   * @throws the error of {@link deleteMany}
   */
  async clear(): Promise<number> {
    const keys: Uint8Array[] = []
    for (const { count, keys: chunk } of walk(this.#walked())) {
      for (let index = 0; index < count; index++) {
        keys.push(chunk.u8.slice(index * this.keySize, (index + 1) * this.keySize))
      }
    }
    return await this.deleteMany(keys)
  }

  #innerOptions(): InnerOptions {
    const known = this.#inner()
    if (known !== undefined) return known.options()
    for (const [, { id }] of this.entries()) {
      using map = openWith({ id }, {}, wrapMap)
      return definitionOf(map).options()
    }
    throw ruleError('ERR_EBPF_NO_BTF', `nothing says what the maps in '${this.name}' are like`, {
      operation: 'createInner',
      ...this.names(),
      hint: 'It is empty, and the kernel does not tell what it was made with. Make the first one by createMap().',
    })
  }

  #typesFor(options: OpenMapOptions): OpenMapOptions {
    const known = this.#inner()?.types ?? {}
    if (options.raw !== true) return { ...known, ...options }
    return { ...(known.int64 !== undefined && { int64: known.int64 }), ...options }
  }

  #entry(key: Input<K>, map: unknown): NestedEntry & { map: BpfMap } {
    if (!(map instanceof BpfMap)) throw invalidArgument(`map must be a BpfMap, not ${inspectBriefly(map)}`)
    return { key: this.#keyBytes(key), map }
  }

  async #put({ key, map }: NestedEntry, flags: number): Promise<boolean> {
    if (map === undefined) return false
    const inner = map.borrow('put it into another')
    const outcome = await binding.mapPutInner(this.use('set'), key, inner, flags)
    if (outcome.errno === 0) return true
    if (flags !== 0 && (outcome.errno === -EEXIST || outcome.errno === -ENOENT)) return false
    if (outcome.errno === -EINVAL) {
      const hint = `'${map.name}' is of type ${map.type}: all maps in it have the type, the sizes and the flags of the one that it was made with.`
      throw this.failure(outcome.errno, outcome.operation, hint)
    }
    if (outcome.errno === -E2BIG) throw this.failure(outcome.errno, outcome.operation)
    throw failure(outcome, this.names())
  }

  async #takeOut(key: Uint8Array): Promise<boolean> {
    const outcome = await binding.mapPutInner(this.use('delete'), key, 0, 0)
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
export class ArrayOfMaps<M extends BpfMap = BpfMap> extends NestedMap<number, M> {
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
export class HashOfMaps<K = unknown, M extends BpfMap = BpfMap> extends NestedMap<K, M> {}
