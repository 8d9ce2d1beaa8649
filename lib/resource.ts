/** What everything that owns a native handle has in common: it can be closed, once, and says so when used after. */
import type { Handle } from './binding.ts'
import { closedError } from './errors.ts'

interface Forgotten {
  what: string | undefined
  release: (handle: Handle) => unknown
  handle: Handle
}

/**
 * The net below `close()`: a handle that nobody can reach any more is released, with a warning, since descriptors must
 * not wait for the garbage collector.
 */
const forgotten = new FinalizationRegistry<Forgotten>(({ what, release, handle }) => {
  if (what !== undefined) {
    process.emitWarning(`${what} was garbage-collected without being closed; call close()`, 'EbpfWarning')
  }
  release(handle)
})

/** Base of objects, programs, maps and links. */
export abstract class Resource {
  readonly name: string
  #handle: Handle

  /**
   * @internal
   * @param kind for the warning; `undefined` for a part of what warns itself
   * @param release must not refer to this object, nor be made where something else does: it could never be collected
   */
  constructor(name: string, handle: Handle, kind: string | undefined, release: (handle: Handle) => unknown) {
    this.name = name
    this.#handle = handle
    const what = kind === undefined ? undefined : `${kind} '${name}'`
    forgotten.register(this, { what, release, handle }, this)
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#handle === 0
  }

  /**
   * The handle for one native call, which must follow at once.
   *
   * @internal
   * @throws EbpfError ERR_EBPF_CLOSED
   */
  protected use(operation: string): Handle {
    if (this.#handle === 0) throw closedError(this.describe(), operation)
    return this.#handle
  }

  /**
   * Gives up the handle: it is closed for everybody from now on. 0 when it was closed before.
   *
   * @internal
   */
  protected relinquish(): Handle {
    const handle = this.#handle
    this.#handle = 0
    forgotten.unregister(this)
    return handle
  }

  /** Kind and name for messages, such as `map 'counts'`. */
  protected abstract describe(): string
}

/** Takes every step, whatever fails, and then throws what failed first. */
export function attemptAll(steps: Iterable<() => void>): void {
  const failures: { error: unknown }[] = []
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      failures.push({ error })
    }
  }
  if (failures[0] !== undefined) throw failures[0].error
}
