/** Why the kernel did not make a map. */
import { constants, release } from 'node:os'
import { ENOTSUPP, EbpfError, errnoText, kernelError } from '../errors.ts'
import { hasKernelFunctionNow } from '../system/kernel-functions.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import type { CreateRule, KernelNeed } from './create-rules.ts'

const { EINVAL, E2BIG, EOPNOTSUPP } = constants.errno

/** What kernels answer to a type that they do not know; E2BIG to a field of its own that is set. */
const UNKNOWN_THERE: ReadonlySet<number> = new Set([-EINVAL, -E2BIG, -EOPNOTSUPP, -ENOTSUPP])

/** The error of a creation that failed; `status` is negative. */
export function creationError(status: number, type: string, map: string, { kernel, hint }: CreateRule): EbpfError {
  const context = { operation: 'bpf_map_create', map }
  const lack = kernel !== undefined && UNKNOWN_THERE.has(status) ? lackOf(type, kernel) : undefined
  if (lack !== undefined) {
    return new EbpfError(`${lack} (${context.operation}: ${errnoText(status)})`, 'ERR_EBPF_KERNEL', status, context)
  }
  return kernelError(status, UNKNOWN_THERE.has(status) ? { ...context, hint } : context)
}

function lackOf(type: string, { since, evidence, config }: KernelNeed): string | undefined {
  const found = hasKernelFunctionNow(evidence)
  const older = kernelOlderThan(since)
  if (found === true || (found === undefined && !older)) return undefined
  if (older) return `maps of type ${type} need Linux ${since}: this is ${release()}`
  const option = config === undefined ? '' : ` (${config})`
  return `maps of type ${type} are in Linux since ${since}, but this kernel, ${release()}, was built without them${option}`
}
