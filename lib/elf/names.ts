/** The names of a table of an ELF file. */
import { ElfFormatError, textAt } from './header.ts'

/** Linkers let entries share names, so that all together are longer than what has them; in no real file by so much. */
const SHARING = 8

/**
 * Names by their offset in a table of strings. A broken file can name the same megabytes by each of its entries, which would fill all
 * memory.
 */
export class ElfNames {
  readonly #strings: Uint8Array
  readonly #most: number
  #length = 0

  /** @param entries bytes of the table whose entries have names */
  constructor(strings: Uint8Array, entries: number) {
    this.#strings = strings
    this.#most = SHARING * (strings.length + entries)
  }

  /**
   * `undefined` where there is none.
   *
   * @throws ElfFormatError when those that were asked for are longer than names are
   */
  at(offset: number): string | undefined {
    const name = textAt(this.#strings, offset)
    // What has no end is looked for up to the end of the table.
    this.#length += name?.length ?? Math.max(this.#strings.length - offset, 0)
    if (this.#length > this.#most) throw new ElfFormatError('its names overlap')
    return name
  }
}
