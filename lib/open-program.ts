import { binding } from './binding.ts'
import { programTypeName } from './kernel-enums.ts'
import { checkValue } from './outcome.ts'
import { BpfProgram } from './program.ts'
import { type KernelTarget, openTarget } from './target.ts'

/**
 * Opens a program that is in the kernel already, to look at it, run it on test input, pin it, or attach it by a hook. By
 * id needs CAP_SYS_ADMIN, Linux 4.13.
 *
 * @throws EbpfError ENOENT when there is none
 */
export function openProgram(target: KernelTarget): BpfProgram {
  const handle = openTarget(target, {
    noun: 'program',
    byPath: binding.programOpenByPath,
    byId: binding.programOpenById,
    byFd: binding.programOpenByFd,
  })
  try {
    const { name, type } = checkValue(binding.programInfo(handle), 'bpf_prog_get_info_by_fd', {})
    return new BpfProgram(handle, { name, type: programTypeName(type), section: '' })
  } catch (error) {
    binding.programClose(handle)
    throw error
  }
}
