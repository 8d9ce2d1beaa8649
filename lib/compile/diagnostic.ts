/** What the compiler says, as data. */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { codeFrame } from '../code-frame.ts'
import { absolutePath } from './absolute-path.ts'
import {
  type RawDiagnostic,
  type RawFix,
  type RawLocation,
  readSerializedDiagnostics,
} from './serialized-diagnostics.ts'

/** A place in a source file. */
export interface SourcePlace {
  /** Absolute; `''` for what is said of no file. */
  file: string
  /** From 1; 0 where only the file is known. */
  line: number
  /** From 1, in bytes, as clang counts; 0 where only the line is known. */
  column: number
}

/** What would put it right: the text between two places, and what belongs there. */
export interface DiagnosticFix {
  from: SourcePlace
  /** The first that stays. */
  to: SourcePlace
  text: string
}

/** What of a diagnostic is data: all but its text. */
export interface DiagnosticData extends SourcePlace {
  severity: 'error' | 'warning' | 'note'
  /** Bytes that are meant, from the column on; 1 where clang names none, or several lines. */
  length: number
  message: string
  /** The option that it can be turned off by, such as `-Wunused-variable`. */
  option?: string
  /** Where the file is included: the outermost place first. Empty for the source itself. */
  includedFrom: readonly SourcePlace[]
  notes: readonly DiagnosticData[]
  fixes: readonly DiagnosticFix[]
}

/** One error or warning of clang's, with what it adds to it. `toString()` shows the place in the source. */
export class Diagnostic implements DiagnosticData {
  /** `error` also for those after which clang goes no further. */
  readonly severity: 'error' | 'warning' | 'note'
  readonly file: string
  readonly line: number
  readonly column: number
  readonly length: number
  readonly message: string
  declare readonly option?: string
  readonly includedFrom: readonly SourcePlace[]
  /** Macros that it comes from, declarations that it is about, and what else clang says of it. */
  readonly notes: readonly Diagnostic[]
  readonly fixes: readonly DiagnosticFix[]
  /** The file as it was when it was compiled. */
  readonly #source: string | undefined

  /** @internal */
  constructor(data: DiagnosticData, sources: Sources) {
    this.severity = data.severity
    this.file = data.file
    this.line = data.line
    this.column = data.column
    this.length = data.length
    this.message = data.message
    if (data.option !== undefined) this.option = data.option
    this.includedFrom = data.includedFrom
    this.notes = data.notes.map((note) => new Diagnostic(note, sources))
    this.fixes = data.fixes
    this.#source = sources.text(data.file)
  }

  /**
   * As compilers print it: the place, what is wrong, the lines around, and then each note in the same way. Files below the
   * working directory are named from there.
   *
   * @param options.color with escape sequences for terminals
   */
  toString(options: { color?: boolean } = {}): string {
    const { line, column, length, severity, message, option } = this
    const included = this.includedFrom
      .toReversed()
      .map((place) => `in file included from ${shownPath(place.file)}:${place.line}\n`)
    const frame = codeFrame({
      file: shownPath(this.file),
      line,
      ...(column > 0 && { column, length }),
      source: this.#source,
      message: `${severity}: ${message}${option === undefined ? '' : ` [${option}]`}`,
      context: severity === 'note' ? 0 : 2,
      ...options,
    })
    return [`${included.join('')}${frame}`, ...this.notes.map((note) => note.toString(options))].join('\n')
  }
}

/** The texts of files, each read once. */
export class Sources {
  readonly #texts = new Map<string, string | undefined>()

  text(file: string): string | undefined {
    if (!this.#texts.has(file)) this.#texts.set(file, readText(file))
    return this.#texts.get(file)
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function shownPath(file: string): string {
  const path = relative('', file)
  if (file === '') return 'clang'
  return path.startsWith('..') ? file : path
}

/**
 * @param bytes the file of -serialize-diagnostics
 * @param folder what relative names are relative to
 * @throws RangeError when the bytes are no such file
 */
export function parseDiagnostics(bytes: Uint8Array, folder: string): DiagnosticData[] {
  return readSerializedDiagnostics(bytes)
    .filter(({ severity }) => severity !== 'ignored' && severity !== 'remark')
    .map((raw) => dataOf(raw, folder))
}

function dataOf(raw: RawDiagnostic, folder: string): DiagnosticData {
  const [includes, notes] = partition(raw.notes, (note) => /^in file included from /i.test(note.message))
  const severity = raw.severity === 'note' || raw.severity === 'warning' ? raw.severity : 'error'
  return {
    severity,
    ...placeOf(raw, folder),
    length: lengthOf(raw),
    message: raw.message,
    ...(raw.flag !== '' && { option: `-W${raw.flag}` }),
    includedFrom: includes.map((note) => placeOf(note, folder)),
    notes: notes.map((note) => dataOf(note, folder)),
    fixes: raw.fixes.map((fix) => fixOf(fix, folder)),
  }
}

function partition<T>(items: readonly T[], chosen: (item: T) => boolean): [T[], T[]] {
  return [items.filter(chosen), items.filter((item) => !chosen(item))]
}

function placeOf({ file, line, column }: RawLocation, folder: string): SourcePlace {
  return { file: file === '' ? '' : absolutePath(file, folder), line, column }
}

function fixOf({ from, to, text }: RawFix, folder: string): DiagnosticFix {
  return { from: placeOf(from, folder), to: placeOf(to, folder), text }
}

/** Of several ranges, such as those of an operator's two sides, the one that begins at the place is meant. */
function lengthOf({ file, line, column, ranges }: RawDiagnostic): number {
  const own = ranges.find(({ from }) => from.file === file && from.line === line && from.column === column)
  return own !== undefined && own.to.line === line ? Math.max(1, own.to.column - column) : 1
}
