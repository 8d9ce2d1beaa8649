import { constants } from 'node:os'
import { binding } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import { BoundMap } from './bound-map.ts'
import type { Input } from './keyed-map.ts'
import type { MapInit } from './map.ts'

const { ENOENT } = constants.errno

/**
 * `BPF_MAP_TYPE_BLOOM_FILTER`: remembers values in a few bits each. Nothing can be deleted, listed or counted. Linux 5.16.
 */
export class BloomFilter<V = unknown> extends BoundMap {
  readonly #codec: Codec<V>

  /** @internal */
  constructor(init: MapInit, codec: Codec<V>) {
    super(init)
    this.#codec = codec
  }

  /** Puts a value in. More than `maxEntries` of them make the answers worse, and are no error. */
  add(value: Input<V>): void {
    this.#codec.encode(value, this.bound(), this.valueOffset)
    const status = binding.mapUpdate(this.use('add'), 0)
    if (status < 0) throw this.failure(status, 'bpf_map_update_elem')
  }

  /** False when the value was certainly never added; true when it was, and by chance for some that were not. */
  mightHave(value: Input<V>): boolean {
    this.#codec.encode(value, this.bound(), this.valueOffset)
    const status = binding.mapLookup(this.use('mightHave'), 0)
    if (status === 0) return true
    if (status === -ENOENT) return false
    throw this.failure(status, 'bpf_map_lookup_elem')
  }
}
