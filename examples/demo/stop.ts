/** What ends the demo: Ctrl-C, SIGTERM, the end of its time, or that nobody reads its output any more. */
export class Stop implements Disposable {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #readerLeft = false

  constructor() {
    // Once: a second Ctrl-C ends the process at once, and the kernel cleans up.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => this.#controller.abort())
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.#readerLeft = error.code === 'EPIPE'
      this.#controller.abort(this.#readerLeft ? undefined : error)
    })
  }

  /** Its reason is an AbortError, unless writing the output failed. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The output went into a pipe such as `| head`, which has had enough. */
  get readerLeft(): boolean {
    return this.#readerLeft
  }

  after(seconds: number): void {
    this.#timer = setTimeout(() => this.#controller.abort(), seconds * 1000)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
