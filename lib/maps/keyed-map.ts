import { constants, release } from 'node:os'
import { inspectBriefly } from '../arguments.ts'
import { binding } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import { ENOTSUPP, closedError, invalidArgument, kernelError, ruleError } from '../errors.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import { Top } from './aggregate.ts'
import { type BulkCalls, inBulk } from './bulk.ts'
import { Entries, type EntryOwner } from './entries.ts'
import {
  type LockOptions,
  type RawOptions,
  type SetOptions,
  flagRefusal,
  readFlags,
  updateFlags,
} from './entry-options.ts'
import type { KeyOf } from './key-types.ts'
import { BpfMap, type MapInit } from './map.ts'
import type { ReadingsOf, readings } from './readings.ts'
import { mapOf, toKeys, toValues } from './to-map.ts'
import { createLoop, type Loop, type Sink, toCallback, toPairs } from './visit.ts'
import { type Chunk, type Cursor, type Purpose, type WalkedMap, walk } from './walk.ts'

const { ENOENT, EEXIST, E2BIG, EINVAL } = constants.errno

/** The first Linux whose hashes know BPF_MAP_LOOKUP_AND_DELETE_ELEM. */
const TAKES_FROM_HASHES = '5.14'

/** Types whose batches go from bucket to bucket; those of arrays go from index to index, all others from key to key. */
const CURSORS: Readonly<Record<string, Cursor>> = {
  hash: 'bucket',
  lru_hash: 'bucket',
  percpu_hash: 'bucket',
  lru_percpu_hash: 'bucket',
  hash_of_maps: 'bucket',
  array: 'index',
  percpu_array: 'index',
  array_of_maps: 'index',
}

/** How far an operation on many entries came. */
export interface Progress {
  done: number
}

/**
 * What a value can be encoded from: as it is decoded, with numbers and bigints in each other's place. (An enumerator's
 * name is taken for an enum too, which TypeScript cannot tell from other numbers.) Of readings of the same bytes, where the type says
 * that they are, some are enough.
 */
export type Encodable<T> = T extends bigint | number
  ? bigint | number
  : T extends string | boolean | Uint8Array
    ? T
    : T extends readonly (infer E)[]
      ? readonly Encodable<E>[]
      : T extends object
        ? typeof readings extends keyof T
          ? EncodableUnion<T, ReadingsOf<T>>
          : { readonly [Field in keyof T]: Encodable<T[Field]> }
        : T

type EncodableUnion<T, Readings extends string> = {
  readonly [Field in Exclude<keyof T, Readings | typeof readings>]: Encodable<T[Field]>
} & { readonly [Field in Readings & keyof T]?: Encodable<T[Field]> }

/** A key or value to encode, or its bytes. */
export type Input<T> = T | Encodable<T> | Uint8Array

/**
 * A map from keys to values, read and written like JavaScript's `Map` where that is true. Calls are synchronous system
 * calls of about a microsecond. A miss is `undefined`, never an exception.
 *
 * A key that no decoded form can hold (bytes behind a string's NUL, say) is a `Uint8Array` of the key's size, which is
 * accepted wherever a key is: what iteration gives back finds its entry again.
 */
export class KeyedMap<K, V> extends BpfMap {
  readonly #keyCodec: Codec<K>
  readonly #valueCodec: Codec<V>
  readonly #entries: Entries<K, V>
  readonly #loops = new Map<unknown, Loop<never, never>>()

  /** @internal */
  constructor(init: MapInit, keyCodec: Codec<K>, valueCodec: Codec<V>) {
    super(init)
    this.#keyCodec = keyCodec
    this.#valueCodec = valueCodec
    const owner: EntryOwner = {
      keySize: this.keySize,
      use: (operation) => this.use(operation),
      fail: (status, call, operation, flags) =>
        this.#beginAtCaller(this.#entryFailure(status, call, operation, flags), operation),
    }
    this.#entries = new Entries(owner, keyCodec, valueCodec)
  }

  /** @internal */
  protected get keyCodec(): Codec<K> {
    return this.#keyCodec
  }

  /** @internal */
  protected get valueCodec(): Codec<V> {
    return this.#valueCodec
  }

