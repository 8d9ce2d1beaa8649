import { fileURLToPath } from 'node:url'
import { nonEmptyString } from './arguments.ts'
import type { Btf } from './btf/btf.ts'
import { BtfFormatError } from './btf/format-error.ts'
import { parseBtf } from './btf/parse.ts'
import { readBtfFile } from './system/btf-file.ts'

/**
 * The types in a file: BTF as the kernel shows it, of another machine or from an archive of such files, or an ELF file with a section
 * `.BTF`, such as a kernel's `vmlinux`.
 *
 * @throws BtfFormatError when there is none, or it is malformed
 * @throws the error of `fs.open`, such as ENOENT with the path
 */
export async function readBtf(file: string | URL): Promise<Btf> {
  const path = file instanceof URL ? fileURLToPath(file) : nonEmptyString(file, 'file')
  return BtfFormatError.inFile(path, () => parseBtf(readBtfFile(path), { owned: true }))
}
