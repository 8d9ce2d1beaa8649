/** The thread that compiles while the one that imports stands still: see import-now.ts. */
import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ImportRequest } from './request.ts'

/** What tells this thread from the application's workers. */
export const COMPILER = 'ebpf compiler'

export interface CompilerStart {
  port: MessagePort
  signals: Int32Array
}

/** What the places of `signals` hold. */
export const Signal = {
  /** Raised with each answer, and when the thread ends. */
  ANSWERS: 0,
  /** The thread's number, once it runs. */
  THREAD: 1,
} as const

if (workerData === COMPILER) parentPort?.once('message', (start: CompilerStart) => serve(start))

function serve({ port, signals }: CompilerStart): void {
  Atomics.store(signals, Signal.THREAD, ownNumber())
  const wake = (): void => {
    Atomics.add(signals, Signal.ANSWERS, 1)
    Atomics.notify(signals, Signal.ANSWERS)
  }
  process.once('exit', wake)
  const serveOne = async (request: ImportRequest): Promise<void> => {
    try {
      port.postMessage(await answer(request))
    } finally {
      wake()
    }
  }
  port.on('message', (request: ImportRequest) => void serveOne(request))
}

/** As the kernel counts threads, 0 without /proc. */
function ownNumber(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return 0
  }
}

/** Imported only here: what fails to load has to be an answer too. */
async function answer(request: ImportRequest): Promise<unknown> {
  const { sent } = await import('./sent-error.ts')
  try {
    const { produce } = await import('./produce.ts')
    const { error, ...rest } = await produce(request)
    return error === undefined ? rest : { ...rest, error: sent(error) }
  } catch (error) {
    return { error: sent(error) }
  }
}
