import type { Failure } from './record-consumer.ts'
import type { Subscription } from './stream.ts'

interface Running {
  readonly closed: boolean
  close(): void
}

/** What a caller of subscribe() gets for the consumer that `start` starts. */
export function createSubscription(
  start: (onEnd: (failure?: Failure) => void) => Running,
  signal: AbortSignal | undefined,
): Subscription {
  let settle!: { resolve(): void; reject(error: unknown): void }
  const finished = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const consumer = start((failure) => {
    if (failure === undefined || (signal?.aborted && failure.error === signal.reason)) settle.resolve()
    else settle.reject(failure.error)
  })
  const close = (): void => consumer.close()
  return {
    get closed() {
      return consumer.closed
    },
    finished,
    close,
    [Symbol.dispose]: close,
  }
}
