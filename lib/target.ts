/** The three ways to name something that is in the kernel already. */
import { inspectBriefly, integer, nonEmptyString } from './arguments.ts'
import type { Handle, Status } from './binding.ts'
import { invalidArgument } from './errors.ts'
import { check } from './outcome.ts'

/** A pin's path, an id, or a descriptor, which is duplicated. */
export type KernelTarget = string | { id: number } | { fd: number }

/** The native calls for one noun, with the kernel's names of them. */
export interface TargetCalls {
  noun: string
  byPath(path: string): Handle | Status
  byId(id: number): Handle | Status
  byFd(fd: number): Handle | Status
}

/**
 * @throws EbpfError with the kernel's code, such as ENOENT
 * @throws TypeError when `target` is none of the three
 */
export function openTarget(target: KernelTarget, calls: TargetCalls): Handle {
  const { noun } = calls
  if (typeof target === 'string') {
    const path = nonEmptyString(target, 'path')
    return check(calls.byPath(path), `opening ${noun} ${path}`, {})
  }
  if (typeof target === 'object' && target !== null) {
    if ('id' in target) {
      const id = integer(target.id, 'id', 0, 0xffff_ffff)
      return check(calls.byId(id), `opening ${noun} with id ${id}`, {})
    }
    if ('fd' in target) {
      const fd = integer(target.fd, 'fd', 0, 0x7fff_ffff)
      return check(calls.byFd(fd), `opening descriptor ${fd} as ${noun}`, {})
    }
  }
  throw invalidArgument(`target must be a path, { id } or { fd }, not ${inspectBriefly(target)}`)
}