  /** The value of a key, or `undefined` when there is none. */
  get(key: Input<K>, options: RawOptions & LockOptions): Uint8Array | undefined
  get(key: Input<K>, options?: LockOptions): V | undefined
  get(key: Input<K>, options?: Partial<RawOptions> & LockOptions): V | Uint8Array | undefined {
    if (options === undefined) return this.#entries.access.get(key)
    const { raw } = options
    return this.#entries.get(key, raw, readFlags(options))
  }

  /** Whether there is an entry for a key. */
  has(key: Input<K>): boolean {
    return this.#entries.access.has(key)
  }

  /**
   * Writes an entry.
   *
   * @returns whether it was written: always, or as the condition says.
   * @throws EbpfError E2BIG when the map is full
   */
  set(key: Input<K>, value: Input<V>, options?: SetOptions): boolean {
    const { flags, condition } = updateFlags(options)
    return flags === 0 ? this.#entries.access.set(key, value) : this.#entries.set(key, value, flags, condition !== 0)
  }

  /** Entries as `[key, value]`. What the walk promises under concurrent change is said in docs/maps.md. */
  entries(options: RawOptions & LockOptions): Generator<[Uint8Array, Uint8Array], void, undefined>
  entries(options?: LockOptions): Generator<[KeyOf<K>, V], void, undefined>
  *entries(
    options?: Partial<RawOptions> & LockOptions,
  ): Generator<[KeyOf<K> | Uint8Array, V | Uint8Array], void, undefined> {
    const raw = options?.raw
    for (const chunk of this.chunks('read', readFlags(options))) {
      for (let index = 0; index < chunk.count; index++) {
        yield [this.#keyAt(chunk, index, raw), this.#valueAt(chunk, index, raw)]
      }
    }
  }

  keys(options: RawOptions): Generator<Uint8Array, void, undefined>
  keys(): Generator<KeyOf<K>, void, undefined>
  *keys(options?: Partial<RawOptions>): Generator<KeyOf<K> | Uint8Array, void, undefined> {
    const raw = options?.raw
    for (const chunk of this.chunks()) {
      for (let index = 0; index < chunk.count; index++) yield this.#keyAt(chunk, index, raw)
    }
  }

  values(options: RawOptions & LockOptions): Generator<Uint8Array, void, undefined>
  values(options?: LockOptions): Generator<V, void, undefined>
  *values(options?: Partial<RawOptions> & LockOptions): Generator<V | Uint8Array, void, undefined> {
    const raw = options?.raw
    for (const chunk of this.chunks('read', readFlags(options))) {
      for (let index = 0; index < chunk.count; index++) yield this.#valueAt(chunk, index, raw)
    }
  }

  [Symbol.iterator](): Generator<[KeyOf<K>, V], void, undefined> {
    return this.entries()
  }

  /** Calls back for each entry: the fastest way to read a whole map. */
  forEach(callback: (value: V, key: KeyOf<K>, map: this) => void, options?: LockOptions): void {
    if (typeof callback !== 'function') {
      throw invalidArgument(`callback must be a function, not ${inspectBriefly(callback)}`)
    }
    this.#handOn(toCallback, callback, this, options)
  }

  /** All entries as `[key, value]`; faster than `[...map]`. */
  toArray(options?: LockOptions): [KeyOf<K>, V][] {
    const pairs: [KeyOf<K>, V][] = []
    this.#handOn(toPairs, pairs, undefined, options)
    return pairs
  }

  /**
   * All entries as a JavaScript `Map`; faster than `new Map(map)`. Keys that are objects or bytes are found in it by
   * identity only, as in every `Map`.
   */
  toMap(options?: LockOptions): Map<KeyOf<K>, V> {
    const chunks = this.chunks('read', readFlags(options))
    return mapOf(chunks, this.keySize, this.#loop(toValues), this.#loop(toKeys))
  }

  /** The values of several keys, in their order, `undefined` for a miss. */
  getMany(keys: Iterable<Input<K>>, options: RawOptions & LockOptions): (Uint8Array | undefined)[]
  getMany(keys: Iterable<Input<K>>, options?: LockOptions): (V | undefined)[]
  getMany(keys: Iterable<Input<K>>, options?: Partial<RawOptions> & LockOptions): (V | Uint8Array | undefined)[] {
    return Array.from(keys, (key) => this.get(key, options))
  }

  /**
   * Writes many entries, by one system call for each few thousand where the kernel can (Linux 5.6). With a condition it
   * is one call for each entry: the kernel's batches have none.
   *
   * @returns how many were written: all, or those that the condition let pass
   * @throws EbpfError (a RangeError for an index outside of an array, a TypeError or RangeError for an entry that cannot
   * be encoded) with the number of entries that were written before it failed as its `done`
   */
  setMany(entries: Iterable<readonly [Input<K>, Input<V>]>, options?: SetOptions): number {
    const { keyCodec, valueCodec } = this
    const { flags, condition } = updateFlags(options)
    return this.inBulk(entries, 'bpf_map_update_elem', {
      encode: ([key, value], keys, values, index) => {
        keyCodec.encode(key, keys, index * this.keySize)
        valueCodec.encode(value, values, index * valueCodec.size)
      },
      batch:
        condition === 0
          ? (keys, values, control) => binding.mapUpdateBatch(this.use('setMany'), keys, values, control, flags)
          : undefined,
      single: () => binding.mapUpdate(this.use('setMany'), flags),
      passes: (status) => condition !== 0 && (status === -EEXIST || status === -ENOENT),
      flags,
    })
  }

  /**
   * The `n` entries with the highest rank, from the highest on, found in one walk that keeps no more than `n`.
   *
   * @param by the rank of an entry; without it the value itself, which must be a number then (per-CPU: its sum)
   * @throws TypeError when a rank is no number
   */
  top(n: number, by?: (value: V, key: KeyOf<K>) => number | bigint): [KeyOf<K>, V][] {
    const top = new Top<[KeyOf<K>, V]>(n)
    this.forEach((value, key) => {
      top.offer(by === undefined ? this.rankOf(value) : by(value, key), () => [key, value])
    })
    return top.items
  }

  /** How many entries there are now. Walks the map: the kernel keeps no count that can be read. */
  count(): number {
    let total = 0
    for (const chunk of this.chunks()) total += chunk.count
    return total
  }

  /** @internal `single` works on the bound memory. Gives how many entries were done. */
  protected inBulk<Item>(
    items: Iterable<Item>,
    operation: string,
    calls: Pick<BulkCalls<Item>, 'encode' | 'batch' | 'passes'> & { single(): number; flags?: number },
  ): number {
    const { keySize } = this
    const entrySize = this.valueCodec.size
    return inBulk(items, {
      ...calls,
      keySize,
      entrySize,
      maxEntries: this.maxEntries,
      single: (key, value) => this.#entries.write(key, value, calls.single),
      fail: (status, done) => this.#flagFailure(status, operation, calls.flags, { done }),
    })
  }

  /** @internal The rank of an entry in `top` without one given. */
  protected rankOf(value: V): unknown {
    return value
  }

  /** @internal Chunks of all entries; removed from the map unless they are only read. */
  protected chunks(purpose?: Purpose, flags = 0): Generator<Chunk, void, undefined> {
    return walk(this.#walked(flags), purpose)
  }

  /** @internal Deletes all entries, and gives their number; an error has the number of those that went as its `done`. */
  protected clearEntries(): number {
    let done = 0
    try {
      for (const { count } of this.chunks('delete')) done += count
    } catch (error) {
      throw Object.assign(error as Error, { done })
    }
    return done
  }

  /** @internal For walks of another kind than `walk`. */
  walked(flags = 0): WalkedMap {
    return this.#walked(flags)
  }

  #walked(flags: number): WalkedMap {
    return {
      name: this.name,
      maxEntries: this.maxEntries,
      keySize: this.keySize,
      entrySize: this.valueCodec.size,
      use: (operation) => this.use(operation),
      flags,
      fail: (status, operation) => this.#flagFailure(status, operation, flags),
      cursor: CURSORS[this.type] ?? 'key',
      visit: (purpose, key, values, offset) => this.#entries.visit(purpose, key, values, offset, flags),
      next: (key, first) => this.#entries.next(key, first),
    }
  }

  #handOn<Target, Context>(
    sink: Sink<Target, Context>,
    target: Target,
    context: Context,
    options: LockOptions | undefined,
  ): void {
    const loop = this.#loop(sink)
    for (const chunk of this.chunks('read', readFlags(options))) loop(chunk, target, context)
  }

  #loop<Target, Context>(sink: Sink<Target, Context>): Loop<Target, Context> {
    const known = this.#loops.get(sink) as Loop<Target, Context> | undefined
    if (known !== undefined) return known
    const loop = createLoop(sink, this.keyCodec, this.valueCodec)
    this.#loops.set(sink, loop as Loop<never, never>)
    return loop
  }

