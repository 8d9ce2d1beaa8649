/** Where in its source each instruction of a program comes from, numbered as the program is when it has been loaded. */
import { type LineInfo, parseBtfExtension } from './btf/extension.ts'
import { parseBtf } from './btf/parse.ts'
import { SHT_REL, SHT_SYMTAB, textAt, viewOf } from './elf/header.ts'
import { type ElfImage, type NamedSection, objectImage } from './elf/sections.ts'
import { type ElfSymbolEntry, STT_FUNC, symbolEntries } from './elf/symbols.ts'
import type { LineLookup } from './verifier/explain.ts'

const INSTRUCTION_SIZE = 8
const RELOCATION_SIZE = 16
const CALL = 0x85
const LOAD_ADDRESS = 0x18
/** Source registers that make it a call of, or the address of, a function of the object (linux/bpf.h). */
const BPF_PSEUDO_CALL = 1
const BPF_PSEUDO_FUNC = 4

/** A function of the object; numbers count instructions of its section. */
interface CodeBlock {
  name: string
  section: number
  first: number
  count: number
}

/** A function at its place in the loaded program. */
interface PlacedBlock extends CodeBlock {
  start: number
}

/**
 * `undefined` for an object without line information (`clang -g`), or without that program.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT, BtfFormatError for what libbpf would not have loaded
 */
export function programLines(object: Uint8Array, program: string): LineLookup | undefined {
  const image = objectImage(object)
  const named = (name: string): Uint8Array | undefined => image.sections.find((section) => section.name === name)?.bytes
  const [types, extension] = [named('.BTF'), named('.BTF.ext')]
  if (types === undefined || extension === undefined) return undefined
  const blocks = placedBlocks(image, program)
  if (blocks.length === 0) return undefined
  const lines = linesBySection(parseBtfExtension(extension, parseBtf(types)).lines)
  return (instruction) => {
    const block = blocks.find(({ start, count }) => instruction >= start && instruction < start + count)
    if (block === undefined) return undefined
    const first = block.first * INSTRUCTION_SIZE
    const at = first + (instruction - block.start) * INSTRUCTION_SIZE
    const found = lastBefore(lines.get(image.sections[block.section]?.name ?? '') ?? [], at)
    if (found === undefined || found.offset < first || found.line === 0) return undefined
    const { file, line, column, text } = found
    return { file, line, column: column === 0 ? undefined : column, text, function: block.name }
  }
}

function linesBySection(lines: readonly LineInfo[]): Map<string, LineInfo[]> {
  const bySection = new Map<string, LineInfo[]>()
  for (const line of lines) {
    const known = bySection.get(line.section)
    if (known === undefined) bySection.set(line.section, [line])
    else known.push(line)
  }
  for (const known of bySection.values()) known.sort((a, b) => a.offset - b.offset)
  return bySection
}

/** What is expanded from a macro or by the compiler can have no line of its own: the one before it is meant. */
function lastBefore(lines: readonly LineInfo[], offset: number): LineInfo | undefined {
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((lines[middle] as LineInfo).offset <= offset) low = middle + 1
    else high = middle
  }
  for (let index = low - 1; index >= 0; index--) {
    const line = lines[index] as LineInfo
    if (line.line !== 0) return line
  }
  return undefined
}

/**
 * The program, and behind it each function when it is called first: that one's own calls come before those of the caller that
 * follow (`bpf_object__reloc_code` of libbpf.c).
 */
function placedBlocks(image: ElfImage, program: string): PlacedBlock[] {
  const table = image.sections.find(({ type }) => type === SHT_SYMTAB)
  if (table === undefined) return []
  const symbols = [...symbolEntries(image.header, table.bytes)]
  const names = image.sections[table.link]?.bytes ?? new Uint8Array()
  const blocks = symbols
    .filter(({ type }) => type === STT_FUNC)
    .map(({ nameOffset, section, value, size }) => ({
      name: textAt(names, nameOffset) ?? '',
      section,
      first: Number(value) / INSTRUCTION_SIZE,
      count: size / INSTRUCTION_SIZE,
    }))
  const text = image.sections.findIndex(({ name }) => name === '.text')
  const named = blocks.filter(({ name }) => name === program)
  const main = named.find(({ section }) => section !== text) ?? named[0]
  if (main === undefined) return []
  const placed: PlacedBlock[] = []
  let end = 0
  const place = (block: CodeBlock): void => {
    placed.push({ ...block, start: end })
    end += block.count
    for (const target of calledBlocks(image, symbols, block)) {
      const callee = blocks.find(({ section, first }) => section === text && first === target)
      if (
        callee !== undefined &&
        !placed.some(({ section, first }) => section === callee.section && first === callee.first)
      ) {
        place(callee)
      }
    }
  }
  place(main)
  return placed
}

/** The functions of `.text` that a function calls, or takes the address of, in order: where each starts. */
function* calledBlocks(image: ElfImage, symbols: readonly ElfSymbolEntry[], block: CodeBlock): Generator<number> {
  const { little } = image.header
  const section = image.sections[block.section] as NamedSection | undefined
  if (section === undefined) return
  const view = viewOf(section.bytes)
  const relocations = relocationsOf(image, block.section)
  const last = Math.min(block.first + block.count, Math.floor(section.bytes.length / INSTRUCTION_SIZE))
  for (let number = block.first; number < last; number++) {
    const at = number * INSTRUCTION_SIZE
    const [code, registers] = [view.getUint8(at), view.getUint8(at + 1)]
    const source = little ? registers >>> 4 : registers & 0xf
    const immediate = view.getInt32(at + 4, little)
    const symbol = symbols[relocations.get(at) ?? -1]
    const offset = symbol === undefined ? undefined : Number(symbol.value)
    if (code === CALL && source === BPF_PSEUDO_CALL) {
      yield offset === undefined ? number + immediate + 1 : offset / INSTRUCTION_SIZE + immediate + 1
    } else if (code === LOAD_ADDRESS && symbol !== undefined && isCode(image, symbol, source)) {
      yield ((offset as number) + immediate) / INSTRUCTION_SIZE
    }
    if (code === LOAD_ADDRESS) number++
  }
}

/** The address of a function is a relocation against its section, or itself. */
function isCode(image: ElfImage, symbol: ElfSymbolEntry, source: number): boolean {
  return source === BPF_PSEUDO_FUNC || symbol.type === STT_FUNC || image.sections[symbol.section]?.name === '.text'
}

/** The symbol's index, by the byte of the section. */
function relocationsOf(image: ElfImage, section: number): Map<number, number> {
  const symbols = new Map<number, number>()
  const { little } = image.header
  for (const { type, info, bytes } of image.sections) {
    if (type !== SHT_REL || info !== section) continue
    const view = viewOf(bytes)
    for (let at = 0; at + RELOCATION_SIZE <= bytes.length; at += RELOCATION_SIZE) {
      symbols.set(Number(view.getBigUint64(at, little)), view.getUint32(at + (little ? 12 : 8), little))
    }
  }
  return symbols
}
