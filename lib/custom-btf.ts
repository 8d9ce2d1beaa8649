/** Kernel BTF that loads take from a file, for machines whose kernel shows none (libbpf's `btf_custom_path`). */
import { endianness, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { inspectBriefly, nonEmptyString } from './arguments.ts'
import type { Outcome } from './binding.ts'
import { BtfFormatError } from './btf/format-error.ts'
import { EbpfError, type FailureContext, invalidArgument, kernelError, ruleError } from './errors.ts'
import { failureContext } from './outcome.ts'
import { btfByteOrder } from './system/btf-file.ts'
import { publish } from './system/logging.ts'

const WHERE_FROM =
  'a file with the BTF of exactly this kernel: BTFHub (https://github.com/aquasecurity/btfhub-archive) has those of many ' +
  'distributions, `pahole --btf_encode_detached` makes it of a vmlinux with debugging information, and `npx ebpf min-btf` leaves ' +
  'of either only what your objects need, to be shipped with them'

/** @throws TypeError unless it is a path or a file URL */
export function customBtfPath(value: unknown): string {
  if (value instanceof URL) return nonEmptyString(fileURLToPath(value), 'kernelBtfPath')
  if (typeof value === 'string') return nonEmptyString(value, 'kernelBtfPath')
  throw invalidArgument(`kernelBtfPath must be a path or a file URL, not ${inspectBriefly(value)}`)
}

/**
 * What libbpf would not notice, or say without the file's name. Waits: the options of a load that are still to be copied must
 * not change meanwhile.
 *
 * @throws EbpfError ERR_EBPF_BTF when the file has no BTF, or that of a machine of another byte order, whose layouts libbpf
 *   would take for those of this kernel; the kernel's code, such as ENOENT, when it cannot be read
 */
export function refuseCustomBtf(path: string, object: string): void {
  const context: FailureContext = {
    operation: `reading kernelBtfPath '${path}'`,
    object,
    hint: `It must be ${WHERE_FROM}.`,
  }
  let order: 'LE' | 'BE'
  try {
    order = btfByteOrder(path)
  } catch (error) {
    if (error instanceof BtfFormatError) throw unusable(path, error.message, context)
    const { errno } = error as NodeJS.ErrnoException
    throw errno === undefined ? error : kernelError(errno, context)
  }
  if (order !== endianness()) {
    const [its, own] = order === 'LE' ? ['little', 'big'] : ['big', 'little']
    throw unusable(path, `it is of a ${its}-endian machine, and this one is ${own}-endian`, context)
  }
}

function unusable(path: string, reason: string, context: FailureContext): EbpfError {
  return ruleError('ERR_EBPF_BTF', `kernelBtfPath '${path}' is no BTF of this kernel: ${reason}`, context)
}

/**
 * Why a load failed, where it is that libbpf could not make use of the kernel's types, or found none.
 *
 * @param path the load's `kernelBtfPath`
 */
export function kernelBtfError(
  outcome: Outcome<unknown>,
  object: string,
  path: string | undefined,
): EbpfError | undefined {
  if (outcome.errno === 0) return undefined
  const said = (text: string): boolean => outcome.log.some(({ message }) => message.includes(text))
  if (path !== undefined && said('failed to parse target BTF')) {
    publish(outcome.log)
    const context = failureContext(outcome, { object, hint: `It must be ${WHERE_FROM}.` })
    return unusable(path, 'libbpf cannot read it', context)
  }
  if (!said('Error loading vmlinux BTF') || !said('failed to find valid kernel BTF')) return undefined
  publish(outcome.log)
  const lack = `object '${object}' needs the types (BTF) of the running kernel, ${release()}, and there are none in ${PLACES}`
  const hint =
    path === undefined
      ? `Set kernelBtfPath to ${WHERE_FROM}. A kernel built with CONFIG_DEBUG_INFO_BTF has it in /sys/kernel/btf.`
      : 'kernelBtfPath is for CO-RE alone. Programs that attach by BTF (fentry, tp_btf, lsm, iter), struct_ops and functions of ' +
        'the kernel (__ksym) need a kernel built with CONFIG_DEBUG_INFO_BTF.'
  return new EbpfError(lack, 'ERR_EBPF_KERNEL', outcome.errno, failureContext(outcome, { object, hint }))
}

const PLACES = '/sys/kernel/btf, nor in a vmlinux in /boot, /lib/modules or /usr/lib/debug'