  /** @internal */
  protected takeEntry(key: Input<K>, options?: Partial<RawOptions> & LockOptions): V | Uint8Array | undefined {
    const raw = options?.raw
    return this.#entries.take(key, raw, readFlags(options))
  }

  /** @internal A part of the value, `at` bytes from its start. */
  protected readPart<T>(
    key: Input<K>,
    part: Codec<T>,
    at: number,
    options?: Partial<RawOptions> & LockOptions,
  ): T | Uint8Array | undefined {
    const raw = options?.raw
    return this.#entries.read(key, readFlags(options), (memory, offset) => {
      const start = offset + at
      return raw ? memory.u8.slice(start, start + part.size) : part.decode(memory, start)
    })
  }

  /** @internal Writes an entry's bytes, of which the kernel takes a part by these flags. */
  protected setPart(key: Input<K>, entry: Uint8Array, flags: number): boolean {
    return this.#entries.set(key, entry, flags, false)
  }

  /** @internal */
  protected deleteEntry(key: Input<K>): boolean {
    return this.#entries.access.delete(key)
  }

  /** @internal The error of a negative status; a getter may have closed the map while its key was encoded. */
  protected failure(status: number, operation: string, progress?: Progress): Error {
    if (this.closed) return Object.assign(closedError(this.describe(), operation), progress)
    const full = status === -E2BIG ? `The map is full: it holds ${this.maxEntries} entries (maxEntries).` : undefined
    const done = progress && `${progress.done} entries were done before it failed.`
    const hint = [full, done].filter((line) => line !== undefined).join(' ') || undefined
    return kernelError(status, { operation, ...this.names(), ...progress, hint })
  }

  #flagFailure(status: number, call: string, flags = 0, progress?: Progress): Error {
    const refused = status === -EINVAL && !this.closed ? flagRefusal(flags, this.describe()) : undefined
    if (refused === undefined) return this.failure(status, call, progress)
    const { code, message, hint } = refused
    return Object.assign(ruleError(code, message, { operation: call, ...this.names(), hint }), progress)
  }

  #entryFailure(status: number, call: string, operation: string, flags?: number): Error {
    if (this.closed) return closedError(this.describe(), operation)
    const takes = call === 'bpf_map_lookup_and_delete_elem' && this.type.includes('hash')
    if (!takes || status !== -ENOTSUPP || !kernelOlderThan(TAKES_FROM_HASHES)) {
      return this.#flagFailure(status, call, flags)
    }
    const message = `take() of a hash needs Linux ${TAKES_FROM_HASHES}: this is ${release()} (${this.describe()})`
    return ruleError('ERR_EBPF_KERNEL', message, { operation: call, ...this.names() })
  }

  /** V8 keeps ten frames; without ours, which say nothing, there is room for the caller's. */
  #beginAtCaller(error: Error, operation: string): Error {
    const method = (this as unknown as Record<string, unknown>)[operation]
    if (typeof method !== 'function') return error
    const whole = error.stack
    Error.captureStackTrace(error, method as (...args: never[]) => unknown)
    // Of a method that is not among them, V8 leaves no frame at all.
    if (!error.stack?.includes('\n    at ') && whole !== undefined) error.stack = whole
    return error
  }

  #keyAt({ keys }: Chunk, index: number, raw: boolean | undefined): KeyOf<K> | Uint8Array {
    const offset = index * this.keySize
    return raw ? keys.u8.slice(offset, offset + this.keySize) : (this.keyCodec.decodeKey(keys, offset) as KeyOf<K>)
  }

  #valueAt({ values }: Chunk, index: number, raw: boolean | undefined): V | Uint8Array {
    const { size } = this.valueCodec
    const offset = index * size
    return raw ? values.u8.slice(offset, offset + size) : this.valueCodec.decode(values, offset)
  }
}
