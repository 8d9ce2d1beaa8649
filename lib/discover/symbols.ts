/** Functions and variables of a user-space binary. */
import type { ElfBinary } from '../elf/binary.ts'
import { openDebugFile } from '../elf/debug-file.ts'
import { SHN_XINDEX, SHT_DYNSYM, SHT_SYMTAB } from '../elf/header.ts'
import { ElfNames } from '../elf/names.ts'
import {
  type ElfSymbolEntry,
  SHN_LORESERVE,
  SHN_UNDEF,
  STB_GLOBAL,
  STB_GNU_UNIQUE,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_OBJECT,
  STT_TLS,
  symbolEntries,
} from '../elf/symbols.ts'
import { symbolVersions, type VersionOf } from '../elf/versions.ts'
import type { Binary } from '../hooks/binary.ts'
import { withBinary } from './binary-file.ts'
import { inTurns, patternExpression } from './pattern.ts'

/** A function or variable of a program or library. */
export interface BinarySymbol {
  /** As the linker has it: names of C++ and Rust are mangled. */
  name: string
  /** Of a symbol that a library exports in versions, such as `GLIBC_2.17`. */
  version: string | undefined
  /** Whether programs that are linked now get this one of several versions; true without a version. */
  isDefault: boolean
  /** `indirect`: a function that gives the address of the one to call. `thread`: a variable of each thread. */
  type: 'function' | 'indirect' | 'object' | 'thread'
  binding: 'local' | 'global' | 'weak' | 'unique'
  /** `dynamic`: exported, also from stripped binaries; `static`: in the table that strip(1) removes; `debug`: in a file of its own. */
  table: 'dynamic' | 'static' | 'debug'
  /** Before the binary is moved to where it is loaded; of `thread` the offset in the memory of a thread. */
  address: bigint
  /** In the file, as uprobes take it; `undefined` for what is not in it, such as variables that begin as zeros. */
  offset: number | undefined
  /** Bytes; 0 where it is not known. */
  size: number
}

const TYPES: ReadonlyMap<number, BinarySymbol['type']> = new Map([
  [STT_FUNC, 'function'],
  [STT_GNU_IFUNC, 'indirect'],
  [STT_OBJECT, 'object'],
  [STT_TLS, 'thread'],
])

const BINDINGS: ReadonlyMap<number, BinarySymbol['binding']> = new Map([
  [STB_LOCAL, 'local'],
  [STB_GLOBAL, 'global'],
  [STB_WEAK, 'weak'],
  [STB_GNU_UNIQUE, 'unique'],
])

/**
 * Functions and variables that a program or library defines, in the order of their addresses: those that it exports, with
 * their versions, those of its other table of symbols, and, where that was stripped off, those of the debug file that belongs
 * to it (by build id or `.gnu_debuglink`, below `/usr/lib/debug` or beside it).
 *
 * A `function` of the tables `dynamic` and `static` is what `uprobe()` and `uprobeMulti()` find by name; one of `debug` is
 * attached to by its `offset`. ELF files of 32 and 64 bits and of both byte orders. Needs no privilege but to read the file.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 * @param pattern of names, with `*` and `?`
 * @throws EbpfError ERR_EBPF_INVALID_BINARY when it is no ELF file, or a broken one; ENOENT when there is none
 */
export async function listSymbols(binary: Binary, pattern: string = '*'): Promise<BinarySymbol[]> {
  const names = patternExpression(pattern)
  return await withBinary(binary, async (file) => {
    const symbols = new SymbolList(file, names)
    await symbols.add(file, SHT_DYNSYM, 'dynamic', await symbolVersions(file))
    const debug = hasTable(file, SHT_SYMTAB) ? undefined : await openDebugFile(file)
    try {
      await symbols.add(debug ?? file, SHT_SYMTAB, debug === undefined ? 'static' : 'debug')
    } finally {
      await debug?.close()
    }
    return symbols.sorted()
  })
}

function hasTable(file: ElfBinary, type: number): boolean {
  return file.sections.some((section) => section.type === type)
}

/** Else another file defines it, or it is a number, as the names of versions are. */
function isInSection({ section }: ElfSymbolEntry): boolean {
  return section !== SHN_UNDEF && (section < SHN_LORESERVE || section === SHN_XINDEX)
}

class SymbolList {
  readonly #file: ElfBinary
  readonly #names: RegExp
  readonly #symbols: BinarySymbol[] = []
  /** Names, versions and addresses, with and without the version: what is exported is in the other table, too. */
  readonly #seen = new Set<string>()

  /** @param file whose segments say where in the file addresses are */
  constructor(file: ElfBinary, names: RegExp) {
    this.#file = file
    this.#names = names
  }

  async add(
    file: ElfBinary,
    tableType: number,
    table: BinarySymbol['table'],
    versionOf: VersionOf = () => undefined,
  ): Promise<void> {
    for (const section of file.sections) {
      const strings = file.sections[section.link]
      if (section.type !== tableType || strings === undefined) continue
      const entries = await file.read(section)
      const names = new ElfNames(await file.read(strings), entries.length)
      let index = 0
      for await (const some of inTurns(symbolEntries(file.header, entries))) {
        for (const entry of some) this.#add(entry, names, table, versionOf(index++))
      }
    }
  }

  sorted(): BinarySymbol[] {
    return this.#symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  }

  #add(entry: ElfSymbolEntry, names: ElfNames, table: BinarySymbol['table'], exported: ReturnType<VersionOf>): void {
    const type = TYPES.get(entry.type)
    const binding = BINDINGS.get(entry.binding)
    if (type === undefined || binding === undefined || !isInSection(entry)) return
    const full = names.at(entry.nameOffset)
    if (full === undefined || full === '') return
    // In the table that strip removes, the version is a part of the name.
    const at = full.indexOf('@', 1)
    const name = at === -1 ? full : full.slice(0, at)
    if (!this.#names.test(name)) return
    const version = exported?.version ?? (at === -1 ? undefined : full.slice(at).replace(/^@+/, ''))
    const isDefault = exported?.isDefault ?? (at === -1 || full[at + 1] === '@')
    const { value: address, size } = entry
    const place = `${name} ${address}`
    const key = version === undefined ? place : `${place} ${version}`
    if (this.#seen.has(key)) return
    this.#seen.add(place).add(key)
    const offset = type === 'thread' ? undefined : this.#file.offsetOf(address)
    this.#symbols.push({ name, version, isDefault, type, binding, table, address, offset, size })
  }
}
