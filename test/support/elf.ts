/** Where the functions of a shared library are in its file: what a probe by offset needs to know. */
import { readFileSync } from 'node:fs'

const SHT_DYNSYM = 11
const PT_LOAD = 1

/** File offset of a function of a 64-bit little-endian library, by its dynamic symbols. */
export function functionOffset(path: string, name: string): number {
  const file = readFileSync(path)
  const u64 = (offset: number): number => Number(file.readBigUInt64LE(offset))
  const sections = table(u64(0x28), file.readUInt16LE(0x3a), file.readUInt16LE(0x3c))
  const symbols = sections.find((at) => file.readUInt32LE(at + 4) === SHT_DYNSYM)
  if (symbols === undefined) throw new Error(`${path} has no dynamic symbols`)
  const strings = u64((sections[file.readUInt32LE(symbols + 0x28)] as number) + 0x18)
  for (const symbol of table(u64(symbols + 0x18), 24, u64(symbols + 0x20) / 24)) {
    const start = strings + file.readUInt32LE(symbol)
    if (file.toString('latin1', start, file.indexOf(0, start)) !== name) continue
    const address = u64(symbol + 8)
    for (const segment of table(u64(0x20), file.readUInt16LE(0x36), file.readUInt16LE(0x38))) {
      const first = u64(segment + 0x10)
      const inside = address >= first && address < first + u64(segment + 0x28)
      if (file.readUInt32LE(segment) === PT_LOAD && inside) return address - first + u64(segment + 8)
    }
  }
  throw new Error(`${path} has no function ${name}`)
}

function table(start: number, size: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => start + index * size)
}

/** The C library that this process runs with. */
export function libcPath(): string {
  const path = /\s(\/\S*libc\.so\S*|\/\S*libc-\S*\.so)$/m.exec(readFileSync('/proc/self/maps', 'latin1'))?.[1]
  if (path === undefined) throw new Error('this process has no libc')
  return path
}
