/** One way from what native code returned to a value or an error. */
import type { Outcome } from './binding.ts'
import { type FailureContext, kernelError, ruleError } from './errors.ts'
import { plain, publish } from './system/logging.ts'

/** The names to put into an error; the operation comes from the outcome itself. */
export type Names = Omit<FailureContext, 'operation'>

/**
 * The value of a successful outcome.
 *
 * @throws EbpfError otherwise; `libbpf` in its code when this build's libbpf lacks the operation.
 */
export function unwrap<T>(outcome: Outcome<T>, names: Names): T {
  publish(outcome.log)
  if (outcome.errno === 0) return outcome.value as T
  const { operation, needsLibbpf } = outcome
  if (needsLibbpf !== undefined) {
    throw ruleError('ERR_EBPF_LIBBPF', `${operation} needs libbpf ${needsLibbpf}, and this build has an older one`, {
      ...names,
      operation,
      hint: 'The bundled build has every feature: npm run build',
    })
  }
  throw kernelError(outcome.errno, { ...names, operation, warnings: warningsOf(outcome) })
}

/**
 * A status that is not negative.
 *
 * @throws EbpfError when it is negative.
 */
export function check(status: number, operation: string, names: Names): number {
  if (status < 0) throw kernelError(status, { ...names, operation })
  return status
}

/** What a cold native function returned in place of a negative status. */
export function checkValue<T extends object>(value: T | number, operation: string, names: Names): T {
  if (typeof value === 'number') throw kernelError(value, { ...names, operation })
  return value
}

/** libbpf's warnings of an operation, each one line; the verifier's log is not one of them. */
export function warningsOf(outcome: Outcome<unknown>): string[] {
  return outcome.log
    .filter(({ level, message }) => level === 0 && !message.includes('BEGIN PROG LOAD LOG'))
    .map(({ message }) => plain(message))
}
