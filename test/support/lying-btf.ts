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
