/** A user ring as Node's and as the web's stream. */
import { Writable } from 'node:stream'
import { WritableStream } from 'node:stream/web'

type Write<T> = (record: T, signal: AbortSignal) => Promise<void>

/** Writes a record after another; the next one waits until there was room for the one before. */
export class RecordWritable extends Writable {
  readonly #write: Write<unknown>
  readonly #destroyed = new AbortController()

  constructor(write: Write<unknown>) {
    super({ objectMode: true })
    this.#write = write
  }

  override _write(record: unknown, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#write(record, this.#destroyed.signal).then(() => callback(), callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#destroyed.abort()
    callback(error)
  }
}

/** Of the standard, though not of @types/node. */
interface Controller {
  readonly signal: AbortSignal
}

export function webWritable<T>(write: Write<T>): WritableStream<T> {
  return new WritableStream<T>({
    write: (record, controller) => write(record, (controller as unknown as Controller).signal),
  })
}
