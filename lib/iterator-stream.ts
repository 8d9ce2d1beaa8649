/** What a BPF iterator writes, as a stream. */
import { close, closeSync, read } from 'node:fs'
import { constants } from 'node:os'
import { Readable } from 'node:stream'
import { type Handle, binding } from './binding.ts'
import { type EbpfError, kernelError } from './errors.ts'
import { type Names, check } from './outcome.ts'

const NOT_AN_ITERATOR = 'Only a link of an iterator can be read: one of SEC("iter/…").'

/** The kernel fills 8 pages at most in one call (`bpf_seq_read`). */
const CHUNK = 65536

/** @throws EbpfError EINVAL when the link is none of an iterator */
export function readIterator(link: Handle, names: Names): Readable {
  const fd = binding.iteratorCreate(link)
  if (fd === -constants.errno.EINVAL) {
    throw kernelError(fd, { ...names, operation: 'bpf_iter_create', hint: NOT_AN_ITERATOR })
  }
  return new IteratorStream(check(fd, 'bpf_iter_create', names), names)
}

/** The net below reading to the end: a run that nobody can reach any more would hold its descriptor until the process ends. */
const dropped = new FinalizationRegistry<{ fd: number; name: string | undefined }>(({ fd, name }) => {
  process.emitWarning(
    `what iterator '${name}' writes was garbage-collected without being read to its end; call destroy()`,
    'EbpfWarning',
  )
  closeSync(fd)
})

class IteratorStream extends Readable {
  readonly #fd: number
  readonly #names: Names
  /** A read on the thread pool: the descriptor must not be closed, and its number given to another file, before it ends. */
  #reading = false
  #whenRead: (() => void) | undefined

  constructor(fd: number, names: Names) {
    super({ highWaterMark: CHUNK })
    this.#fd = fd
    this.#names = names
    dropped.register(this, { fd, name: names.link }, this)
  }

  override _read(size: number): void {
    this.#reading = true
    const buffer = Buffer.allocUnsafeSlow(Math.max(size, CHUNK))
    read(this.#fd, buffer, 0, buffer.length, null, (error, bytes) => {
      this.#reading = false
      this.#whenRead?.()
      if (this.destroyed) return
      // The kernel gives up a run of a million objects without output, to go on at the next call.
      if (error?.code === 'EAGAIN') this._read(size)
      else if (error !== null) this.destroy(this.#failure(error))
      else this.push(bytes === 0 ? null : buffer.subarray(0, bytes))
    })
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    dropped.unregister(this)
    const finish = (): void => close(this.#fd, (failed) => done(error ?? failed))
    if (this.#reading) this.#whenRead = finish
    else finish()
  }

  #failure(error: NodeJS.ErrnoException): EbpfError {
    const hint =
      error.code === 'E2BIG' ? 'What the program writes for one object must fit 32 KiB (8 pages).' : undefined
    return kernelError(error.errno ?? -constants.errno.EIO, { ...this.#names, operation: 'reading the iterator', hint })
  }
}
