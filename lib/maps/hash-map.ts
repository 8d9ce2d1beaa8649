import { binding } from '../binding.ts'
import { type Input, KeyedMap, type RawOptions } from './keyed-map.ts'

/** `BPF_MAP_TYPE_HASH`: entries come and go. Linux 3.19. */
export class HashMap<K = unknown, V = unknown> extends KeyedMap<K, V> {
  /** @returns whether there was such an entry. */
  delete(key: Input<K>): boolean {
    return this.deleteEntry(key)
  }

  /**
   * Reads and deletes an entry in one atomic step, never emulated by two. Linux 5.14.
   *
   * @returns `undefined` when there was no such entry
   * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the bytes as its `taken`
   */
  take(key: Input<K>): V | undefined
  take(key: Input<K>, options: RawOptions): Uint8Array | undefined
  take(key: Input<K>, options?: RawOptions): V | Uint8Array | undefined {
    return this.takeEntry(key, options)
  }

  /** Deletes many entries; keys that are not there are passed over. */
  deleteMany(keys: Iterable<Input<K>>): void {
    this.inBulk(keys, 'bpf_map_delete_elem', {
      encode: (key, keyMemory, _values, index) => this.keyCodec.encode(key, keyMemory, index * this.keySize),
      batch: (keyBytes, _values, control) => binding.mapDeleteBatch(this.use('deleteMany'), keyBytes, control),
      single: () => binding.mapDelete(this.use('deleteMany')),
    })
  }

  /**
   * Takes all entries out of the map, a few thousand by one system call (`BPF_MAP_LOOKUP_AND_DELETE_BATCH`, Linux 5.6):
   * nothing that a program writes meanwhile is lost, it is either here or still in the map.
   *
   * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the entries as its `drained`,
   * and those that cannot be decoded as bytes in its `undecoded`
   */
  drain(): [K | Uint8Array, V][] {
    const { keyCodec, valueCodec } = this
    const drained: [K | Uint8Array, V][] = []
    const undecoded: [Uint8Array, Uint8Array][] = []
    let failure: { error: Error } | undefined
    for (const { count, keys, values } of this.chunks(true)) {
      for (let index = 0; index < count; index++) {
        const keyAt = index * this.keySize
        const valueAt = index * valueCodec.size
        try {
          drained.push([keyCodec.decodeKey(keys, keyAt), valueCodec.decode(values, valueAt)])
        } catch (error) {
          failure ??= { error: error as Error }
          undecoded.push([
            keys.u8.slice(keyAt, keyAt + this.keySize),
            values.u8.slice(valueAt, valueAt + valueCodec.size),
          ])
        }
      }
    }
    if (failure !== undefined) throw Object.assign(failure.error, { drained, undecoded })
    return drained
  }

  /**
   * Deletes all entries that are there now.
   *
   * @returns how many there were.
   */
  clear(): number {
    let deleted = 0
    for (const { count } of this.chunks(true)) deleted += count
    return deleted
  }
}

/** `BPF_MAP_TYPE_LRU_HASH`: a full map drops the entries that were not used for longest. Linux 4.10. */
export class LruHashMap<K = unknown, V = unknown> extends HashMap<K, V> {}
