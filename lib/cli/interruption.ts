/** A command that runs a compiler, and is told to end. */
import { constants } from 'node:os'

/** The compiler ends and leaves nothing behind; then the process ends as shells expect it. */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => {
      process.exitCode = 128 + constants.signals[name]
      controller.abort()
    })
  }
  try {
    await work(signal)
  } catch (error) {
    if (error !== signal.reason) throw error
  }
}
