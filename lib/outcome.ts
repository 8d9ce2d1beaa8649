/** One way from what native code returned to a value or an error. */
import type { Outcome } from './binding.ts'
import { type EbpfError, type FailureContext, kernelError, ruleError } from './errors.ts'
import { plain, publish } from './system/logging.ts'

/** The names to put into an error; the operation comes from the outcome itself. */
export type Names = Omit<FailureContext, 'operation'>

/**
 * The value of a successful outcome.
 *
 * @throws EbpfError otherwise; ERR_EBPF_LIBBPF when this build's libbpf lacks the operation.
 */
export function unwrap<T>(outcome: Outcome<T>, names: Names): T {
  if (outcome.errno !== 0) throw failure(outcome, names)
  publish(outcome.log)
  return outcome.value as T
}

/** The error of an outcome that is none of success. */
export function failure(outcome: Outcome<unknown>, names: Names): EbpfError {
  publish(outcome.log)
  const { operation, needsLibbpf } = outcome
  if (needsLibbpf !== undefined) return libbpfError(operation, needsLibbpf, { ...names, operation })
  return kernelError(outcome.errno, failureContext(outcome, names))
}

export function failureContext(outcome: Outcome<unknown>, names: Names): FailureContext {
  return { ...names, operation: outcome.operation, warnings: warningsOf(outcome) }
}

/** The libbpf of this build is older than `version`, which is the first that knows `what`. */
export function libbpfError(what: string, version: string, context: FailureContext): EbpfError {
  return ruleError('ERR_EBPF_LIBBPF', `${what} needs libbpf ${version}, and this build has an older one`, {
    ...context,
    hint: 'The bundled build has every feature: npm run build',
  })
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
