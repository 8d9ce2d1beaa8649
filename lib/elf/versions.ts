/** Versions of symbols, such as `GLIBC_2.17`. */
import type { ElfBinary } from './binary.ts'
import { viewOf } from './header.ts'
import { ElfNames } from './names.ts'

export interface SymbolVersion {
  readonly version: string
  /** The one that a program gets that is linked now: `name@@VERSION`. */
  readonly isDefault: boolean
}

const SHT_GNU_VERDEF = 0x6ffffffd
const SHT_GNU_VERNEED = 0x6ffffffe
const SHT_GNU_VERSYM = 0x6fffffff
/** Of a symbol that is only there for programs that were linked when its version was new. */
const HIDDEN = 0x8000
/** Up to here indices say that there is no version. */
const LAST_WITHOUT = 1
/** `Elf64_Verdef`, and `Elf64_Verneed` as well as `Elf64_Vernaux`: the same in 32-bit files. */
const DEFINITION_SIZE = 20
const NEED_SIZE = 16

/** The version of the dynamic symbol with an index; `undefined` where it has none. */
export type VersionOf = (index: number) => SymbolVersion | undefined

export async function symbolVersions(binary: ElfBinary): Promise<VersionOf> {
  const { little } = binary.header
  const table = binary.sections.find(({ type }) => type === SHT_GNU_VERSYM)
  if (table === undefined) return () => undefined
  const names = new Map<number, string>()
  let count = 0
  for (const section of binary.sections) {
    const strings = binary.sections[section.link]
    const namesOf = section.type === SHT_GNU_VERDEF ? definedVersions : neededVersions
    if ((section.type !== SHT_GNU_VERDEF && section.type !== SHT_GNU_VERNEED) || strings === undefined) continue
    const entries = await binary.read(section)
    const text = new ElfNames(await binary.read(strings), entries.length)
    for (const { index, nameOffset } of namesOf(viewOf(entries), little)) {
      // There are no more indices: a list that goes on refers to the same names again and again.
      if (++count > HIDDEN) break
      const name = text.at(nameOffset)
      if (index > LAST_WITHOUT && name !== undefined) names.set(index, name)
    }
  }
  const indices = viewOf(await binary.read(table))
  return (index) => {
    if (2 * index + 2 > indices.byteLength) return undefined
    const entry = indices.getUint16(2 * index, little)
    const version = names.get(entry & ~HIDDEN)
    return version === undefined ? undefined : { version, isDefault: (entry & HIDDEN) === 0 }
  }
}

interface VersionName {
  readonly index: number
  readonly nameOffset: number
}

/** In all these lists the next entry is further on, so they end. */
function* definedVersions(view: DataView, little: boolean): Generator<VersionName> {
  for (let at = 0; at + DEFINITION_SIZE <= view.byteLength; ) {
    const name = at + view.getUint32(at + 12, little)
    if (name + 8 <= view.byteLength) {
      yield { index: view.getUint16(at + 4, little), nameOffset: view.getUint32(name, little) }
    }
    const next = view.getUint32(at + 16, little)
    if (next === 0) return
    at += next
  }
}

/** Of variables of libraries that a program has a copy of, such as `stdout`. */
function* neededVersions(view: DataView, little: boolean): Generator<VersionName> {
  for (let at = 0; at + NEED_SIZE <= view.byteLength; ) {
    for (let name = at + view.getUint32(at + 8, little); name + NEED_SIZE <= view.byteLength; ) {
      yield { index: view.getUint16(name + 6, little) & ~HIDDEN, nameOffset: view.getUint32(name + 8, little) }
      const next = view.getUint32(name + 12, little)
      if (next === 0) break
      name += next
    }
    const next = view.getUint32(at + 12, little)
    if (next === 0) return
    at += next
  }
}
