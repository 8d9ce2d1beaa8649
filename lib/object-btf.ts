import type { Btf } from './btf/btf.ts'
import { elfSections } from './elf/sections.ts'
import { type CoreRelocation, type FunctionInfo, type LineInfo, parseBtfExtension } from './btf/extension.ts'
import { BtfFormatError } from './btf/format-error.ts'
import { parseBtf } from './btf/parse.ts'
import { ruleError } from './errors.ts'
import { type ObjectSource, readImage } from './source.ts'

/** What an object file tells of its types and its source. */
export interface ObjectBtf {
  readonly btf: Btf
  /** Where functions start, by section and offset. */
  readonly functions: readonly FunctionInfo[]
  /** Where the code of each line of the source starts, by section and offset. */
  readonly lines: readonly LineInfo[]
  /** What the loader adapts to the running kernel (CO-RE). */
  readonly relocations: readonly CoreRelocation[]
}

/**
 * The types of an object file, and what its `.BTF.ext` says of its instructions. Needs no privilege and no kernel.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when it is no ELF file, ERR_EBPF_NO_BTF when it has no BTF
 * @throws BtfFormatError when that is malformed
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
export async function objectBtf(source: ObjectSource): Promise<ObjectBtf> {
  const { bytes, name } = await readImage(source)
  const sections = elfSections(bytes, name)
  const section = sections.get('.BTF')
  if (section === undefined) {
    throw ruleError('ERR_EBPF_NO_BTF', `object '${name}' has no BTF`, {
      operation: 'read BTF',
      object: name,
      hint: 'Compile it with -g, and do not strip it of .BTF (llvm-strip -g keeps it).',
    })
  }
  return BtfFormatError.inFile(name, () => {
    const btf = parseBtf(section)
    const extension = sections.get('.BTF.ext')
    const known = extension === undefined ? undefined : parseBtfExtension(extension, btf)
    return { btf, functions: known?.functions ?? [], lines: known?.lines ?? [], relocations: known?.relocations ?? [] }
  })
}
