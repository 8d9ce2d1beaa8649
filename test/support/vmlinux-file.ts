/** A vmlinux with nothing but its types, as distributions have them in /boot or /usr/lib/debug. */

const SHT_PROGBITS = 1
const SHT_STRTAB = 3
const HEADER_SIZE = 64
const SECTION_SIZE = 64

/** A 64-bit little-endian ELF file whose section `.BTF` has these bytes. */
export function vmlinuxWith(btf: Uint8Array): Buffer {
  const names = Buffer.from('\0.BTF\0.shstrtab\0')
  const contents = Buffer.concat([names, Buffer.alloc(-names.length & 7), btf, Buffer.alloc(-btf.length & 7)])
  const header = Buffer.alloc(HEADER_SIZE)
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  const version = 1
  header.writeUInt16LE(2, 16)
  header.writeUInt16LE(62, 18)
  header.writeUInt32LE(version, 20)
  header.writeBigUInt64LE(BigInt(HEADER_SIZE + contents.length), 40)
  header.writeUInt16LE(HEADER_SIZE, 52)
  header.writeUInt16LE(SECTION_SIZE, 58)
  header.writeUInt16LE(3, 60)
  header.writeUInt16LE(2, 62)
  const btfStart = HEADER_SIZE + names.length + (-names.length & 7)
  return Buffer.concat([
    header,
    contents,
    Buffer.alloc(SECTION_SIZE),
    section(names.indexOf('.BTF'), SHT_PROGBITS, btfStart, btf.length),
    section(names.indexOf('.shstrtab'), SHT_STRTAB, HEADER_SIZE, names.length),
  ])
}

function section(name: number, type: number, start: number, size: number): Buffer {
  const bytes = Buffer.alloc(SECTION_SIZE)
  bytes.writeUInt32LE(name, 0)
  bytes.writeUInt32LE(type, 4)
  bytes.writeBigUInt64LE(BigInt(start), 24)
  bytes.writeBigUInt64LE(BigInt(size), 32)
  bytes.writeBigUInt64LE(1n, 48)
  return bytes
}
