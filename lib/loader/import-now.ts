/** A module's text, at once: the hooks of Node's newer versions cannot wait, so another thread does. */
import { existsSync } from 'node:fs'
import { type MessagePort, MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { packageRoot } from '../package-root.ts'
import { COMPILER, type CompilerStart, Signal } from './compiler-thread.ts'
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
  signals: Int32Array
}

/** How long a thread may be gone unnoticed, in milliseconds. */
const LOOK_AFTER = 500

let compiler: Compiler | undefined

/** @throws what compiling and reading throw: see `importObject` */
export function importNow(request: ImportRequest): string {
  compiler ??= start()
  const { port, signals } = compiler
  const before = Atomics.load(signals, Signal.ANSWERS)
  port.postMessage(request)
  // A thread that runs out of memory raises nothing any more, and no event arrives here.
  while (Atomics.wait(signals, Signal.ANSWERS, before, LOOK_AFTER) === 'timed-out' && isAlive(signals));
  const answer = receiveMessageOnPort(port)?.message as Answer | undefined
  if (answer === undefined) {
    compiler = undefined
    throw new Error(
      `the thread that compiles ${request.path} ended without an answer: its memory may not have sufficed`,
    )
  }
  if (answer.report !== undefined) tell(answer.report)
  if (answer.source === undefined) throw brief(revived(answer.error as SentError))
  return answer.source
}

function isAlive(signals: Int32Array): boolean {
  const thread = Atomics.load(signals, Signal.THREAD)
  return thread === 0 || existsSync(`/proc/self/task/${thread}`)
}

function start(): Compiler {
  const { port1, port2 } = new MessageChannel()
  const signals = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL('dist/loader/compiler-thread.js', packageRoot), {
    name: 'ebpf compiler',
    // Its own hooks and flags are the application's affair.
    execArgv: [],
    workerData: COMPILER,
  })
  const start: CompilerStart = { port: port2, signals }
  worker.postMessage(start, [port2])
  // It must not keep a process that has nothing else to do, nor end one.
  worker.on('error', () => {})
  worker.unref()
  port1.unref()
  return { port: port1, signals }
}
