/** A module's text, at once: the hooks of Node's newer versions cannot wait, so another thread does. */
import { type MessagePort, MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { packageRoot } from '../package-root.ts'
import { COMPILER, type CompilerStart } from './compiler-thread.ts'
import { brief } from './brief.ts'
import { type SentError, revived } from './sent-error.ts'
import { type Report, tell } from './report.ts'
import type { ImportRequest } from './request.ts'

export interface Answer {
  source?: string
  error?: SentError
  report?: Report
}

interface Compiler {
  port: MessagePort
  /** Raised with each answer, and when the thread ends. */
  answers: Int32Array
}

let compiler: Compiler | undefined

/** @throws what compiling and reading throw: see `importObject` */
export function importNow(request: ImportRequest): string {
  compiler ??= start()
  const { port, answers } = compiler
  const before = Atomics.load(answers, 0)
  port.postMessage(request)
  Atomics.wait(answers, 0, before)
  const answer = receiveMessageOnPort(port)?.message as Answer | undefined
  if (answer === undefined) {
    compiler = undefined
    throw new Error(`the thread that compiles ${request.path} ended without an answer`)
  }
  if (answer.report !== undefined) tell(answer.report)
  if (answer.source === undefined) throw brief(revived(answer.error as SentError))
  return answer.source
}

function start(): Compiler {
  const { port1, port2 } = new MessageChannel()
  const answers = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('dist/loader/compiler-thread.js', packageRoot), {
    name: 'ebpf compiler',
    // Its own hooks and flags are the application's affair.
    execArgv: [],
    workerData: COMPILER,
  })
  const start: CompilerStart = { port: port2, answers }
  worker.postMessage(start, [port2])
  // It must not keep a process that has nothing else to do, nor end one.
  worker.on('error', () => {})
  worker.unref()
  port1.unref()
  return { port: port1, answers }
}
