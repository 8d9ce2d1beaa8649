import { EntryMap } from './entry-map.ts'
import { type LockOptions, type RawOptions, readFlags } from './entry-options.ts'
import type { KeyOf } from './key-types.ts'
import type { Input } from './keyed-map.ts'
import type { Chunk } from './walk.ts'

/** `BPF_MAP_TYPE_HASH`: entries come and go. Linux 3.19. */
export class HashMap<K = unknown, V = unknown> extends EntryMap<K, V> {
  /**
   * Reads and deletes an entry in one atomic step, never emulated by two. Linux 5.14.
   *
   * @returns `undefined` when there was no such entry
   * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the bytes as its `taken`
   */
  take(key: Input<K>, options: RawOptions & LockOptions): Uint8Array | undefined
  take(key: Input<K>, options?: LockOptions): V | undefined
  take(key: Input<K>, options?: Partial<RawOptions> & LockOptions): V | Uint8Array | undefined {
    return this.takeEntry(key, options)
  }

  /**
   * Takes all entries out of the map, a few thousand by one system call (`BPF_MAP_LOOKUP_AND_DELETE_BATCH`, Linux 5.6),
   * or one by one where there is no such call: nothing that a program writes meanwhile is lost, it is either here or
   * still in the map.
   *
   * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), EbpfError when the kernel refuses to
   * go on. What was taken until then is in the error: the entries as its `drained`, as bytes those that cannot be decoded
   * in its `undecoded`, and the number of both as its `done`
   */
  drain(options?: LockOptions): [KeyOf<K>, V][] {
    const flags = readFlags(options)
    const drained: [KeyOf<K>, V][] = []
    const undecoded: [Uint8Array, Uint8Array][] = []
    let failure: { error: Error } | undefined
    try {
      for (const chunk of this.chunks('take', flags)) {
        const failed = this.#decodeAll(chunk, drained, undecoded)
        failure ??= failed
      }
    } catch (error) {
      failure = { error: error as Error }
    }
    if (failure === undefined) return drained
    throw Object.assign(failure.error, { drained, undecoded, done: drained.length + undecoded.length })
  }

  /** What cannot be decoded must not be lost, and not keep the rest from being taken. Gives the first failure. */
  #decodeAll(
    { count, keys, values }: Chunk,
    drained: [KeyOf<K>, V][],
    undecoded: [Uint8Array, Uint8Array][],
  ): { error: Error } | undefined {
    const { keySize, keyCodec, valueCodec } = this
    let failure: { error: Error } | undefined
    for (let index = 0; index < count; index++) {
      const keyAt = index * keySize
      const valueAt = index * valueCodec.size
      try {
        drained.push([keyCodec.decodeKey(keys, keyAt) as KeyOf<K>, valueCodec.decode(values, valueAt)])
      } catch (error) {
        failure ??= { error: error as Error }
        undecoded.push([keys.u8.slice(keyAt, keyAt + keySize), values.u8.slice(valueAt, valueAt + valueCodec.size)])
      }
    }
    return failure
  }
}

/** `BPF_MAP_TYPE_LRU_HASH`: a full map drops the entries that were not used for longest. Linux 4.10. */
export class LruHashMap<K = unknown, V = unknown> extends HashMap<K, V> {}
