/** How a command ends that could not do what it was asked. */
import { EbpfError } from '../errors.ts'
import { VmError } from '../testing/vm-error.ts'

/** As timeout(1) ends. */
const TIMED_OUT = 124
const FAILED = 1
/** As shells end, to tell their own failures from those of the program that they ran. */
export const NOT_RUN = 125

/** One sentence for a person where we know it, or Node does (a file that is not there); all that is known for a mistake of our own. */
export function reportFailure(error: unknown): void {
  const { message, exitCode } = describeFailure(error)
  process.stderr.write(`ebpf: ${message}\n`)
  process.exitCode = exitCode
}

/** Of standard output, whose errors come when the command is done. Who reads it may have seen enough, as head(1) has. */
export function reportUnwritten(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  process.stderr.write(`ebpf: cannot write the output: ${error.message}\n`)
  process.exitCode = FAILED
}

export function describeFailure(error: unknown): { message: string; exitCode: number } {
  if (error instanceof VmError) {
    return { message: error.message, exitCode: error.code === 'ERR_EBPF_VM_TIMEOUT' ? TIMED_OUT : NOT_RUN }
  }
  if (error instanceof EbpfError || (error instanceof Error && 'code' in error)) {
    return { message: error.message, exitCode: FAILED }
  }
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: FAILED }
}
