/** The entries of an ELF file's tables of symbols. */
import { type ElfHeader, offsetAt, viewOf } from './header.ts'

export interface ElfSymbolEntry {
  /** Offset in the table of strings. */
  readonly nameOffset: number
  /** `STT_FUNC` and so on. */
  readonly type: number
  /** `STB_GLOBAL` and so on. */
  readonly binding: number
  /** Index of the section that it is defined in; {@link SHN_UNDEF} for what another file defines. */
  readonly section: number
  readonly value: bigint
  readonly size: number
}

export const STB_LOCAL = 0
export const STB_GLOBAL = 1
export const STB_WEAK = 2
/** As `STB_GLOBAL`, and one for the whole process, in whatever libraries it is defined. */
export const STB_GNU_UNIQUE = 10
export const STT_OBJECT = 1
export const STT_FUNC = 2
export const STT_SECTION = 3
/** A variable that each thread has its own of. */
export const STT_TLS = 6
/** A function that gives the address of the one to call, such as `memcpy`. */
export const STT_GNU_IFUNC = 10
export const SHN_UNDEF = 0
/** From here on indices mean something else than a section. */
export const SHN_LORESERVE = 0xff00

const WIDE_SIZE = 24
const NARROW_SIZE = 16

/** Each whole entry of a table, by index. */
export function* symbolEntries({ wide, little }: ElfHeader, table: Uint8Array): Generator<ElfSymbolEntry> {
  const view = viewOf(table)
  const entrySize = wide ? WIDE_SIZE : NARROW_SIZE
  for (let at = 0; at + entrySize <= table.byteLength; at += entrySize) {
    const info = view.getUint8(at + (wide ? 4 : 12))
    yield {
      nameOffset: view.getUint32(at, little),
      type: info & 0xf,
      binding: info >>> 4,
      section: view.getUint16(at + (wide ? 6 : 14), little),
      value: wide ? view.getBigUint64(at + 8, little) : BigInt(view.getUint32(at + 4, little)),
      size: wide ? offsetAt(view, at + 16, little) : view.getUint32(at + 8, little),
    }
  }
}
