/** A process of the Go side. Asking it blocks: our event loop stands still meanwhile, as it does while C works. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { goProgram } from './go-build.ts'

export class GoPeer {
  readonly #process: ChildProcess
  readonly #commands: number
  readonly #answers: number
  readonly #buffer = Buffer.alloc(4096)

  /** `undefined` where it is not to be had. */
  static start(): GoPeer | undefined {
    return existsSync(goProgram) ? new GoPeer() : undefined
  }

  private constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-bench-'))
    const commands = openPipe(join(folder, 'commands'))
    const answers = openPipe(join(folder, 'answers'))
    this.#process = spawn(goProgram, [], { stdio: [commands.read, answers.write, 'inherit'] })
    this.#process.unref()
    // The only ends that are left belong to one process each: when either dies, the other one sees it.
    closeSync(commands.read)
    closeSync(answers.write)
    this.#commands = commands.write
    this.#answers = answers.read
    rmSync(folder, { recursive: true })
  }

  /** Nanoseconds of the whole slice. */
  ask(...words: readonly (string | number)[]): number {
    writeSync(this.#commands, `${words.join(' ')}\n`)
    let answer = ''
    while (!answer.endsWith('\n')) {
      const length = readSync(this.#answers, this.#buffer)
      if (length === 0) throw new Error(`the Go side ended at "${words.join(' ')}"`)
      answer += this.#buffer.toString('utf8', 0, length)
    }
    const duration = Number(answer)
    if (Number.isNaN(duration)) throw new Error(`the Go side: ${answer.trim()}`)
    return duration
  }

  close(): void {
    closeSync(this.#commands)
    closeSync(this.#answers)
  }
}

/** Node's own pipes to children never block, and cannot be waited for without the event loop. */
function openPipe(path: string): { read: number; write: number } {
  execFileSync('mkfifo', [path])
  // Opening one end waits for the other, unless both are there already.
  const both = openSync(path, constants.O_RDWR)
  const pipe = { read: openSync(path, constants.O_RDONLY), write: openSync(path, constants.O_WRONLY) }
  closeSync(both)
  return pipe
}
