/** What in the running kernel a program was loaded for. */
import { binding } from '../binding.ts'
import { kernelBtfNow, readKernelBtf } from './kernel-btf.ts'

/** The kernel's id of the BTF object of the kernel itself; 0 where it was not found. */
let kernelObjectId: number | undefined

/** Loaded modules have BTF objects, too; the kernel's own came before the first of them. */
const MAX_ID = 1000

/**
 * Whether a type of a BTF object of the kernel is the function of this name in the kernel itself, modules left out. The first
 * call reads the kernel's BTF, some milliseconds.
 *
 * @throws EbpfError ERR_EBPF_KERNEL where the kernel has no BTF
 */
export function isKernelFunction(objectId: number, typeId: number, name: string): boolean {
  kernelObjectId ??= findKernelObject()
  return objectId === kernelObjectId && kernelBtfNow().find(name, 'func')?.id === typeId
}

/**
 * Whether the kernel itself, modules left out, has a function of this name.
 *
 * @throws EbpfError ERR_EBPF_KERNEL where the kernel has no BTF
 */
export function isFunctionOfKernel(name: string): boolean {
  return kernelBtfNow().find(name, 'func') !== undefined
}

/**
 * Whether a program of the system was loaded for this function of the kernel itself; `undefined` where this process may not
 * know it. Programs tell their function since Linux 6.0.
 *
 * @throws EbpfError ERR_EBPF_KERNEL where the kernel has no BTF
 */
export function isProgramFor(programId: number, name: string): boolean | undefined {
  const program = binding.programOpenById(programId)
  if (program < 0) return undefined
  const info = binding.programInfo(program)
  binding.programClose(program)
  if (typeof info === 'number' || info.attachBtfId === 0) return undefined
  return isKernelFunction(info.attachBtfObjectId, info.attachBtfId, name)
}

function findKernelObject(): number {
  const bytes = readKernelBtf()
  for (let id = 1; id <= MAX_ID; id++) {
    const candidate = binding.btfById(id)
    if (typeof candidate !== 'number' && Buffer.compare(candidate, bytes) === 0) return id
  }
  return 0
}
