/** What the thread that imports has to say of a module: to the process that watches, and to the user. */
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

export interface Report {
  /** Absolute paths. */
  dependencies: readonly string[]
  /** What clang warns of, as it is printed. */
  warnings: readonly string[]
}

export function tell({ dependencies, warnings }: Report): void {
  for (const warning of warnings) process.emitWarning(warning, 'CompileWarning')
  // As Node's own loader tells `node --watch` of each module.
  if (process.env.WATCH_REPORT_DEPENDENCIES === undefined || !isMainThread) return
  process.send?.({ 'watch:import': dependencies.map((path) => pathToFileURL(path).href) })
}
