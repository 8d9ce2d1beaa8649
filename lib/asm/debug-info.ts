/**
 * What the kernel is told of where a program is from: types of its functions (BTF), and the line of the source of each
 * instruction. The layout is that of Documentation/bpf/btf.rst of the kernel.
 */
import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import type { Instruction } from './instruction.ts'
import type { Resolved } from './resolve.ts'
import type { SourcePlace } from './source-place.ts'

export interface DebugInfo {
  btf: Uint8Array
  /** `struct bpf_func_info`. */
  functions: Uint8Array
  /** `struct bpf_line_info`. */
  lines: Uint8Array
}

const MAGIC = 0xeb9f
const HEADER_SIZE = 24
const KIND_INT = 1
const KIND_FUNC = 12
const KIND_FUNC_PROTO = 13
const INT_SIGNED = 1
/** Types below: `int`, and a function without parameters that gives one. Functions come behind. */
const INT = 1
const PROTOTYPE = 2
/** `struct bpf_line_info` has 22 bits for the line and 10 for the column. */
const MAX_LINE = 0x3f_ffff
const MAX_COLUMN = 0x3ff

/** Strings by their offset in a section that starts with the empty one. */
class Strings {
  readonly #offsets = new Map([['', 0]])
  #length = 1

  offset(text: string): number {
    const plain = text.replaceAll('\0', '')
    const known = this.#offsets.get(plain)
    if (known !== undefined) return known
    const offset = this.#length
    this.#offsets.set(plain, offset)
    this.#length += Buffer.byteLength(plain) + 1
    return offset
  }

  bytes(): Uint8Array {
    return Buffer.from([...this.#offsets.keys()].map((text) => `${text}\0`).join(''))
  }
}

/**
 * Types and lines of a program; `undefined` when nothing is known of where its first instruction was made, as of one that was
 * read from bytes: the kernel wants a line for the start of each function.
 *
 * @param name of the first function
 */
export function debugInfo(name: string, { instructions, slots, functions }: Resolved): DebugInfo | undefined {
  const strings = new Strings()
  const starts = new Map([[0, name]])
  for (const { slot, name: called } of functions) starts.set(slot, called)
  const lines = lineRecords(strings, instructions, slots, new Set(starts.keys()))
  if (lines === undefined) return undefined
  const types = [
    [strings.offset('int'), KIND_INT << 24, 4, (INT_SIGNED << 24) | 32],
    [0, KIND_FUNC_PROTO << 24, INT],
  ]
  const infos: number[] = []
  for (const [place, label] of starts) {
    infos.push(place, types.length + 1)
    types.push([strings.offset(identifier(label)), KIND_FUNC << 24, PROTOTYPE])
  }
  return { btf: section(types.flat(), strings.bytes()), functions: words(infos), lines: words(lines) }
}

/** `undefined` when the place of a function's start is not known. */
function lineRecords(
  strings: Strings,
  instructions: readonly Instruction[],
  slots: readonly number[],
  starts: ReadonlySet<number>,
): number[] | undefined {
  const textOf = lineReader()
  const records: number[] = []
  let last: SourcePlace | undefined
  for (const [index, instruction] of instructions.entries()) {
    const place = slots[index] as number
    const source = instruction.place ?? last
    const start = starts.has(place)
    if (source === undefined || source.line > MAX_LINE) {
      if (start) return undefined
      continue
    }
    const same =
      last !== undefined && last.line === source.line && last.column === source.column && last.file === source.file
    last = source
    if (same && !start) continue
    const column = Math.min(source.column, MAX_COLUMN)
    records.push(place, strings.offset(source.file), strings.offset(textOf(source)), (source.line << 10) | column)
  }
  return records
}

/** The kernel refuses names that C does not have, and those of 128 bytes and more. */
function identifier(name: string): string {
  return name.replace(/^(?=\d)|\W/g, '_').slice(0, 120)
}

function section(types: readonly number[], strings: Uint8Array): Uint8Array {
  const little = endianness() === 'LE'
  const typeBytes = words(types)
  const bytes = new Uint8Array(HEADER_SIZE + typeBytes.length + strings.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, MAGIC, little)
  view.setUint8(2, 1)
  const header = [HEADER_SIZE, 0, typeBytes.length, typeBytes.length, strings.length]
  for (const [index, word] of header.entries()) view.setUint32(4 + index * 4, word, little)
  bytes.set(typeBytes, HEADER_SIZE)
  bytes.set(strings, HEADER_SIZE + typeBytes.length)
  return bytes
}

function words(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer)
}

/** The text of a line; `''` where the file cannot be read. */
export function lineText(place: SourcePlace): string {
  return lineReader()(place)
}

/** Gives the text of lines; `''` where the file cannot be read. */
function lineReader(): (place: SourcePlace) => string {
  const files = new Map<string, readonly string[]>()
  return ({ file, line }) => {
    const lines = files.get(file) ?? readLines(file)
    files.set(file, lines)
    return lines[line - 1]?.trim() ?? ''
  }
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)
  } catch {
    return []
  }
}
