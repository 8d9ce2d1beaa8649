/** Just enough of ELF to find the sections of an object file by their names. */
import { type EbpfError, ruleError } from '../errors.ts'

const headerSize = 64
const sectionHeaderSize = 64
/** Sections without bytes in the file, such as `.bss`. */
const SHT_NOBITS = 8
const ELFCLASS64 = 2
/** The number of sections, or the index of their names, is in the first section's header. */
const SHN_XINDEX = 0xffff

/** What an object file holds under a name. */
export type ElfSections = ReadonlyMap<string, Uint8Array>

/**
 * The sections of a 64-bit ELF file of either byte order, as parts of the same memory; the first of each name.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT if the bytes are no such file, or cut off
 */
export function elfSections(file: Uint8Array): ElfSections {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.byteLength < headerSize || view.getUint32(0) !== 0x7f454c46) throw elfError('it is not an ELF file')
  if (view.getUint8(4) !== ELFCLASS64) throw elfError('it is not a 64-bit ELF file, as BPF objects are')
  const little = view.getUint8(5) === 1

  const range = (start: number, size: number, what: string): Uint8Array => {
    if (start + size > file.byteLength) {
      throw elfError(`${what} claims bytes ${start} to ${start + size} of ${file.byteLength}`)
    }
    return file.subarray(start, start + size)
  }
  const table = offset(view, 40, little)
  const header = (index: number): { name: number; type: number; start: number; size: number; link: number } => {
    const at = table + index * sectionHeaderSize
    range(at, sectionHeaderSize, `the header of section ${index}`)
    return {
      name: view.getUint32(at, little),
      type: view.getUint32(at + 4, little),
      start: offset(view, at + 24, little),
      size: offset(view, at + 32, little),
      link: view.getUint32(at + 40, little),
    }
  }

  const sections = new Map<string, Uint8Array>()
  if (table === 0) return sections
  const storedCount = view.getUint16(60, little)
  const count = storedCount === 0 ? header(0).size : storedCount
  const storedNames = view.getUint16(62, little)
  const names = header(storedNames === SHN_XINDEX ? header(0).link : storedNames)
  const text = Buffer.from(range(names.start, names.size, 'the table of section names'))
  for (let index = 1; index < count; index++) {
    const { name, type, start, size } = header(index)
    const end = text.indexOf(0, name)
    if (name >= text.length || end === -1) throw elfError(`section ${index} has no name`)
    const label = text.toString('utf8', name, end)
    if (type !== SHT_NOBITS && !sections.has(label)) sections.set(label, range(start, size, `section ${label}`))
  }
  return sections
}

/** Larger ones than a file can have are cut off: they are found to be too large anyway. */
function offset(view: DataView, at: number, little: boolean): number {
  return Math.min(Number(view.getBigUint64(at, little)), Number.MAX_SAFE_INTEGER / 4)
}

function elfError(problem: string): EbpfError {
  return ruleError('ERR_EBPF_INVALID_OBJECT', `unreadable object file: ${problem}`, { operation: 'read ELF' })
}
