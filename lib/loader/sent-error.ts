/** Errors across threads: what is copied loses its class, and its code. */
import { CompileError, Diagnostic, type DiagnosticData } from '../compile/index.ts'
import { Sources } from '../compile/diagnostic.ts'
import { EbpfError } from '../errors.ts'

export interface SentError {
  name: string
  message: string
  stack: string | undefined
  /** Own properties that can be copied. */
  properties: Record<string, unknown>
}

export function sent(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, properties: {} }
  const { name, message, stack } = error
  return { name, message, stack, properties: JSON.parse(JSON.stringify(error)) as Record<string, unknown> }
}

export function revived({ name, message, stack, properties }: SentError): Error {
  const error = emptyError(name, message, properties)
  for (const [key, value] of Object.entries(properties)) {
    if (!Object.hasOwn(error, key)) Object.defineProperty(error, key, { value, enumerable: true })
  }
  Object.defineProperty(error, 'message', { value: message })
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack })
  return error
}

function emptyError(name: string, message: string, properties: Record<string, unknown>): Error {
  const { code, errno, operation } = properties as { code?: string; errno?: number; operation?: string }
  if (name === 'CompileError') {
    const { diagnostics, dependencies } = properties as { diagnostics: DiagnosticData[]; dependencies: string[] }
    const sources = new Sources()
    return new CompileError(
      dependencies.slice(0, 1),
      diagnostics.map((data) => new Diagnostic(data, sources)),
      dependencies,
    )
  }
  if (name === 'EbpfError') return new EbpfError(message, code ?? '', errno, { operation: operation ?? '' })
  if (name === 'TypeError') return new TypeError(message)
  return Object.assign(new Error(message), { name })
}
