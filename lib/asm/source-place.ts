/** Where in the caller's source something was made: the verifier then points there, as it does in C. */
import { fileURLToPath } from 'node:url'

/** A place in a source file. */
export interface SourcePlace {
  /** Absolute path. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** The line itself, where no file has it. */
  readonly text?: string
}

/** How far away a caller may be: helpers of the user's own are the place that is meant. */
const FRAMES = 1

/**
 * The place of the call of `callee`, with source maps where Node has them enabled (`--enable-source-maps`).
 *
 * @param callee the function of this module that the user called: it and what is above it are no place of the user's
 */
export function placeOfCall(callee: (...args: never[]) => unknown): SourcePlace | undefined {
  const { stackTraceLimit } = Error
  const holder: { stack?: unknown } = {}
  try {
    Error.stackTraceLimit = FRAMES
    Error.captureStackTrace(holder, callee)
    // Written when it is read, by whatever the user has set for it: test runners put the original places into it.
    const { stack } = holder
    return typeof stack === 'string' ? parseFrame(stack) : undefined
  } catch {
    return undefined
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function parseFrame(stack: string): SourcePlace | undefined {
  const match = /\n\s+at (?:.* \()?(.+?):(\d+):(\d+)\)?$/m.exec(stack)
  if (match === null) return undefined
  const [, where = '', line, column] = match
  const file = where.startsWith('file://') ? pathOf(where) : where
  return file === undefined ? undefined : { file, line: Number(line), column: Number(column) }
}

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}
