import { constants } from 'node:os'
import type { Codec } from '../btf/codec.ts'
import { kernelError } from '../errors.ts'
import { EntryMap } from './entry-map.ts'
import type { Progress } from './keyed-map.ts'
import type { MapInit } from './map.ts'
import { type PrefixKey, createPrefixCodec } from './prefix-codec.ts'

const { ENOSPC } = constants.errno

/**
 * `BPF_MAP_TYPE_LPM_TRIE`: values of prefixes. `get` and `has` find the longest prefix that covers the key's, as programs do;
 * `set` and `delete` are for exactly this prefix. Where keys are addresses, which is where their data is one member of 4 or 16
 * bytes, they are text: `'10.0.0.0/8'`, or for all 32 bits `'10.0.0.1'`. Others are `{ prefixLength, data }`, which is taken
 * everywhere. Linux 4.11.
 */
export class LpmTrie<K extends PrefixKey = PrefixKey, V = unknown> extends EntryMap<K, V> {
  /** @internal */
  constructor(init: MapInit, keyCodec: Codec<unknown>, valueCodec: Codec<V>) {
    super(init, createPrefixCodec(keyCodec) as Codec<PrefixKey> as Codec<K>, valueCodec)
  }

  /** @internal Other maps say E2BIG when they are full. */
  protected override failure(status: number, operation: string, progress?: Progress): Error {
    if (status !== -ENOSPC || this.closed) return super.failure(status, operation, progress)
    const done = progress === undefined ? '' : ` ${progress.done} entries were done before it failed.`
    const hint = `The map is full: it holds ${this.maxEntries} entries (maxEntries).${done}`
    return kernelError(status, { operation, ...this.names(), ...progress, hint })
  }
}
