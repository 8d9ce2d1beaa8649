/** The string section of BTF: names that end with a NUL, named by where they start. */
import { isAscii } from 'node:buffer'

export class BtfStrings {
  /** Strings with a smaller offset are those of the BTF that this one builds on. */
  readonly base: BtfStrings | undefined
  /** The first offset that is in neither. */
  readonly end: number
  readonly #bytes: Buffer
  readonly #start: number
  /** All of it, once a name was asked for: parts of one string are cheaper than strings out of bytes. */
  #text: string | undefined
  #ascii = false

  /** @param bytes empty, or with a NUL at the end */
  constructor(bytes: Buffer, base?: BtfStrings) {
    this.#bytes = bytes
    this.#start = base?.end ?? 0
    this.base = base
    this.end = this.#start + bytes.length
  }

  /** The string that starts there, which has to be before {@link end}; `undefined` when it has more bytes than `most`. */
  at(offset: number, most: number): string | undefined {
    if (offset < this.#start) return (this.base as BtfStrings).at(offset, most)
    const start = offset - this.#start
    this.#text ??= this.#decode()
    const text = this.#text
    const end = this.#ascii ? text.indexOf('\0', start) : this.#bytes.indexOf(0, start)
    if (end - start > most) return undefined
    return this.#ascii ? text.slice(start, end) : this.#bytes.toString('utf8', start, end)
  }

  /** Every place that reads as `name`: linkers may share one string's end with another's. */
  places(name: string): Set<number> {
    const found = this.base?.places(name) ?? new Set<number>()
    if (name === '' || name.includes('\0')) return found
    const needle = Buffer.from(`${name}\0`)
    for (let at = this.#bytes.indexOf(needle); at !== -1; at = this.#bytes.indexOf(needle, at + 1)) {
      found.add(this.#start + at)
    }
    return found
  }

  #decode(): string {
    this.#ascii = isAscii(this.#bytes)
    return this.#ascii ? this.#bytes.toString('latin1') : ''
  }
}
