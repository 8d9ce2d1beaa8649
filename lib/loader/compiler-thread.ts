/** The thread that compiles while the one that imports stands still: see import-now.ts. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ImportRequest } from './request.ts'

/** What tells this thread from the application's workers. */
export const COMPILER = 'ebpf compiler'

export interface CompilerStart {
  port: MessagePort
  answers: Int32Array
}

if (workerData === COMPILER) parentPort?.once('message', (start: CompilerStart) => serve(start))

function serve({ port, answers }: CompilerStart): void {
  const wake = (): void => {
    Atomics.add(answers, 0, 1)
    Atomics.notify(answers, 0)
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
