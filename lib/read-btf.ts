import { readFile } from 'node:fs/promises'
import type { Btf } from './btf/btf.ts'
import { parseBtf } from './btf/parse.ts'
import { objectBtf } from './object-btf.ts'

/**
 * The types in a file: BTF as the kernel shows it, of another machine or from an archive of such files, or an ELF file with a section
 * `.BTF`, such as a kernel's `vmlinux`.
 *
 * @throws BtfFormatError when it is malformed; EbpfError ERR_EBPF_NO_BTF for an ELF file without BTF
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
export async function readBtf(file: string | URL): Promise<Btf> {
  const bytes = await readFile(file)
  const isElf = bytes.length > 4 && bytes.readUInt32BE(0) === 0x7f45_4c46
  return isElf ? (await objectBtf(bytes)).btf : parseBtf(bytes, { owned: true })
}
