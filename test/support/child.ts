/** Processes that tests start: node itself, told what to do over its IPC channel, and always ended. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { compileTypeScript } from '../../scripts/typescript.mjs'

const root = new URL('../..', import.meta.url)

// Here, since it is wanted in the middle of source texts, where nobody waits.
await compileTypeScript('tsconfig.json')

/** The package as processes and workers import it, which know no TypeScript: compiled from what lib/ is now. */
export function builtPackage(): string {
  return new URL('dist/index.js', root).href
}

/** How a process ended. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** Of node. */
  flags?: readonly string[]
  /** What runs node, such as `setpriv …`. */
  prefix?: readonly string[]
  /** It is killed after that. */
  timeoutMs?: number
}

/** Runs `source`, an ES module, in a process of its own, to its end. */
export async function run(source: string, options: RunOptions = {}): Promise<Ended> {
  const { flags = [], prefix = [], timeoutMs = 20_000 } = options
  const [file, ...args] = [...prefix, process.execPath, ...flags, '--input-type=module', '--eval', source]
  const child = spawn(file as string, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout, stderr }
}

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
    const child = new Child(command, { cwd: root })
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

  /** Sends a signal, and gives what the process ended by. */
  async end(signal: NodeJS.Signals): Promise<unknown> {
    const exit = once(this.process, 'exit')
    this.process.kill(signal)
    const [code, name] = await exit
    return name ?? code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const exit = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exit
  }
}
