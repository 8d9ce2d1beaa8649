/** Variables that hold addresses of others. */
import { ElfFormatError, SHT_REL, SHT_SYMTAB, viewOf } from '../elf/header.ts'
import { ElfNames } from '../elf/names.ts'
import { objectImage } from '../elf/sections.ts'
import { STT_OBJECT, symbolEntries } from '../elf/symbols.ts'

const RELOCATION_SIZE = 16

/**
 * The variables of an object whose value has an address in it, such as `const char *names[] = { "a", "b" }`. Only instructions
 * and what defines maps and struct_ops are relocated when an object is loaded (`bpf_object__elf_collect`, libbpf.c): such an address
 * stays 0, silently.
 *
 * @returns their names; `''` for what has none
 */
export function unfilledPointers(object: Uint8Array): string[] {
  const { header, sections } = objectImage(object)
  const table = sections.find(({ type }) => type === SHT_SYMTAB)
  if (table === undefined) return []
  const variables = [...symbolEntries(header, table.bytes)].filter(({ type }) => type === STT_OBJECT)
  const strings = sections[table.link]
  if (strings === undefined) throw new ElfFormatError('its symbols have no names')
  const names = new ElfNames(strings.bytes, table.bytes.length)
  const found = new Set<string>()
  for (const { type, info, bytes } of sections) {
    if (type !== SHT_REL || !/^\.(ro)?data(\.|$)/.test(sections[info]?.name ?? '')) continue
    const view = viewOf(bytes)
    for (let at = 0; at + RELOCATION_SIZE <= bytes.length; at += RELOCATION_SIZE) {
      const offset = view.getBigUint64(at, header.little)
      const variable = variables.find(
        ({ section, value, size }) => section === info && value <= offset && offset < value + BigInt(size),
      )
      found.add(variable === undefined ? '' : (names.at(variable.nameOffset) ?? ''))
    }
  }
  return [...found]
}
