/** What an import asks for: a file, and how its values are to be decoded. */
import { fileURLToPath } from 'node:url'
import { invalidArgument } from '../errors.ts'

/** An import of a C file or of an object. */
export interface ImportRequest {
  /** Absolute. */
  path: string
  /** What the import itself says by `?int64=…`. */
  int64?: 'bigint' | 'number'
}

/** A file that is imported as a module, and what follows its name: `?int64=number`. */
const IMPORTED = /^(.*\.bpf\.[co])(?:\?([^/\\?]*))?$/s

/** What tools add to read a file once more, or to mark an import as theirs: it changes nothing. */
const MARKS = ['t', 'v', 'import', 'hmr']

/**
 * The import of a URL.
 *
 * @returns undefined when it is none of ours
 * @throws TypeError for a query that is not known
 */
export function requestOfUrl(url: string): ImportRequest | undefined {
  if (!url.startsWith('file:') || !url.includes('.bpf.')) return undefined
  const parsed = new URL(url)
  const path = fileURLToPath(parsed)
  if (!/\.bpf\.[co]$/.test(path)) return undefined
  const request = { path, ...queryOf(parsed.searchParams) }
  if (typeof request.unknown === 'string') {
    throw invalidArgument(`'?${request.unknown}' is not known at an import of ${path}: int64 is`)
  }
  return request
}

/**
 * The import of a path with a query, as bundlers name modules.
 *
 * @returns undefined when it is none of ours, or has a query that is somebody else's, such as `?raw`
 */
export function requestOfId(id: string): ImportRequest | undefined {
  const [, path, query = ''] = IMPORTED.exec(id) ?? []
  if (path === undefined || path.startsWith('\0')) return undefined
  const { unknown, ...asked } = queryOf(new URLSearchParams(query))
  return unknown === undefined ? { path, ...asked } : undefined
}

/** The name of a file, and its query with the question mark, or nothing. */
export function splitQuery(specifier: string): [path: string, query: string] | undefined {
  const path = IMPORTED.exec(specifier)?.[1]
  return path === undefined ? undefined : [path, specifier.slice(path.length)]
}

function queryOf(query: URLSearchParams): { int64?: 'bigint' | 'number'; unknown?: string } {
  const asked: { int64?: 'bigint' | 'number'; unknown?: string } = {}
  for (const [name, value] of query) {
    if (name === 'int64') asked.int64 = int64Of(value, `?int64=${value}`)
    else if (!MARKS.includes(name)) asked.unknown = name
  }
  return asked
}

/** @throws TypeError unless `value` is one of the two */
export function int64Of(value: unknown, argument: string): 'bigint' | 'number' {
  if (value === 'bigint' || value === 'number') return value
  throw invalidArgument(`${argument} must be 'bigint' or 'number'`)
}
