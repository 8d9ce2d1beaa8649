/** Lines out of bytes that come in pieces. */
export class TextLines {
  readonly #decoder = new TextDecoder()
  readonly #lines: string[] = []
  /** A line whose end has not come yet. */
  #begun = ''

  /** @param bytes UTF-8, cut anywhere */
  push(bytes: Uint8Array): void {
    const lines = (this.#begun + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#begun = lines.pop() as string
    for (const line of lines) this.#lines.push(line)
  }

  /** The next line, without its end. */
  shift(): string | undefined {
    return this.#lines.shift()
  }

  /** Takes a line that has begun for whole. */
  flush(): void {
    if (this.#begun !== '') this.#lines.push(this.#begun)
    this.#begun = ''
  }
}
