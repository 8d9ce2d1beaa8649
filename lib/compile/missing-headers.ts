/** Headers that a source asks for, and that are not there. */
import { dirname, resolve } from 'node:path'
import type { DiagnosticData } from './diagnostic.ts'

/**
 * Where they would be found: beside the file that asks for one, and in the user's folders. When one comes, the next attempt may succeed.
 *
 * @param folders absolute
 */
export function missingHeaders(diagnostics: readonly DiagnosticData[], folders: readonly string[]): string[] {
  return diagnostics.flatMap(({ file, message }) => {
    const name = /^'(.+)' file not found/.exec(message)?.[1]
    return name === undefined ? [] : [dirname(file), ...folders].map((folder) => resolve(folder, name))
  })
}
