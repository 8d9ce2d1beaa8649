/** What a hook's own checks refuse, said of the program and of the hook. */
import { constants } from 'node:os'
import { EbpfError, kernelError } from '../errors.ts'
import type { Names } from '../outcome.ts'

/**
 * The error to throw for one that a check of a hook threw: of the same class, code and cause. What is no refusal, such as an
 * exception out of a getter of the caller's, stays what it is.
 *
 * @param names `link` is the hook as messages name it; absent where what was given is no hook
 */
export function preparationError(error: unknown, names: Names): unknown {
  if (!(error instanceof Error)) return error
  if (error instanceof EbpfError) {
    const isNamed = error.program !== undefined || (names.program === undefined && error.link !== undefined)
    return isNamed ? error : namedFailure(error, names)
  }
  const { errno, path, code } = error as NodeJS.ErrnoException
  if (errno !== undefined && path !== undefined) {
    // Errors of the file system tell which file was missing, and not for what.
    return kernelError(errno, { ...names, operation: `opening ${path}`, hint: openingHint(errno, path) })
  }
  return code?.startsWith('ERR_EBPF_') === true ? namedMistake(error, code, names) : error
}

function namedFailure(error: EbpfError, names: Names): EbpfError {
  const { code, errno, operation, object, program, map, link, hint, warnings } = error
  const message = hint === undefined ? error.message : error.message.slice(0, -`\n  ${hint}`.length)
  const known = Object.fromEntries(
    Object.entries({ object, program, map, link, hint }).filter(([, value]) => value !== undefined),
  )
  const named = new EbpfError(sentence(message, names), code, errno, { ...names, ...known, operation, warnings })
  return withCause(named, error)
}

function namedMistake(error: Error, code: string, names: Names): Error {
  const Class = error instanceof RangeError ? RangeError : TypeError
  const known = Object.entries(names).filter(([, value]) => value !== undefined)
  return withCause(
    Object.assign(new Class(sentence(error.message, names)), { code, ...Object.fromEntries(known) }),
    error,
  )
}

function withCause<E extends Error>(named: E, original: Error): E {
  if (original.cause !== undefined) named.cause = original.cause
  return named
}

function sentence(message: string, { program, link }: Names): string {
  if (program === undefined) return link === undefined ? message : `${link}: ${message}`
  return `program '${program}' cannot be attached${link === undefined ? '' : ` to ${link}`}: ${message}`
}

function openingHint(errno: number, path: string): string | undefined {
  if (errno === -constants.errno.ENOTDIR) return 'It must be a folder.'
  if (errno !== -constants.errno.ENOENT) return undefined
  const pid = /^\/proc\/(\d+)\/ns\//.exec(path)?.[1]
  return pid === undefined ? 'It must be there when the hook is used.' : `There is no process ${pid}, or no more.`
}
