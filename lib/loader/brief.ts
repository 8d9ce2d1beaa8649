/** Errors of compilers as users want to read them. */
import { CompileError } from '../compile/index.ts'

/**
 * The same error. Nobody catches most errors of imports, so Node and bundlers print them with all that they have: of an error in C
 * that is what its message shows already, each header, and where in this package it was noticed.
 */
export function brief<T>(error: T): T {
  if (!(error instanceof CompileError)) return error
  for (const name of ['dependencies', 'diagnostics', 'warnings']) {
    Object.defineProperty(error, name, { enumerable: false })
  }
  Object.defineProperty(error, 'stack', { value: `${error.name}: ${error.message}` })
  return error
}
