/** A process that acts for a test, where Node lacks the system calls: Python, in a network namespace of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What test/support/actor.py answers. */
interface Answer {
  value?: unknown
  code?: string
  message?: string
}

/** Node's handle of a socket that it was given. */
interface SocketHandle {
  fd: number
  close(done: () => void): void
}

/** This process's own descriptor of a socket that an actor has. */
export class SharedSocket implements AsyncDisposable {
  readonly fd: number
  readonly #handle: SocketHandle
  #closing: Promise<void> | undefined

  constructor(handle: SocketHandle) {
    this.fd = handle.fd
    this.#handle = handle
  }

  /** A second call does nothing but wait for the first. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.#handle.close(resolve))
    await this.#closing
  }
}

/** The system's own, where version managers put slow wrappers before it. */
export const PYTHON: string = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'

export class Actor implements AsyncDisposable {
  readonly process: ChildProcess
  #stderr = ''

  private constructor() {
    const script = fileURLToPath(new URL('actor.py', import.meta.url))
    this.process = spawn('unshare', ['--net', PYTHON, '-I', script], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
  }

  static async start(): Promise<Actor> {
    const actor = new Actor()
    try {
      const [ready] = await actor.#message()
      if (ready !== 'ready') throw new Error(`the actor says ${JSON.stringify(ready)}`)
      return actor
    } catch (error) {
      await actor[Symbol.asyncDispose]()
      throw error
    }
  }

  get pid(): number {
    return this.process.pid as number
  }

  /**
   * Runs the body of a Python function in the names of test/support/actor.py, and gives its result.
   *
   * @throws an error with the code, such as EPERM, of the system call that failed
   */
  async run<T>(source: string): Promise<T> {
    return (await this.#ask(source)).value as T
  }

  /** The code of the error that a snippet fails with; `''` when it does not. */
  async code(source: string): Promise<string> {
    try {
      await this.run(source)
      return ''
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  }

  /** Runs a snippet that shares a socket. */
  async share(source: string): Promise<SharedSocket> {
    const { socket } = await this.#ask(source)
    if (socket === undefined) throw new Error('the snippet shared no socket')
    return new SharedSocket(socket)
  }

  async #ask(source: string): Promise<{ value: unknown; socket: SocketHandle | undefined }> {
    const answer = this.#message()
    this.process.send({ source })
    const [message, socket] = await answer
    const { value, code, message: words } = message as Answer
    if (code !== undefined) throw Object.assign(new Error(words), { code })
    return { value, socket }
  }

  async #message(): Promise<[unknown, SocketHandle | undefined]> {
    const abort = new AbortController()
    const { signal } = abort
    const ended = once(this.process, 'close', { signal }).then(([code, name]) => {
      throw new Error(`the actor ended (${code ?? name}) before it answered: ${this.#stderr}`)
    })
    try {
      return (await Promise.race([once(this.process, 'message', { signal }), ended])) as [unknown, SocketHandle]
    } finally {
      ended.catch(() => {})
      abort.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const exit = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exit
  }
}
