import { allocateMemory, type Memory } from './memory.ts'
import { readText, textCacheSlots } from './text.ts'

/** A string that columns have had, and its index in those that are being made. */
interface Entry {
  readonly text: string
  /** The dictionary that `index` is of. */
  texts: string[]
  index: number
}

/** Strings remembered from batch to batch: the same few names come again and again. */
const maxRemembered = 4096

/** The different strings of a column, each once, in the order in which they came. */
export class TextDictionary {
  /** Belongs to whoever gets the column. */
  texts: string[] = []
  readonly #entries = new Map<string, Entry>()

  /** Starts the dictionary of another column. */
  reset(): void {
    this.texts = []
    // Not in the middle of a column: a string would be there twice.
    if (this.#entries.size > maxRemembered) this.forget()
  }

  protected forget(): void {
    this.#entries.clear()
  }

  /** The index of a string, which is added unless it is there. */
  index(text: string): number {
    return this.indexOf(this.entry(text))
  }

  protected entry(text: string): Entry {
    let entry = this.#entries.get(text)
    if (entry === undefined) {
      entry = { text, texts: [], index: 0 }
      this.#entries.set(text, entry)
    }
    return entry
  }

  protected indexOf(entry: Entry): number {
    if (entry.texts !== this.texts) {
      entry.texts = this.texts
      entry.index = this.texts.push(entry.text) - 1
    }
    return entry.index
  }
}

/** The same for strings of one short size, found by their 4-byte words as those of a {@link TextCache}. */
export class WordDictionary extends TextDictionary {
  /** The words of each slot's string, one slot after the other. */
  readonly keys: Int32Array
  /** The index of each slot's string in this column; -1 where it was not there yet. */
  readonly indexes: Int32Array = new Int32Array(textCacheSlots)
  readonly #slots: Entry[]
  readonly #copy: Memory

  /** @param size of the strings in bytes: a multiple of 4. */
  constructor(size: number) {
    super()
    this.keys = new Int32Array((textCacheSlots * size) / 4)
    this.#slots = new Array<Entry>(textCacheSlots).fill(this.entry(''))
    this.#copy = allocateMemory(size)
  }

  override reset(): void {
    super.reset()
    this.indexes.fill(-1)
  }

  protected override forget(): void {
    super.forget()
    this.keys.fill(0)
    this.#slots.fill(this.entry(''))
  }

  /** The index of a slot's string, which was not in this column yet. */
  first(slot: number): number {
    const index = this.indexOf(this.#slots[slot]!)
    this.indexes[slot] = index
    return index
  }

  /** The same for the text at byte `at`, a multiple of 4, which takes the slot. */
  miss({ i32 }: Memory, at: number, slot: number): number {
    const { i32: copy, u8 } = this.#copy
    for (let word = 0; word < copy.length; word++) copy[word] = i32[(at >>> 2) + word]!
    this.#slots[slot] = this.entry(readText(this.#copy, 0, u8.length))
    this.keys.set(copy, slot * copy.length)
    return this.first(slot)
  }
}
