/**
 * What libbpf's static linker takes for granted of an object file: it writes where relocations say, and copies as many bytes as
 * section headers say (`linker_append_elf_relos` and `extend_sec` of linker.c). Whatever else it needs, it checks itself.
 */
import { parseBtf } from '../btf/parse.ts'
import type { EbpfError } from '../errors.ts'
import { ElfFormatError, EM_BPF, ET_REL, SHT_NOBITS, SHT_PROGBITS, SHT_REL, SHT_SYMTAB, viewOf } from './header.ts'
import { ElfNames } from './names.ts'
import { type ElfImage, invalidElf, type NamedSection, objectImage } from './sections.ts'
import { type ElfSymbolEntry, SHN_LORESERVE, SHN_UNDEF, STB_LOCAL, STT_SECTION, symbolEntries } from './symbols.ts'

/** An object file that was checked. */
export interface Linkable {
  readonly name: string
  /** Symbols that other objects see, by name: whether they are defined here. */
  readonly symbols: ReadonlyMap<string, boolean>
}

/** No object comes near them; the linker counts in `int`, and doubles. */
const MAX_FILE_SIZE = 64 << 20
const MAX_BSS_SIZE = 1 << 30
const MAX_ALIGNMENT = 1 << 16
const RELOCATION_SIZE = 16
const SYMBOL_SIZE = 24
const INSTRUCTION_SIZE = 8
/** These have to be the same in all objects, and are compared byte by byte. */
const SHARED_SECTIONS = ['license', 'version']

/** @throws EbpfError ERR_EBPF_INVALID_OBJECT, BtfFormatError when its types are malformed */
export function checkLinkable(bytes: Uint8Array, name: string): Linkable {
  if (bytes.length === 0) throw invalidElf('it is empty', name)
  if (bytes.length > MAX_FILE_SIZE) throw invalidElf(`its ${bytes.length} bytes are more than any object has`, name)
  const image = objectImage(bytes, name)
  const { header, sections } = image
  if (header.type !== ET_REL || header.machine !== EM_BPF) throw invalidElf('it is not a BPF object file', name)
  if (sections.length >= SHN_LORESERVE) throw invalidElf(`it has ${sections.length} sections`, name)
  const refuse = (problem: string): EbpfError => invalidElf(problem, name)
  let bss = 0
  for (const section of sections) {
    const { type, size, alignment } = section
    if (alignment > MAX_ALIGNMENT) throw refuse(`section '${section.name}' is aligned to ${alignment} bytes`)
    if (type === SHT_NOBITS) bss += size
    if (type !== SHT_PROGBITS && SHARED_SECTIONS.includes(section.name))
      throw refuse(`section '${section.name}' has no bytes`)
  }
  if (bss > MAX_BSS_SIZE) throw refuse(`its variables take ${bss} bytes`)
  const table = sections.find(({ type }) => type === SHT_SYMTAB)
  const symbols = table === undefined ? [] : [...symbolEntries(header, table.bytes)]
  for (const { type, section } of symbols) {
    if (type === STT_SECTION && section >= sections.length)
      throw refuse(`a symbol stands for section ${section}, which is not there`)
  }
  for (const section of sections) {
    if (section.type === SHT_REL) checkRelocations(section, image, symbols, refuse)
    // Its parser refuses what refers to what is not there.
    else if (section.name === '.BTF') Array.from(parseBtf(section.bytes).types())
  }
  try {
    return { name, symbols: visibleSymbols(symbols, sections[table?.link ?? 0]) }
  } catch (error) {
    throw error instanceof ElfFormatError ? refuse(error.message) : error
  }
}

function checkRelocations(
  { name, bytes, info }: NamedSection,
  { header: { little }, sections }: ElfImage,
  symbols: readonly ElfSymbolEntry[],
  refuse: (problem: string) => EbpfError,
): void {
  const target = sections[info]
  if (target === undefined) throw refuse(`section '${name}' relocates section ${info}, which is not there`)
  if (/^\.(?:debug_|BTF)/.test(target.name)) return
  const view = viewOf(bytes)
  for (let at = 0; at + RELOCATION_SIZE <= bytes.length; at += RELOCATION_SIZE) {
    const offset = view.getBigUint64(at, little)
    if (offset + BigInt(INSTRUCTION_SIZE) > BigInt(target.bytes.length)) {
      throw refuse(`section '${name}' relocates byte ${offset} of ${target.bytes.length}`)
    }
    if (view.getUint32(at + (little ? 12 : 8), little) >= symbols.length) {
      throw refuse(`section '${name}' relocates to a symbol that is not there`)
    }
  }
}

function visibleSymbols(symbols: readonly ElfSymbolEntry[], strings: NamedSection | undefined): Map<string, boolean> {
  const visible = new Map<string, boolean>()
  if (strings === undefined) return visible
  const names = new ElfNames(strings.bytes, symbols.length * SYMBOL_SIZE)
  for (const { nameOffset, binding, section } of symbols) {
    const name = binding === STB_LOCAL ? undefined : names.at(nameOffset)
    if (name !== undefined) visible.set(name, section !== SHN_UNDEF)
  }
  return visible
}
