/** What a program writes by `bpf_stream_printk()`, and what the kernel reports of it. */
import { constants } from 'node:os'
import { type Handle, binding } from '../binding.ts'
import { kernelError, ruleError } from '../errors.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import { type LineOptions, type LineSource, LineStream, maxLatencyOf } from './line-stream.ts'
import { TextLines } from './text-lines.ts'

/** `BPF_STDOUT` and `BPF_STDERR` of linux/bpf.h. */
const STREAMS = { stdout: 1, stderr: 2 } as const

export type ProgramStreamName = keyof typeof STREAMS

/** The first Linux whose programs have streams. */
const SINCE = '6.17'

/** As much as the kernel keeps of a stream: 100 000 bytes (BPF_STREAM_MAX_CAPACITY of linux/bpf.h). */
const BUFFER_BYTES = 100_000

/** What a stream needs of its program. */
export interface StreamedProgram {
  readonly name: string
  readonly closed: boolean
  borrow(operation: string): Handle
}

/** One stream of one program. What was read and not asked for yet is kept for the next reader. */
export class ProgramStream implements LineSource<string> {
  readonly #program: StreamedProgram
  readonly #name: ProgramStreamName
  readonly #lines = new TextLines()
  #taken = false

  constructor(program: StreamedProgram, name: ProgramStreamName) {
    this.#program = program
    this.#name = name
  }

  /** @throws EbpfError ERR_EBPF_BUSY while another reader has not ended; ERR_EBPF_KERNEL before Linux 6.17 */
  lines(options: LineOptions): LineStream<string> {
    const names = { operation: `read ${this.#name}`, program: this.#program.name }
    if (this.#taken) {
      throw ruleError('ERR_EBPF_BUSY', `${this.#name} of program '${this.#program.name}' already has a reader`, names)
    }
    maxLatencyOf(options)
    // What an old kernel answers is known now, not when the first line is asked for.
    this.fill()
    this.#taken = true
    return new LineStream(this, options)
  }

  get ended(): boolean {
    return this.#program.closed
  }

  shift(): string | undefined {
    return this.#lines.shift()
  }

  fill(): boolean {
    const buffer = new Uint8Array(BUFFER_BYTES)
    const handle = this.#program.borrow(`read ${this.#name}`)
    const count = binding.programStreamRead(handle, STREAMS[this.#name], buffer)
    if (count < 0) throw this.#failure(count)
    this.#lines.push(buffer.subarray(0, count))
    return count > 0
  }

  flush(): void {
    this.#lines.flush()
  }

  release(): void {
    this.#taken = false
  }

  #failure(status: number): Error {
    const names = { operation: 'bpf_prog_stream_read', program: this.#program.name }
    if (status !== -constants.errno.EINVAL || !kernelOlderThan(SINCE)) return kernelError(status, names)
    return ruleError('ERR_EBPF_KERNEL', `streams of programs are known since Linux ${SINCE}`, {
      ...names,
      hint: 'bpf_printk() is there on older kernels: read it by tracePipe().',
    })
  }
}
