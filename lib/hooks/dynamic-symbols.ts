/**
 * Functions of stripped libraries. libbpf 1.7 looks for several symbols at once also in the table that `strip` removes, and
 * takes its absence for a failure (`elf_resolve_syms_offsets` of elf.c, ENOENT), so these are found here: they are few.
 */
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
/** More than any table of symbols that the dynamic linker could stand; garbage says more. */
const MAX_TABLE = 1 << 28

interface Section {
  type: number
  address: number
  offset: number
  size: number
  link: number
}

/**
 * The file offsets of functions, when the file has a table of dynamic symbols alone; `undefined` for every other file, whole
 * or broken: libbpf can find, or say, what is there.
 *
 * @throws EbpfError ENOENT when a function is not there; names it.
 */
export function dynamicFunctionOffsets(path: string, names: readonly string[]): bigint[] | undefined {
  let file: ElfFile
  try {
    file = new ElfFile(path)
  } catch {
    return undefined
  }
  let found: Map<string, number> | undefined
  try {
    found = file.dynamicFunctions(new Set(names))
  } catch {
    return undefined
  } finally {
    file.close()
  }
  return found && names.map((name) => offsetOf(found, name, path))
}

function offsetOf(found: ReadonlyMap<string, number>, name: string, path: string): bigint {
  const offset = found.get(name)
  if (offset !== undefined) return BigInt(offset)
  throw kernelError(-constants.errno.ENOENT, {
    operation: `looking for the function '${name}' in ${path}`,
    hint: 'The file is stripped: only the functions that it exports have names.',
  })
}

class ElfFile {
  readonly #fd: number
  readonly #wide: boolean
  readonly #sections: Section[]

  constructor(path: string) {
    this.#fd = openSync(path, 'r')
    try {
      const header = this.#read(0, 64)
      if (header[5] !== (endianness() === 'LE' ? 1 : 2)) throw new RangeError('the other byte order')
      this.#wide = header[4] === ELFCLASS64
      this.#sections = this.#readSections(header)
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  dynamicFunctions(names: ReadonlySet<string>): Map<string, number> | undefined {
    const table = this.#sections.find(({ type }) => type === SHT_DYNSYM)
    if (table === undefined || this.#sections.some(({ type }) => type === SHT_SYMTAB)) return undefined
    const symbols = this.#readSection(table)
    const strings = this.#readSection(this.#sections[table.link] as Section)
    const versionTable = this.#sections.find(({ type }) => type === SHT_GNU_VERSYM)
    const versions = versionTable && this.#readSection(versionTable)
    const found = new Map<string, { offset: number; rank: number }>()
    const size = this.#wide ? 24 : 16
    for (let index = 0; (index + 1) * size <= symbols.length; index++) {
      const symbol = symbols.subarray(index * size, (index + 1) * size)
      const info = symbol[this.#wide ? 4 : 12] as number
      const section = this.#sections[this.#u16(symbol, this.#wide ? 6 : 14)]
      if ((info & 0xf) !== STT_FUNC || section === undefined || section.type === 0) continue
      const start = this.#u32(symbol, 0)
      const name = strings.toString('latin1', start, strings.indexOf(0, start))
      if (!names.has(name)) continue
      const hidden = versions !== undefined && (this.#u16(versions, index * 2) & VERSYM_HIDDEN) !== 0
      const rank = (hidden ? 2 : 0) + (info >> 4 === STB_WEAK ? 1 : 0)
      const known = found.get(name)
      if (known !== undefined && known.rank <= rank) continue
      const value = this.#word(symbol, this.#wide ? 8 : 4)
      found.set(name, { offset: value - section.address + section.offset, rank })
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

  #readSection({ offset, size }: Section): Buffer {
    return this.#read(offset, size)
  }

  #read(offset: number, size: number): Buffer {
    if (size > MAX_TABLE) throw new RangeError('no such table')
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
