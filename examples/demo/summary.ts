import type { DemoEvent } from './event.ts'

/** Counts events by type. */
export class Summary {
  readonly #start = performance.now()
  readonly #counts = { exec: 0, exit: 0, open: 0 }

  count({ type }: DemoEvent): void {
    this.#counts[type]++
  }

  /** @param dropped how many events the kernel could not tell */
  sentence(dropped: number): string {
    const { exec, exit, open } = this.#counts
    const events = exec + exit + open
    const seconds = (performance.now() - this.#start) / 1000
    const rate = (events / seconds).toFixed(events < 10 * seconds ? 1 : 0)
    const types = `${exec} exec, ${exit} exit, ${open} open`
    return `${events} events in ${seconds.toFixed(1)} s (${rate} a second): ${types}; ${dropped} dropped`
  }
}
