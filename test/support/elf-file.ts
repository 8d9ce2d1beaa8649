/** ELF files (64 bits, little-endian) that no linker would write. */

export interface WrittenSection {
  /** Offset in the names, which the first section holds. */
  name?: number
  type: number
  link?: number
  /** Bytes, or the index of the section whose bytes these are. */
  data: Uint8Array | number
}

export interface WrittenFile {
  /** `e_type` and `e_machine`. */
  kind?: [type: number, machine: number]
  /** The first has the names of all. */
  sections: readonly WrittenSection[]
  /** Segments of a byte of memory each, `PT_LOAD`. */
  segments?: number
}

const HEADER = 64
const SECTION = 64
const SEGMENT = 56

export function elfFile({ kind = [3, 62], sections, segments = 0 }: WrittenFile): Uint8Array {
  const places: { start: number; size: number }[] = []
  let end = HEADER + segments * SEGMENT
  for (const { data } of sections) {
    const shared = typeof data === 'number' ? places[data] : undefined
    places.push(shared ?? { start: end, size: (data as Uint8Array).length })
    if (typeof data !== 'number') end += data.length
  }
  const file = Buffer.alloc(end + SECTION * (sections.length + 1))
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(kind[0], 16)
  file.writeUInt16LE(kind[1], 18)
  file.writeBigUInt64LE(BigInt(segments > 0 ? HEADER : 0), 32)
  file.writeBigUInt64LE(BigInt(end), 40)
  const [sectionCount, segmentCount] = [sections.length + 1, segments]
  for (const [index, value] of [HEADER, SEGMENT, segmentCount, SECTION, sectionCount, 1].entries()) {
    file.writeUInt16LE(value, 52 + 2 * index)
  }
  for (let index = 0; index < segments; index++) {
    const at = HEADER + index * SEGMENT
    file.writeUInt32LE(1, at)
    file.writeBigUInt64LE(BigInt(index), at + 16)
    file.writeBigUInt64LE(1n, at + 32)
  }
  for (const [index, { name = 0, type, link = 0, data }] of sections.entries()) {
    const at = end + SECTION * (index + 1)
    const { start, size } = places[index] as { start: number; size: number }
    file.writeUInt32LE(name, at)
    file.writeUInt32LE(type, at + 4)
    file.writeBigUInt64LE(BigInt(start), at + 24)
    file.writeBigUInt64LE(BigInt(size), at + 32)
    file.writeUInt32LE(link, at + 40)
    if (typeof data !== 'number') file.set(data, start)
  }
  return file
}

/** Global functions whose names begin at these offsets. */
export function symbolTable(names: readonly number[], address: (index: number) => bigint = BigInt): Uint8Array {
  const table = Buffer.alloc(24 * names.length)
  for (const [index, name] of names.entries()) {
    table.writeUInt32LE(name, 24 * index)
    table.writeUInt8(0x12, 24 * index + 4)
    table.writeUInt16LE(1, 24 * index + 6)
    table.writeBigUInt64LE(address(index), 24 * index + 8)
  }
  return table
}

/** A note as static probes are. */
export function note(owner: string, type: number, description: Uint8Array): Uint8Array {
  const name = owner === '' ? '' : `${owner}\0`
  const padded = (size: number): number => Math.ceil(size / 4) * 4
  const bytes = Buffer.alloc(12 + padded(name.length) + padded(description.length))
  bytes.writeUInt32LE(name.length, 0)
  bytes.writeUInt32LE(description.length, 4)
  bytes.writeUInt32LE(type, 8)
  bytes.write(name, 12, 'latin1')
  bytes.set(description, 12 + padded(name.length))
  return bytes
}
