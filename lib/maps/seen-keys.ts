/** What a walk that may start again has given already. */
import { ruleError } from '../errors.ts'
import type { Chunk } from './walk.ts'

/** A walk that needs more steps than this for each key that it finds is being chased in circles. */
const STEPS_FOR_A_KEY = 16

interface WalkedKeys {
  name: string
  maxEntries: number
  keySize: number
  entrySize: number
}

/** The keys that a walk has found, and how many steps it has taken. */
export class SeenKeys {
  readonly #map: WalkedKeys
  readonly #keys = new Set<string>()
  #steps = 0

  constructor(map: WalkedKeys) {
    this.#map = map
  }

  /**
   * Whether the key at a byte of `keys` comes for the first time; from now on it has come.
   *
   * @throws EbpfError ERR_EBPF_ITERATION when the walk has no end: it starts again and again, or more keys came than twice
   * the map's size
   */
  isNew(keys: Buffer, offset: number): boolean {
    const before = this.#keys.size
    this.#steps++
    if (this.#steps > STEPS_FOR_A_KEY * (before + STEPS_FOR_A_KEY) || before > this.#map.maxEntries * 2 + 16) {
      throw this.#endless()
    }
    // Each byte as one character, which is what a Set finds fastest.
    this.#keys.add(keys.toString('latin1', offset, offset + this.#map.keySize))
    return this.#keys.size > before
  }

  /** Moves the entries of a chunk with new keys to its front, and gives their number. */
  keepNew({ keys, values }: Chunk, count: number): number {
    const { keySize, entrySize } = this.#map
    const bytes = Buffer.from(keys.u8.buffer)
    let kept = 0
    for (let index = 0; index < count; index++) {
      if (!this.isNew(bytes, index * keySize)) continue
      if (kept < index) {
        keys.u8.copyWithin(kept * keySize, index * keySize, (index + 1) * keySize)
        values.u8.copyWithin(kept * entrySize, index * entrySize, (index + 1) * entrySize)
      }
      kept++
    }
    return kept
  }

  #endless(): Error {
    return ruleError(
      'ERR_EBPF_ITERATION',
      `map '${this.#map.name}' keeps changing: its iteration found no end in ${this.#steps} steps`,
      {
        operation: 'bpf_map_get_next_key',
        map: this.#map.name,
        hint: 'Entries are deleted while it is iterated, and the kernel starts again from the first one each time: collect the keys first, then delete.',
      },
    )
  }
}
