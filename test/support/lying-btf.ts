/** Objects whose BTF lies. */
import { readFileSync } from 'node:fs'
import { btfKinds } from '../../lib/btf/types.ts'
import { elfSection } from '../unit/btf/elf.ts'

/** 32-bit words behind the header of a type, without and for each of its `vlen` parts (Documentation/bpf/btf.rst). */
const WORDS: Readonly<Record<string, readonly [fixed: number, each: number]>> = {
  int: [1, 0],
  array: [3, 0],
  struct: [0, 3],
  union: [0, 3],
  enum: [0, 2],
  func_proto: [0, 2],
  var: [1, 0],
  datasec: [0, 3],
  decl_tag: [1, 0],
  enum64: [0, 3],
}

/** The bytes of an object in which a struct is said to have another size. Clang's BTF, of a little-endian host. */
export function withStructSize(object: URL, struct: string, size: number): Uint8Array {
  const file = Uint8Array.from(readFileSync(object))
  const btf = elfSection(file, '.BTF')
  const view = new DataView(btf.buffer, btf.byteOffset, btf.byteLength)
  const word = (at: number): number => view.getUint32(at, true)
  const types = word(4) + word(8)
  const strings = word(4) + word(16)
  const nameAt = (offset: number): string => {
    const start = strings + offset
    return Buffer.from(btf.subarray(start, btf.indexOf(0, start))).toString('latin1')
  }
  for (let at = types; at < types + word(12); ) {
    const info = word(at + 4)
    const kind = btfKinds[(info >>> 24) & 0x1f]!
    if (kind === 'struct' && nameAt(word(at)) === struct) {
      view.setUint32(at + 8, size, true)
      return file
    }
    const [fixed, each] = WORDS[kind] ?? [0, 0]
    at += 12 + (fixed + each * (info & 0xffff)) * 4
  }
  throw new Error(`no struct ${struct}`)
}

/** One record of line information (struct bpf_line_info of linux/bpf.h). */
export interface LineRecord {
  /** Bytes from the start of the section. */
  offset: number
  /** Offsets into the strings of the BTF. */
  file: number
  text: number
  /** The line in the upper 22 bits, the column in the lower ten. */
  place: number
}

/** The bytes of an object whose line information `edit` has changed; it gets each record, and its index in its section. */
export function withLineInfo(object: URL, edit: (record: LineRecord, index: number) => void): Uint8Array {
  const file = Uint8Array.from(readFileSync(object))
  const extension = elfSection(file, '.BTF.ext')
  const view = new DataView(extension.buffer, extension.byteOffset, extension.byteLength)
  const word = (at: number): number => view.getUint32(at, true)
  const start = word(4) + word(16)
  const size = word(start)
  for (let section = start + 4; section < start + word(20); ) {
    const first = section + 8
    const end = first + word(section + 4) * size
    for (let at = first; at < end; at += size) {
      const record = { offset: word(at), file: word(at + 4), text: word(at + 8), place: word(at + 12) }
      edit(record, (at - first) / size)
      for (const [index, value] of [record.offset, record.file, record.text, record.place].entries()) {
        view.setUint32(at + 4 * index, value, true)
      }
    }
    section = end
  }
  return file
}

/** The bytes of an object in which a string of the BTF, which is at least as long, is another one. */
export function withString(object: URL, wanted: (text: string) => boolean, text: string): Uint8Array {
  const file = Uint8Array.from(readFileSync(object))
  const btf = elfSection(file, '.BTF')
  const header = new DataView(btf.buffer, btf.byteOffset, btf.byteLength)
  const strings = btf.subarray(header.getUint32(4, true) + header.getUint32(16, true))
  for (let at = 0; at < strings.length; ) {
    const end = strings.indexOf(0, at)
    const bytes = new TextEncoder().encode(`${text}\0`)
    if (wanted(Buffer.from(strings.subarray(at, end)).toString()) && bytes.length <= end - at + 1) {
      strings.set(bytes, at)
      return file
    }
    at = end + 1
  }
  throw new Error('no such string')
}
