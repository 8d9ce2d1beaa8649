/** Keys that are all different, and lie where nothing can foresee them: `withKeys` of peers/go/maps.go makes the same ones. */
export function spreadKeys(count: number, from = 0): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => Math.imul(from + index, 0x9e3779b1))
}

/** Keys of one slice, and the number of the first of them. */
export interface KeySlice {
  from: number
  keys: Uint32Array
}

/** Each slice works on keys that no slice before it has brought into a cache. */
export class Keys {
  readonly #all: Uint32Array
  readonly #from: number
  readonly #slice: number
  #position = 0

  constructor(count: number, slice: number, from = 0) {
    this.#all = spreadKeys(count, from)
    this.#from = from
    this.#slice = slice
  }

  next(): KeySlice {
    if (this.#position + this.#slice > this.#all.length) this.#position = 0
    const begin = this.#position
    this.#position += this.#slice
    return { from: this.#from + begin, keys: this.#all.subarray(begin, this.#position) }
  }
}
