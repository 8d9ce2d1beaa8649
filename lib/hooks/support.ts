/** Why an attach or a load was refused: does this kernel have it, may this process do it? */
import { constants, release } from 'node:os'
import type { Outcome } from '../binding.ts'
import { ENOTSUPP, EbpfError, errnoText } from '../errors.ts'
import { type Names, failure, failureContext } from '../outcome.ts'
import { hasKernelFunctions } from '../system/kernel-functions.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import { forbiddenHint } from '../system/privileges.ts'
import type { HookFamily, HookedProgram, PerHook } from './family.ts'
import { type Hook, familyOf } from './hook.ts'

/** Something that a kernel has or lacks. */
export interface Feature {
  /** For messages, such as `kprobe.multi`. */
  what: string
  /** The first Linux that has it. */
  since: string
  /** Functions of the kernel that are all there exactly where it has it. */
  evidence: readonly string[]
  /** What it may be built without. */
  config: string | undefined
  /** What the kernel answers where it lacks it; whatever is plausible without it. */
  refusals?: readonly number[] | undefined
}

/** What kernels answer to what they do not know, or were built without. */
const UNKNOWN_THERE = new Set([
  constants.errno.EINVAL,
  constants.errno.EOPNOTSUPP,
  ENOTSUPP,
  constants.errno.ENOENT,
  constants.errno.ESRCH,
  constants.errno.E2BIG,
  constants.errno.ENOSYS,
  constants.errno.ENODEV,
  constants.errno.ENOPROTOOPT,
  constants.errno.EPROTONOSUPPORT,
])

/** What a hook asks of the kernel. */
export function featureOf<H extends Hook>(hook: H, program?: HookedProgram): Feature {
  return featureOfFamily(hook.kind, familyOf(hook), hook, program)
}

export function featureOfFamily<H>(what: string, family: HookFamily<H>, hook: H, program?: HookedProgram): Feature {
  const perHook = <T>(value: PerHook<H, T>): T =>
    typeof value === 'function' ? (value as (hook: H, program?: HookedProgram) => T)(hook, program) : value
  const evidence = perHook(family.evidence)
  return {
    what: perHook(family.feature) ?? what,
    since: perHook(family.since),
    evidence: evidence === undefined ? [] : typeof evidence === 'string' ? [evidence] : evidence,
    config: perHook(family.config),
    refusals: perHook(family.refusals),
  }
}

/** The error of an attach or a load that failed: with the answer to the question why, where that can be known. */
export async function attachError(outcome: Outcome<unknown>, names: Names, feature?: Feature): Promise<EbpfError> {
  if (outcome.needsLibbpf !== undefined) return failure(outcome, names)
  const errno = -outcome.errno
  if (feature !== undefined && (feature.refusals?.includes(errno) ?? UNKNOWN_THERE.has(errno))) {
    const lack = await lackOf(feature)
    if (lack !== undefined) {
      const { operation } = outcome
      const message = `${lack} (${operation}: ${errnoText(outcome.errno)})`
      return new EbpfError(
        message,
        'ERR_EBPF_KERNEL',
        outcome.errno,
        failureContext(outcome, { ...names, hint: undefined }),
      )
    }
  }
  const forbidden = errno === constants.errno.EPERM || errno === constants.errno.EACCES
  return failure(outcome, { ...names, ...(forbidden && names.hint === undefined && { hint: forbiddenHint() }) })
}

/** A sentence that says what this kernel lacks; `undefined` when it has it, or nobody can tell. */
export async function lackOf({ what, since, evidence, config }: Feature): Promise<string | undefined> {
  const found = evidence.length === 0 ? undefined : await hasKernelFunctions(evidence)
  const older = kernelOlderThan(since)
  if (found === true || (found === undefined && !older)) return undefined
  const option = config === undefined ? '' : `, with ${config}`
  return older
    ? `${what} needs Linux ${since}${option}: this is ${release()}`
    : `${what} is in Linux since ${since}, but this kernel, ${release()}, was built without it${config === undefined ? '' : ` (${config})`}`
}
