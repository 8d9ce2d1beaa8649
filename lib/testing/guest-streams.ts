/** The streams between guest and host: lines of control, and output that ends with a mark. */

/** Splits text into whole lines as it comes. */
export class Lines {
  #rest = ''
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line.replace(/\r+$/, ''))
  }
}

/**
 * Passes bytes through up to the end mark, a NUL followed by a word of this run alone: when it is there, all that came
 * before it is there too, and the guest can be ended.
 */
export class MarkedStream {
  readonly #mark: Buffer
  readonly #onBytes: (bytes: Buffer) => void
  #held: Buffer = Buffer.alloc(0)
  #ended = false

  constructor(mark: string, onBytes: (bytes: Buffer) => void) {
    this.#mark = Buffer.from(`\0${mark}`)
    this.#onBytes = onBytes
  }

  get ended(): boolean {
    return this.#ended
  }

  push(chunk: Buffer): void {
    if (this.#ended) return
    const bytes = Buffer.concat([this.#held, chunk])
    const at = bytes.indexOf(this.#mark)
    this.#ended = at !== -1
    const until = this.#ended ? at : bytes.length - this.#beginning(bytes)
    this.#held = bytes.subarray(until)
    if (until > 0) this.#onBytes(bytes.subarray(0, until))
  }

  /** Gives what was held back, when the guest ended without the mark. */
  flush(): void {
    if (!this.#ended && this.#held.length > 0) this.#onBytes(this.#held)
    this.#held = Buffer.alloc(0)
  }

  /** How many of the last bytes may be the beginning of the mark. */
  #beginning(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length--) {
      if (bytes.subarray(bytes.length - length).equals(this.#mark.subarray(0, length))) return length
    }
    return 0
  }
}

/** The last part of a text that may be endless. */
export class Tail {
  #text = ''
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  push(text: string): void {
    this.#text += text
    // Cut rarely: each cut copies.
    if (this.#text.length > this.#limit * 2) this.#text = this.#text.slice(-this.#limit)
  }

  get text(): string {
    return this.#text.slice(-this.#limit)
  }
}
