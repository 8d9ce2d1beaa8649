import { TURN_MS } from './turns.ts'

/** So long after a turn began without an end of it in sight, nobody knows whether the event loop has come round. */
const UNKNOWN_MS = 1

/**
 * What streams may take of this thread between two rounds of the event loop: {@link TURN_MS} for all of them together, however
 * many have records. Those that have more wait for the next round, and take equal shares of it.
 *
 * A turn begins when a stream first looks whether it is over, and ends with an immediate. Streams that are soon done need
 * none: there is one in a millisecond at most.
 */
class LoopTurn {
  readonly #waiting = new Set<() => void>()
  #begin = Number.NEGATIVE_INFINITY
  #end = 0
  #immediate: NodeJS.Immediate | undefined

  /** Whether whoever asks has to wait for the next turn. */
  get over(): boolean {
    const now = performance.now()
    if (this.#immediate !== undefined) return now >= this.#end
    if (now - this.#begin >= UNKNOWN_MS) this.#start(now)
    return false
  }

  /** Calls `work` in the next turn, once. The one that has waited longest comes first. */
  wait(work: () => void): void {
    this.#waiting.add(work)
    if (this.#immediate === undefined) this.#start(performance.now())
  }

  awaits(work: () => void): boolean {
    return this.#waiting.has(work)
  }

  leave(work: () => void): void {
    this.#waiting.delete(work)
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => this.wait(resolve))
  }

  #start(now: number): void {
    this.#begin = now
    this.#end = now + TURN_MS
    this.#immediate = setImmediate(this.#onLoop)
  }

  readonly #onLoop = (): void => {
    this.#immediate = undefined
    if (this.#waiting.size === 0) return
    let now = performance.now()
    this.#start(now)
    const end = this.#end
    let others = this.#waiting.size
    for (const work of [...this.#waiting]) {
      this.#end = now + (end - now) / others--
      if (this.#waiting.delete(work)) work()
      now = performance.now()
      if (now >= end) break
    }
    this.#end = end
  }
}

/** The turn of this thread. */
export const loopTurn: LoopTurn = new LoopTurn()
