/** A process that tests probe: does on request what target.c can do. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Interface, createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { compileC } from './c-program.ts'

export type TargetCommand =
  | 'one'
  | 'two'
  | 'three'
  | 'request'
  | 'plain'
  | 'library'
  | 'semaphore'
  | 'write'
  | 'read'
  | 'spin'
  | 'fault'
  | 'fork-spin'
  | 'fork-fault'

/** The library with a static probe that the target is linked to. */
export function targetLibrary(): string {
  return compileC({
    name: 'libtarget.so',
    sources: ['target-library.c'],
    headers: ['static-probe.h'],
    flags: ['-fPIC', '-shared', '-Wl,-soname,libtarget.so'],
  })
}

/** The executable. */
export function targetProgram(): string {
  targetLibrary()
  return compileC({
    name: 'target',
    sources: ['target.c'],
    headers: ['static-probe.h'],
    flags: ['-rdynamic', '-L{output}', '-ltarget', '-Wl,-rpath,$ORIGIN'],
  })
}

/** Where the kernel finds the semaphore of the probe `request` in the file: its section holds nothing else. */
export function semaphoreOffset(): number {
  const sections = execFileSync('readelf', ['--sections', '--wide', targetProgram()], { encoding: 'utf8' })
  return Number.parseInt(/\.probes\s+PROGBITS\s+\w+\s+(\w+)/.exec(sections)?.[1] as string, 16)
}

export class Target implements AsyncDisposable {
  readonly pid: number
  /** Of the variable that `write` and `read` use. */
  readonly watched: bigint
  /** Of the function that `one` calls. */
  readonly function: bigint
  readonly #process: ChildProcess
  readonly #lines: Interface

  private constructor(process: ChildProcess, lines: Interface, ready: string) {
    const [watched, code] = ready.split(' ').slice(1) as [string, string]
    this.pid = process.pid as number
    this.watched = BigInt(watched)
    this.function = BigInt(code)
    this.#process = process
    this.#lines = lines
  }

  /** @param prefix what runs it, such as `taskset -c 1`; it must become the target by execve. */
  static async start(prefix: readonly string[] = []): Promise<Target> {
    const [file, ...args] = [...prefix, targetProgram()]
    const child = spawn(file as string, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout as Readable })
    return new Target(child, lines, await nextLine(lines, child))
  }

  /** Gives the number that it answers: a sum of results, a pid, or the semaphore's value. */
  async ask(command: TargetCommand, count: number = 1): Promise<number> {
    const answer = nextLine(this.#lines, this.#process)
    ;(this.#process.stdin as Writable).write(`${command} ${count}\n`)
    return Number(await answer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close()
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exit = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exit
  }
}

async function nextLine(lines: Interface, child: ChildProcess): Promise<string> {
  const abort = new AbortController()
  const { signal } = abort
  const ended = once(child, 'exit', { signal }).then(([code, name]) => {
    throw new Error(`the target ended (${code ?? name}) before it answered`)
  })
  try {
    return await Promise.race([once(lines, 'line', { signal }).then(([line]) => line as string), ended])
  } finally {
    ended.catch(() => {})
    abort.abort()
  }
}
