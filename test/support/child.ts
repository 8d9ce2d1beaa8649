/** Processes that tests start: node itself, told what to do over its IPC channel, and always ended. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process of node that runs a function on request. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess
  #stderr = ''

  private constructor(command: string[], options: SpawnOptions) {
    const [file, ...args] = command as [string, ...string[]]
    this.process = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.process.stdout?.resume()
  }

  /**
   * Starts node with `source`, an ES module, and waits until it says that it is ready: `process.send('ready')`.
   *
   * @param prefix what runs node, such as `ip netns exec …`
   */
  static async start(source: string, prefix: readonly string[] = []): Promise<Child> {
    const command = [...prefix, process.execPath, '--input-type=module', '--eval', source]
    const child = new Child(command, { cwd: new URL('../..', import.meta.url) })
    try {
      const answer = await child.#message()
      if (answer !== 'ready') throw new Error(`the child says ${JSON.stringify(answer)}`)
      return child
    } catch (error) {
      await child[Symbol.asyncDispose]()
      throw error
    }
  }

  get pid(): number {
    return this.process.pid as number
  }

  /** Sends a message, and gives the child's answer. */
  async ask(message: unknown): Promise<unknown> {
    const answer = this.#message()
    this.process.send(message as object)
    return await answer
  }

  async #message(): Promise<unknown> {
    const abort = new AbortController()
    const { signal } = abort
    const ended = once(this.process, 'exit', { signal }).then(([code, name]) => {
      throw new Error(`the child ended (${code ?? name}) before it answered: ${this.#stderr}`)
    })
    try {
      return await Promise.race([once(this.process, 'message', { signal }).then(([answer]) => answer), ended])
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
