/** A request -> the module's text, or the error, in a form that threads can send each other. */
import { CompileError } from '../compile/index.ts'
import { packageRoot } from '../package-root.ts'
import { importObject, ownFiles } from './imported.ts'
import { moduleText } from './module-text.ts'
import type { Report } from './report.ts'
import type { ImportRequest } from './request.ts'

export interface Produced {
  /** Without it there is an error. */
  source?: string
  error?: unknown
  report: Report
}

/** The package that runs: the file that is imported may be where no other is installed. */
const RUNTIME = new URL('dist/index.js', packageRoot).href

/** Never rejects. */
export async function produce(request: ImportRequest): Promise<Produced> {
  try {
    const imported = await importObject(request, {})
    const { dependencies, warnings } = imported
    const report = { dependencies, warnings: warnings.map((warning) => warning.toString()) }
    return { source: await moduleText(imported, RUNTIME), report }
  } catch (error) {
    const dependencies = error instanceof CompileError ? ownFiles(error.dependencies) : [request.path]
    return { error, report: { dependencies, warnings: [] } }
  }
}
