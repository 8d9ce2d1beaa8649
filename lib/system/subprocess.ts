/** Programs of the host, run to their end. */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

export interface CommandOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  signal?: AbortSignal | undefined
  /** Written to its standard input. */
  input?: Uint8Array
  /** Its standard output goes to this file instead of into the result. */
  outputFile?: string
  /** Called with what it writes to descriptor 3, line by line. */
  onStatus?: (line: string) => void
}

export interface CommandResult {
  /** `null` when a signal ended it. */
  code: number | null
  stdout: Buffer
  stderr: string
}

/**
 * @throws the spawn error when the program cannot be started, the signal's reason when it was aborted.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { env, cwd, signal, input, outputFile, onStatus } = options
  signal?.throwIfAborted()
  const child = spawn(command, args, {
    env: env ?? process.env,
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', onStatus === undefined ? 'ignore' : 'pipe'],
  })
  const kill = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', kill, { once: true })
  try {
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    })
    const { stdout: output, stderr: errors, stdin } = child
    if (output === null || errors === null) throw await closed
    // A program that ends without reading all its input is judged by its exit code.
    stdin?.on('error', () => {}).end(input)
    const reading =
      outputFile === undefined
        ? collect(output)
        : pipeline(output, createWriteStream(outputFile)).then(() => Buffer.alloc(0))
    const status = child.stdio[3] as NodeJS.ReadableStream | null | undefined
    if (onStatus !== undefined && status) readLines(status, onStatus)
    const [code, stdout, stderr] = await Promise.all([closed, reading, collect(errors)])
    signal?.throwIfAborted()
    return { code, stdout, stderr: stderr.toString('utf8') }
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

async function collect(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text) => {
    const lines = (rest + String(text)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}
