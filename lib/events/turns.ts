/** Sharing a thread: calls that take turns, and loops that give the event loop its own. */

/** Work goes on for so long, then the event loop gets its turn: timers, sockets, other streams. */
export const TURN_MS = 2

/** Steps that run one after another, in the order in which they were asked for, whether the one before failed or not. */
export class Turns {
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  /** Whether a step asked for now runs at once. */
  get idle(): boolean {
    return this.#waiting === 0
  }

  take<T>(step: () => Promise<T>): Promise<T> {
    const result = this.idle ? step() : this.#last.then(step)
    const leave = (): void => {
      this.#waiting--
    }
    this.#waiting++
    this.#last = result.then(leave, leave)
    return result
  }
}
