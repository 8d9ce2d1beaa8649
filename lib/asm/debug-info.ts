/** What the kernel is told of a program's functions and lines: the verifier's log then shows the source that made them. */
import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { BtfWriter } from '../btf/writer.ts'
import type { Code, CodeFunction } from './code.ts'
import { instructionText } from './disassemble.ts'
import type { LineLookup } from '../verifier/explain.ts'
import type { SourcePlace } from './source-place.ts'

/** BTF, and the records of bpf(2) that refer to it. */
export interface DebugInfo {
  types: Uint8Array
  /** `struct bpf_func_info` of linux/bpf.h. */
  functions: Uint8Array
  /** `struct bpf_line_info`. */
  lines: Uint8Array
}

const INT_SIGNED = 1 << 24
/** More do not fit into a record. */
const MOST_COLUMNS = 0x3ff
const MOST_LINES = 0x3f_ffff
/** The kernel's limit of names. */
const LONGEST_NAME = 127
/** A line is shown, not kept. */
const LONGEST_LINE = 400
/** `BTF_FUNC_STATIC` */
const STATIC = 0

export function debugInfoOf({ instructions, functions }: Code): DebugInfo {
  const writer = new BtfWriter()
  const int = writer.add('int', 'int', 4, [INT_SIGNED | 32])
  const prototype = writer.add('func_proto', '', int)
  const sources = new Sources()
  const starts = new Map<number, CodeFunction>(functions.map((each) => [each.slot, each]))
  const records = functions.map((each) => [each.slot, writer.add('func', nameOf(each), prototype, [], STATIC)])
  const lines: number[][] = []
  let last = ''
  for (const { fields, slot, place } of instructions) {
    const start = starts.get(slot)
    const known = place ?? start?.place
    // Each function needs a line at its start; one of the instructions themselves where no other is known.
    if (known === undefined && start === undefined && last === '') continue
    const { file, line, column } = known ?? { file: '', line: 1, column: 1 }
    const text = known === undefined ? instructionText(fields) : sources.text(known)
    const look = `${file}:${line}:${column}`
    if (look === last && start === undefined) continue
    last = known === undefined ? '' : look
    const where = ((Math.min(line, MOST_LINES) << 10) | Math.min(column, MOST_COLUMNS)) >>> 0
    lines.push([slot, writer.string(file), writer.string(text), where])
  }
  return { types: writer.bytes(), functions: words(records.flat()), lines: words(lines.flat()) }
}

/** Where the instruction in a slot was made, without a look at the kernel's log. */
export function lineLookup({ instructions, functions }: Code): LineLookup {
  const sources = new Sources()
  const places = new Map(instructions.map(({ slot, place }) => [slot, place]))
  return (slot) => {
    const place = places.get(slot)
    if (place === undefined) return undefined
    const { file, line, column } = place
    const name = functions.findLast((each) => each.slot <= slot)?.name
    return { file, line, column, text: sources.text(place), function: name }
  }
}

/** The kernel takes names of C alone. */
function nameOf({ name }: CodeFunction): string {
  const allowed = name.replaceAll(/\W/g, '_').slice(0, LONGEST_NAME)
  return /^\d/.test(allowed) ? `_${allowed.slice(1)}` : allowed
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  const little = endianness() === 'LE'
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, little)
  return bytes
}

/** Lines of source files, each read once. */
class Sources {
  readonly #files = new Map<string, readonly string[]>()

  text({ file, line, text }: SourcePlace): string {
    if (text !== undefined) return text.slice(0, LONGEST_LINE)
    let lines = this.#files.get(file)
    if (lines === undefined) {
      lines = linesOf(file)
      this.#files.set(file, lines)
    }
    // Without NUL, which would end it: files are not always text.
    return (lines[line - 1] ?? '').trimEnd().replaceAll('\0', '').slice(0, LONGEST_LINE)
  }
}

/** None of a file that is no longer there, or of code that never was in one. */
function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
