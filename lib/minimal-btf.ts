import type { Btf } from './btf/btf.ts'
import { minimalTypes } from './btf/minimal.ts'
import { objectBtf } from './object-btf.ts'
import type { ObjectSource } from './source.ts'

/**
 * What objects need of a kernel's BTF to be loaded on that kernel, as `bpftool gen min_core_btf` gives it: some kilobytes that can be
 * shipped for kernels which have no BTF themselves, and named by `kernelBtfPath` when the objects are loaded there.
 *
 * @param kernel the BTF of the kernel that they are to run on: from `kernelBtf()`, or of a file, from `readBtf()`
 * @returns a BTF file
 * @throws EbpfError ERR_EBPF_NO_BTF when an object has none
 */
export async function minimalBtf(kernel: Btf, objects: readonly ObjectSource[]): Promise<Uint8Array> {
  return minimalTypes(kernel, await Promise.all(objects.map((object) => objectBtf(object))))
}
