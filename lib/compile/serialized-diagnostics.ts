/**
 * What clang has to say, out of the file of its option -serialize-diagnostics: the only form that every clang from 14 on
 * writes, and in which no name of a file can be mistaken for something else (clang/Frontend/SerializedDiagnostics.h).
 */
import { type BitBlock, type BitRecord, isBlock, readBitstream } from './bitstream.ts'

const BLOCK_DIAG = 9

const RECORD_DIAG = 2
const RECORD_SOURCE_RANGE = 3
const RECORD_DIAG_FLAG = 4
const RECORD_CATEGORY = 5
const RECORD_FILENAME = 6
const RECORD_FIXIT = 7

/** By clang's number. */
const SEVERITIES = ['ignored', 'note', 'warning', 'error', 'fatal', 'remark'] as const

export interface RawLocation {
  /** As clang has it; `''` for what is said of no file. */
  file: string
  /** 0 without a place. */
  line: number
  column: number
}

export interface RawFix {
  from: RawLocation
  /** The first that stays. */
  to: RawLocation
  text: string
}

export interface RawDiagnostic extends RawLocation {
  severity: (typeof SEVERITIES)[number]
  message: string
  /** Without `-W`. */
  flag: string
  category: string
  ranges: { from: RawLocation; to: RawLocation }[]
  fixes: RawFix[]
  notes: RawDiagnostic[]
}

const decoder = new TextDecoder()

/** @throws RangeError when the bytes are no such file */
export function readSerializedDiagnostics(bytes: Uint8Array): RawDiagnostic[] {
  if (bytes.length < 4 || decoder.decode(bytes.subarray(0, 4)) !== 'DIAG') {
    throw new RangeError('no serialized diagnostics')
  }
  // Names come with the first diagnostic that needs them, and hold for all that follow.
  const tables: Tables = { files: new Map(), flags: new Map(), categories: new Map() }
  return readBitstream(bytes)
    .filter(({ id }) => id === BLOCK_DIAG)
    .map((block) => diagnosticOf(block, tables))
}

interface Tables {
  files: Map<number, string>
  flags: Map<number, string>
  categories: Map<number, string>
}

function diagnosticOf(block: BitBlock, tables: Tables): RawDiagnostic {
  const diagnostic: RawDiagnostic = {
    severity: 'ignored',
    file: '',
    line: 0,
    column: 0,
    message: '',
    flag: '',
    category: '',
    ranges: [],
    fixes: [],
    notes: [],
  }
  for (const item of block.items) {
    if (!isBlock(item)) readRecord(item, diagnostic, tables)
    else if (item.id === BLOCK_DIAG) diagnostic.notes.push(diagnosticOf(item, tables))
  }
  return diagnostic
}

function readRecord({ code, values, blob }: BitRecord, diagnostic: RawDiagnostic, tables: Tables): void {
  const text = blob === undefined ? '' : decoder.decode(blob)
  const [first = 0] = values
  switch (code) {
    case RECORD_FILENAME:
      tables.files.set(first, text)
      break
    case RECORD_DIAG_FLAG:
      tables.flags.set(first, text)
      break
    case RECORD_CATEGORY:
      tables.categories.set(first, text)
      break
    case RECORD_DIAG:
      diagnostic.severity = SEVERITIES[first] ?? 'error'
      Object.assign(diagnostic, location(values, 1, tables))
      diagnostic.category = tables.categories.get(values[5] ?? 0) ?? ''
      diagnostic.flag = tables.flags.get(values[6] ?? 0) ?? ''
      diagnostic.message = text
      break
    case RECORD_SOURCE_RANGE:
      diagnostic.ranges.push({ from: location(values, 0, tables), to: location(values, 4, tables) })
      break
    case RECORD_FIXIT:
      diagnostic.fixes.push({ from: location(values, 0, tables), to: location(values, 4, tables), text })
      break
    default:
  }
}

/** A location is four numbers: the file, the line, the column, and the offset in the file, which is not needed. */
function location(values: readonly number[], start: number, { files }: Tables): RawLocation {
  return { file: files.get(values[start] ?? 0) ?? '', line: values[start + 1] ?? 0, column: values[start + 2] ?? 0 }
}
