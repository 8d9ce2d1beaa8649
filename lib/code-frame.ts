/** A place in a source file as compilers show it: the lines around, and a mark below what is meant. */

/** What {@link codeFrame} shows. */
export interface CodeFrame {
  /** As it is to be printed. */
  file: string
  /** From 1. 0 where only the file is known: nothing but the headline is shown. */
  line: number
  /** From 1, in bytes of UTF-8, as clang and BTF count. Without it no mark is shown. */
  column?: number | undefined
  /** Bytes that are marked, on this line; 1 by default. */
  length?: number | undefined
  /** The text of the whole file, where it is known: the lines around are shown as well. */
  source?: string | undefined
  /**
   * The text of the line, where it is known better than from the file, which may have been changed since. Where both are given
   * and differ, the file is another one, and this line alone is shown.
   */
  text?: string | undefined
  /** What the headline says after the place. */
  message?: string | undefined
  /** What is said behind the mark. */
  label?: string | undefined
  /** Lines that are shown before and after; 2 by default. */
  context?: number | undefined
  /** Escape sequences of terminals for the mark and its line; none by default. */
  color?: boolean | undefined
}

const LONGEST_LINE = 160

/**
 * The frame as text, without a line feed at its end:
 *
 * ```text
 * count.bpf.c:12:10: error: use of undeclared identifier 'valeu'
 *   10 |   __u64 *value = bpf_map_lookup_elem(&counts, &key);
 *   11 |   if (value)
 * > 12 |     (*valeu)++;
 *      |       ^~~~~
 *   13 |   return 0;
 * ```
 */
export function codeFrame(frame: CodeFrame): string {
  const { file, line, column, message } = frame
  const place = [file, ...(line > 0 ? [line, ...(column === undefined ? [] : [column])] : [])].join(':')
  const headline = printable(message === undefined ? place : `${place}: ${message}`, true)
  return [headline, ...excerpt(frame)].join('\n')
}

function excerpt(frame: CodeFrame): string[] {
  const { line, context = 2, color = false } = frame
  const { first, lines } = linesAround(frame, context)
  const width = String(first + lines.length - 1).length
  return lines.flatMap((text, index) => {
    const number = first + index
    const meant = number === line
    const window = windowOf(text, meant ? byteOffsetToIndex(text, (frame.column ?? 1) - 1) : 0)
    const row = trimEnd(`${meant ? '>' : ' '} ${String(number).padStart(width)} | ${printable(window.text, false)}`)
    if (!meant) return [row]
    const mark = markOf(frame, text, window)
    const rows = mark === undefined ? [row] : [row, `  ${' '.repeat(width)} | ${mark}`]
    return color ? rows.map((each) => `\x1b[1;31m${each}\x1b[0m`) : rows
  })
}

function linesAround(frame: CodeFrame, context: number): { first: number; lines: string[] } {
  const { line, source, text } = frame
  const all = source?.split(/\r?\n/)
  const own = all?.[line - 1]
  const sameFile = own !== undefined && (text === undefined || own.trim() === text.trim())
  if (line < 1 || all === undefined || !sameFile) {
    return { first: line, lines: text === undefined || line < 1 ? [] : [text] }
  }
  // What ends with a line feed has no line after it.
  const last = all.at(-1) === '' ? all.length - 1 : all.length
  const first = Math.max(1, line - context)
  return { first, lines: all.slice(first - 1, Math.max(line, Math.min(last, line + context))) }
}

interface Window {
  text: string
  /** Index in the line of the window's first character that is the line's, and where it stands in the window. */
  start: number
  shift: number
}

/** Generated lines can have thousands of characters: what is around the mark is shown. */
function windowOf(text: string, meant: number): Window {
  if (text.length <= LONGEST_LINE) return { text, start: 0, shift: 0 }
  const start = Math.max(0, Math.min(meant - LONGEST_LINE / 2, text.length - LONGEST_LINE))
  const before = start > 0 ? '…' : ''
  const after = start + LONGEST_LINE < text.length ? '…' : ''
  return { text: `${before}${text.slice(start, start + LONGEST_LINE)}${after}`, start, shift: before.length }
}

function markOf({ column, length = 1, label }: CodeFrame, text: string, window: Window): string | undefined {
  if (column === undefined || column < 1) return undefined
  const from = byteOffsetToIndex(text, column - 1)
  const to = Math.max(from + 1, byteOffsetToIndex(text, column - 1 + length))
  const before = window.text.slice(0, from - window.start + window.shift)
  const marked = window.text.slice(before.length, to - window.start + window.shift)
  const mark = `^${'~'.repeat(Math.max(0, blank(marked).length - 1))}`
  return `${blank(before)}${mark}${label === undefined ? '' : ` ${printable(label, false)}`}`
}

/** Compilers count bytes. Past the end of the line is its end. */
function byteOffsetToIndex(text: string, bytes: number): number {
  let index = 0
  let rest = bytes
  for (const character of text) {
    rest -= Buffer.byteLength(character)
    if (rest < 0) break
    index += character.length
  }
  return index
}

// As terminals show them: East Asian characters and pictures fill two columns, accents that combine none.
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const combining = /\p{Mn}/u

/** As much empty room as the text takes; tabs stay, so that they end where those of the line above end. */
function blank(text: string): string {
  return Array.from(text, (character) => {
    if (character === '\t') return '\t'
    if (combining.test(character)) return ''
    return wide.test(character) ? '  ' : ' '
  }).join('')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: a line feed in a line that is shown
const lineFeeds = /[\x0a]/g

/** Text of files must not drive the terminal: control characters and those that turn the direction are shown instead. */
export function printable(text: string, severalLines: boolean): string {
  const shown = text.replace(control, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '�'
  })
  return severalLines ? shown : shown.replace(lineFeeds, '␊')
}

function trimEnd(text: string): string {
  return text.replace(/ +$/, '')
}
