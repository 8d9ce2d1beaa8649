/** Types of the kernel and of its modules, as far as they are there. */
import type { Btf } from '../btf/btf.ts'
import { EbpfError } from '../errors.ts'
import { kernelBtf, moduleBtf, modulesWithBtf } from '../system/kernel-btf.ts'

/** `undefined` where the kernel was built without BTF. */
export async function kernelTypes(): Promise<Btf | undefined> {
  return await unlessAbsent(kernelBtf())
}

/** `undefined` where the module has none, or is loaded no more. */
export async function moduleTypes(name: string): Promise<Btf | undefined> {
  return await unlessAbsent(moduleBtf(name))
}

/** None where the kernel has no BTF. */
export async function typedModules(): Promise<string[]> {
  return (await unlessAbsent(modulesWithBtf())) ?? []
}

async function unlessAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    const code = error instanceof EbpfError ? error.code : undefined
    if (code === 'ERR_EBPF_KERNEL' || code === 'ERR_EBPF_UNKNOWN_NAME') return undefined
    throw error
  }
}
