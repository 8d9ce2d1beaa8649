/** Types of the running kernel itself. */
import { readFileSync } from 'node:fs'
import { binding } from '../binding.ts'
import type { Btf } from '../btf/btf.ts'
import { parseBtf } from '../btf/parse.ts'

interface KernelBtf {
  /** The kernel's id of this BTF object. */
  id: number
  btf: Btf
}

let known: KernelBtf | undefined

/** Loaded modules have theirs, too; the kernel's own came before the first of them. */
const MAX_ID = 1000

/**
 * Whether a type of a BTF object of the kernel is the function of this name in the kernel itself, modules left out. The first
 * call reads the kernel's BTF, some milliseconds.
 *
 * @throws the error of the file system where the kernel has no BTF
 */
export function isKernelFunction(objectId: number, typeId: number, name: string): boolean {
  known ??= readKernelBtf()
  return objectId === known.id && known.btf.find(name, 'func')?.id === typeId
}

/**
 * Whether the kernel itself, modules left out, has a function of this name.
 *
 * @throws the error of the file system where the kernel has no BTF
 */
export function isFunctionOfKernel(name: string): boolean {
  known ??= readKernelBtf()
  return known.btf.find(name, 'func') !== undefined
}

/**
 * Whether a program of the system was loaded for this function of the kernel itself; `undefined` where this process may not
 * know it. Programs tell their function since Linux 6.0.
 *
 * @throws the error of the file system where the kernel has no BTF
 */
export function isProgramFor(programId: number, name: string): boolean | undefined {
  const program = binding.programOpenById(programId)
  if (program < 0) return undefined
  const info = binding.programInfo(program)
  binding.programClose(program)
  if (typeof info === 'number' || info.attachBtfId === 0) return undefined
  return isKernelFunction(info.attachBtfObjectId, info.attachBtfId, name)
}

function readKernelBtf(): KernelBtf {
  const bytes = readFileSync('/sys/kernel/btf/vmlinux')
  for (let id = 1; id <= MAX_ID; id++) {
    const candidate = binding.btfById(id)
    if (typeof candidate !== 'number' && Buffer.compare(candidate, bytes) === 0) return { id, btf: parseBtf(bytes) }
  }
  return { id: 0, btf: parseBtf(bytes) }
}
