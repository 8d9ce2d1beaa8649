/** Notes of ELF files: entries with an owner, a type and bytes. */
import { SHT_NOTE, viewOf } from './header.ts'
import type { ElfBinary } from './binary.ts'

export interface ElfNote {
  readonly owner: string
  readonly type: number
  readonly description: Uint8Array
}

const HEADER_SIZE = 12

/** The notes of the sections with a name; what is cut off is left out. */
export async function notesOf(binary: ElfBinary, sectionName: string): Promise<ElfNote[]> {
  const sections = binary.sections.filter(({ type, name }) => type === SHT_NOTE && name === sectionName)
  const notes: ElfNote[] = []
  for (const section of sections) {
    for (const note of parseNotes(await binary.read(section), binary.header.little)) notes.push(note)
  }
  return notes
}

function* parseNotes(bytes: Uint8Array, little: boolean): Generator<ElfNote> {
  const view = viewOf(bytes)
  for (let at = 0; at + HEADER_SIZE <= bytes.length; ) {
    const ownerSize = view.getUint32(at, little)
    const size = view.getUint32(at + 4, little)
    const owner = at + HEADER_SIZE
    const description = owner + padded(ownerSize)
    if (description + size > bytes.length) return
    yield {
      // It ends in a NUL, which is counted.
      owner: Buffer.from(bytes.buffer, bytes.byteOffset + owner, Math.max(ownerSize - 1, 0)).toString('latin1'),
      type: view.getUint32(at + 8, little),
      description: bytes.subarray(description, description + size),
    }
    at = description + padded(size)
  }
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4
}
