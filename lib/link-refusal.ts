/** What the kernel means when it refuses to update or to detach a link. */
import { constants } from 'node:os'
import type { Outcome, Status } from './binding.ts'
import type { NativeLinkInfo } from './native-hook.ts'
import { ENOTSUPP, type EbpfError, type FailureContext, invalidArgument, kernelError, ruleError } from './errors.ts'
import { linkTypeName } from './kernel-enums.ts'
import type { LinkOwner } from './link-owner.ts'
import { type Names, failure, failureContext } from './outcome.ts'

const { EINVAL, EOPNOTSUPP, EPERM, EEXIST, ESTALE } = constants.errno

/** The link types that have `update_prog` or `update_map` in the kernel, and the first Linux where they do. */
const UPDATABLE: Record<string, string> = {
  cgroup: '5.7',
  netns: '5.8',
  iter: '5.8',
  xdp: '5.9',
  struct_ops: '6.4',
  tcx: '6.6',
  netkit: '6.7',
  sockmap: '6.10',
}

const LIST = Object.entries(UPDATABLE)
  .map(([type, since]) => `${type} (Linux ${since})`)
  .join(', ')

const SAME_STRUCT =
  'Only a struct_ops map of the same struct, with the same name in it, can take its place; one that was opened, only after it was attached once.'

/** @param info of the link: a number where it is no link of the kernel */
export function updateError(
  outcome: Outcome<unknown>,
  names: Names,
  info: NativeLinkInfo | Status,
  next: LinkOwner,
  expected: LinkOwner | undefined,
): EbpfError | TypeError {
  if (outcome.needsLibbpf !== undefined) return failure(outcome, names)
  const { operation } = outcome
  const errno = -outcome.errno
  const type = typeof info === 'number' ? undefined : linkTypeName(info.type)
  if (type !== undefined && (next.kind === 'map') !== (type === 'struct_ops')) {
    const takes = next.kind === 'map' ? 'a program, not a map' : 'a struct_ops map, not a program'
    return invalidArgument(`link '${names.link}' of type ${type} takes ${takes}`)
  }
  const cannot = type === undefined || !Object.hasOwn(UPDATABLE, type)
  if (errno === EOPNOTSUPP || errno === ENOTSUPP || (errno === EINVAL && cannot)) {
    if (next.kind === 'map') return structError(type, { ...names, operation })
    const what = type === undefined ? 'an attachment that is no link of this kernel' : `a link of type ${type}`
    return ruleError('ERR_EBPF_NOT_UPDATABLE', `the kernel cannot put another program in the place of ${what}`, {
      ...names,
      operation,
      hint: `It can for ${LIST}. Attach the other program first, and close this link then.`,
    })
  }
  const hint = updateHint(errno, next, expected)
  return hint === undefined
    ? failure(outcome, names)
    : kernelError(outcome.errno, failureContext(outcome, { ...names, hint }))
}

function structError(type: string | undefined, context: FailureContext): EbpfError {
  const [what, hint] =
    type === undefined
      ? ['of SEC(".struct_ops")', 'Declare it in SEC(".struct_ops.link"), and Linux 6.4 can.']
      : ['of this struct', 'Its part of the kernel has no such operation: close the link, and attach the other map.']
  return ruleError('ERR_EBPF_NOT_UPDATABLE', `the kernel cannot put another map in the place of one ${what}`, {
    ...context,
    hint,
  })
}

function updateHint(errno: number, next: LinkOwner, expected: LinkOwner | undefined): string | undefined {
  if (expected !== undefined && [EPERM, EEXIST, ESTALE].includes(errno)) {
    return `Another ${next.kind} than '${expected.name}' is attached there.`
  }
  if (errno === EINVAL) {
    if (next.kind === 'map') return SAME_STRUCT
    return 'Only a program of the same type, loaded for the same attach type and target, can take its place.'
  }
  return errno === constants.errno.ENOLINK ? 'The link was detached: nothing is attached by it any more.' : undefined
}

export function notDetachable(outcome: Outcome<unknown>, names: Names, info: NativeLinkInfo | Status): EbpfError {
  if (![EOPNOTSUPP, ENOTSUPP, EINVAL].includes(-outcome.errno)) return failure(outcome, names)
  const hint =
    typeof info === 'number'
      ? 'It is no link of this kernel: nothing but close() detaches it.'
      : 'The kernel detaches a link of this kind when the last holder closes it, and its pins are removed.'
  return kernelError(outcome.errno, failureContext(outcome, { ...names, hint }))
}
