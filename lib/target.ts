/** The three ways to name something that is in the kernel already, and the end of one of them. */
import { unlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { inspectBriefly, integer, nonEmptyString } from './arguments.ts'
import type { Handle, Status } from './binding.ts'
import { invalidArgument, kernelError } from './errors.ts'
import { type Names, check, checkValue } from './outcome.ts'

/** A pin's path, an id, or a descriptor, which is duplicated. */
export type KernelTarget = string | { id: number } | { fd: number }

/** @throws EbpfError that says where pins can be, when `status` is negative. */
export function checkPin(status: Status, operation: string, path: string, names: Names): void {
  if (status >= 0) return
  const hint = `A pin is a file of a BPF file system, such as one mounted at /sys/fs/bpf, in a folder that exists: ${path}`
  throw kernelError(status, { ...names, operation, hint })
}

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

/** The native calls that tell what a pin is of. */
export interface PinCalls {
  open(path: string): Handle | Status
  info(handle: Handle): { id: number } | Status
  close(handle: Handle): Status
}

/**
 * Removes a pin, after a look at what it is of: a path is only text, and what lies there may be any file.
 *
 * @throws EbpfError ENOENT when there is none
 * @throws TypeError when it is not a pin of `what`, whose id is `id`
 */
export function removePin(path: unknown, what: string, id: number, calls: PinCalls): void {
  const pin = nonEmptyString(path, 'path')
  const opened = calls.open(pin)
  if (opened === -constants.errno.ENOENT) check(opened, `opening the pin ${pin}`, {})
  const found = opened < 0 ? undefined : checkValue(calls.info(opened), 'bpf_obj_get_info_by_fd', {}).id
  if (opened > 0) calls.close(opened)
  if (found !== id) throw invalidArgument(`path must be a pin of ${what}, which ${inspectBriefly(pin)} is not`)
  unlinkSync(pin)
}
