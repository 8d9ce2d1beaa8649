/** Where the functions of a binary are in its file. */
import { closeSync, openSync, readSync } from 'node:fs'
import { constants, endianness } from 'node:os'
import { kernelError } from '../errors.ts'

const SHT_SYMTAB = 2
const SHT_DYNSYM = 11
const SHT_GNU_VERSYM = 0x6fff_ffff
const STT_FUNC = 2
const STB_WEAK = 2
/** A version of a symbol that the linker gives to old programs only. */
const VERSYM_HIDDEN = 0x8000
const ELFCLASS64 = 2
/** More than any table of symbols has; garbage says more. */
const MAX_TABLE = 1 << 28

/**
 * The file offsets of functions of a stripped library, else `undefined`: libbpf can find, or say, what is there. libbpf 1.7
 * looks for several symbols at once also in the table that `strip` removes, and takes its absence for a failure
 * (`elf_resolve_syms_offsets` of elf.c, ENOENT).
 *
 * @throws EbpfError ENOENT when a function is not there; names it.
 */
export function strippedFunctionOffsets(path: string, names: readonly string[]): bigint[] | undefined {
  const wanted = new Set(names)
  const found = withElf(path, (file) => {
    return file.has(SHT_SYMTAB) ? undefined : file.functions(SHT_DYNSYM, (name) => wanted.has(name))
  })
  return found && names.map((name) => offsetOf(found, name, path))
}

/** The file offsets of the functions that are wanted; of a file that is no ELF file, or broken, none. */
export function functionOffsets(path: string, isWanted: (name: string) => boolean): bigint[] {
  const found = withElf(path, (file) => {
    const dynamic = file.functions(SHT_DYNSYM, isWanted)
    return new Map([...(dynamic ?? []), ...(file.functions(SHT_SYMTAB, isWanted) ?? [])])
  })
  return [...new Set(found?.values())].map(BigInt)
}

function withElf<T>(path: string, read: (file: ElfFile) => T): T | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    return read(new ElfFile(fd))
  } catch (error) {
    // Tables that are not where the file says.
    if (error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  } finally {
    closeSync(fd)
  }
}

function offsetOf(found: ReadonlyMap<string, number>, name: string, path: string): bigint {
  const offset = found.get(name)
  if (offset !== undefined) return BigInt(offset)
  throw kernelError(-constants.errno.ENOENT, {
    operation: `looking for the function '${name}' in ${path}`,
    hint: 'The file is stripped: only the functions that it exports have names.',
  })
}

interface Section {
  type: number
  address: number
  offset: number
  size: number
  link: number
}

class ElfFile {
  readonly #fd: number
  readonly #wide: boolean
  readonly #sections: Section[]

  constructor(fd: number) {
    this.#fd = fd
    const header = this.#read(0, 64)
    if (header[5] !== (endianness() === 'LE' ? 1 : 2)) throw new RangeError('the other byte order')
    this.#wide = header[4] === ELFCLASS64
    this.#sections = this.#readSections(header)
  }

  has(type: number): boolean {
    return this.#sections.some((section) => section.type === type)
  }

  /** File offsets by name; of several versions of a function the one that new programs are linked to. */
  functions(type: number, isWanted: (name: string) => boolean): Map<string, number> | undefined {
    const table = this.#sections.find((section) => section.type === type)
    if (table === undefined) return undefined
    const symbols = this.#readSection(table)
    const strings = this.#readSection(this.#section(table.link))
    const versions = type === SHT_DYNSYM ? this.#sections.find((section) => section.type === SHT_GNU_VERSYM) : undefined
    const versionOf = versions && this.#readSection(versions)
    const found = new Map<string, { offset: number; rank: number }>()
    const size = this.#wide ? 24 : 16
    for (let index = 0; (index + 1) * size <= symbols.length; index++) {
      const symbol = symbols.subarray(index * size, (index + 1) * size)
      const info = symbol[this.#wide ? 4 : 12] as number
      const section = this.#sections[this.#u16(symbol, this.#wide ? 6 : 14)]
      if ((info & 0xf) !== STT_FUNC || section === undefined || section.type === 0) continue
      const start = this.#u32(symbol, 0)
      const name = strings.toString('latin1', start, strings.indexOf(0, start))
      if (!isWanted(name)) continue
      const hidden = versionOf !== undefined && (this.#u16(versionOf, index * 2) & VERSYM_HIDDEN) !== 0
      const rank = (hidden ? 2 : 0) + (info >> 4 === STB_WEAK ? 1 : 0)
      const known = found.get(name)
      if (known !== undefined && known.rank <= rank) continue
      found.set(name, { offset: this.#word(symbol, this.#wide ? 8 : 4) - section.address + section.offset, rank })
    }
    return new Map([...found].map(([name, { offset }]) => [name, offset]))
  }

  #readSections(header: Buffer): Section[] {
    const wide = this.#wide
    const offset = this.#word(header, wide ? 0x28 : 0x20)
    const entry = this.#u16(header, wide ? 0x3a : 0x2e)
    const count = this.#u16(header, wide ? 0x3c : 0x30)
    const table = this.#read(offset, entry * count)
    return Array.from({ length: count }, (_, index) => {
      const section = table.subarray(index * entry, (index + 1) * entry)
      return {
        type: this.#u32(section, 4),
        address: this.#word(section, wide ? 0x10 : 0x0c),
        offset: this.#word(section, wide ? 0x18 : 0x10),
        size: this.#word(section, wide ? 0x20 : 0x14),
        link: this.#u32(section, wide ? 0x28 : 0x18),
      }
    })
  }

  #section(index: number): Section {
    const section = this.#sections[index]
    if (section === undefined) throw new RangeError('no such section')
    return section
  }

  #readSection({ offset, size }: Section): Buffer {
    return this.#read(offset, size)
  }

  #read(offset: number, size: number): Buffer {
    if (size > MAX_TABLE || offset > Number.MAX_SAFE_INTEGER) throw new RangeError('no such table')
    const bytes = Buffer.alloc(size)
    if (readSync(this.#fd, bytes, 0, size, offset) !== size) throw new RangeError('the file ends')
    return bytes
  }

  #word(bytes: Buffer, offset: number): number {
    if (!this.#wide) return this.#u32(bytes, offset)
    return Number(endianness() === 'LE' ? bytes.readBigUInt64LE(offset) : bytes.readBigUInt64BE(offset))
  }

  #u32(bytes: Buffer, offset: number): number {
    return endianness() === 'LE' ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset)
  }

  #u16(bytes: Buffer, offset: number): number {
    return endianness() === 'LE' ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset)
  }
}
