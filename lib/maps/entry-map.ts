import { constants } from 'node:os'
import { binding } from '../binding.ts'
import { type Input, KeyedMap } from './keyed-map.ts'

const { ENOENT } = constants.errno

/** A map whose entries can be deleted. */
export class EntryMap<K = unknown, V = unknown> extends KeyedMap<K, V> {
  /** @returns whether there was such an entry. */
  delete(key: Input<K>): boolean {
    return this.deleteEntry(key)
  }

  /**
   * Deletes many entries, by one system call for each few thousand where the kernel can (Linux 5.6); keys that are not
   * there are passed over.
   *
   * @returns how many there were
   * @throws EbpfError (a TypeError or RangeError for a key that cannot be encoded) with the number of entries that were
   * deleted before it failed as its `done`
   */
  deleteMany(keys: Iterable<Input<K>>): number {
    return this.inBulk(keys, 'bpf_map_delete_elem', {
      encode: (key, keyMemory, _values, index) => this.keyCodec.encode(key, keyMemory, index * this.keySize),
      batch: (keyBytes, _values, control) => binding.mapDeleteBatch(this.use('deleteMany'), keyBytes, control),
      single: () => binding.mapDelete(this.use('deleteMany')),
      passes: (status) => status === -ENOENT,
    })
  }

  /**
   * Deletes all entries that are there now.
   *
   * @returns how many there were
   * @throws EbpfError with the number of entries that went before it failed as its `done`
   */
  clear(): number {
    return this.clearEntries()
  }
}
