/** What programs write by `bpf_printk()`. */
import { TraceInstance } from '../system/trace-instance.ts'
import { type LineOptions, type LineSource, LineStream, maxLatencyOf } from './line-stream.ts'

/** One call of `bpf_printk()`. */
export interface TraceLine {
  /** Of the thread that the program ran in; `<...>` where the kernel has forgotten its name. */
  task: string
  /** Of that thread (what user space calls its tid), in the initial namespace. */
  pid: number
  cpu: number
  /** Nanoseconds of CLOCK_MONOTONIC, with the precision of a microsecond: see `monotonicToDate`. */
  time: bigint
  /** Without the line break at its end, if there was one; others may be in it. */
  text: string
}

/**
 * What all programs of this machine write by `bpf_printk()` from now on, whoever loaded them. It has a trace buffer of its
 * own (an instance of tracefs), so nobody else's reader of `trace_pipe` loses a line to it, nor it to them. Linux 5.9.
 *
 * @returns when lines are recorded: attach programs after it
 * @throws EbpfError with the code of the file system where tracefs is not mounted, or this process may not use it;
 * ERR_EBPF_KERNEL before Linux 5.9
 */
export async function tracePipe(options: LineOptions = {}): Promise<TracePipe> {
  maxLatencyOf(options)
  const source = new TraceSource(await TraceInstance.create('bpf_trace/bpf_trace_printk'))
  try {
    return new TracePipe(source, options)
  } catch (error) {
    // Aborted meanwhile.
    await source.release()
    throw error
  }
}

/** Lines of {@link tracePipe}. Close it: until then the kernel records lines, and keeps a buffer for them. */
export class TracePipe extends LineStream<TraceLine> {
  readonly #source: TraceSource

  /** @internal */
  constructor(source: TraceSource, options: LineOptions) {
    super(source, options)
    this.#source = source
  }

  /** Lines that were overwritten because nobody took them in time; `undefined` when the kernel does not know how many. */
  get lost(): number | undefined {
    return this.#source.lost
  }
}

class TraceSource implements LineSource<TraceLine> {
  readonly ended = false
  readonly #instance: TraceInstance
  readonly #parser = new TraceParser()

  constructor(instance: TraceInstance) {
    this.#instance = instance
  }

  get lost(): number | undefined {
    return this.#parser.lost
  }

  shift(): TraceLine | undefined {
    return this.#parser.lines.shift()
  }

  fill(): boolean {
    const text = this.#instance.read()
    this.#parser.parse(text)
    return text !== ''
  }

  // The kernel gives whole entries.
  flush(): void {}

  release(): Promise<void> {
    return this.#instance.close()
  }
}

/** `          task-1234    [000] b..2.  5678.901234: bpf_trace_printk: text`: trace_print_context() of kernel/trace. */
const ENTRY = /^ *(.+)-(\d+) +(?:\([^)]*\) +)?\[(\d+)\] (?:\S+ +| +)(\d+)\.(\d{6}): bpf_trace_printk: (.*)$/s

/** print_trace_line() of kernel/trace/trace.c. */
const LOSS = /^CPU:\d+ \[LOST (?:(\d+) )?EVENTS\]$/

/** Reads what `trace_pipe` gives. Exported for its tests. */
export class TraceParser {
  readonly lines: TraceLine[] = []
  lost: number | undefined = 0

  /** @param text whole entries */
  parse(text: string): void {
    if (text === '') return
    const added: TraceLine[] = []
    let last: TraceLine | undefined
    for (const line of text.replace(/\n$/, '').split('\n')) {
      const entry = ENTRY.exec(line)
      const loss = entry === null ? LOSS.exec(line) : null
      if (entry !== null) {
        const [, task = '', pid, cpu, seconds = '', micros = '', message = ''] = entry
        const time = BigInt(seconds + micros) * 1000n
        last = { task, pid: Number(pid), cpu: Number(cpu), time, text: message }
        added.push(last)
      } else if (loss !== null) {
        const [, count] = loss
        this.lost = count === undefined || this.lost === undefined ? undefined : this.lost + Number(count)
        last = undefined
      } else if (last !== undefined) {
        // The kernel ends a line that has a break of its own by another.
        last.text += `\n${line}`
      }
    }
    for (const line of added) if (line.text.endsWith('\n')) line.text = line.text.slice(0, -1)
    for (const line of added) this.lines.push(line)
  }
}
