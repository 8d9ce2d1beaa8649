/** Descriptors that a hook names: of a folder, a device or a socket. */
import { closeSync, constants, openSync } from 'node:fs'
import { inspectBriefly, integer, nonEmptyString } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'

/** A path, or an open descriptor, which stays the caller's. */
export type PathOrDescriptor = string | { fd: number }

/** A descriptor for one native call. */
export interface OpenedDescriptor {
  fd: number
  release(): void
}

/** @throws TypeError or RangeError when it cannot be a path or a descriptor. */
export function checkPathOrDescriptor(target: PathOrDescriptor, argument: string): PathOrDescriptor {
  if (typeof target === 'string') return nonEmptyString(target, argument)
  if (typeof target === 'object' && target !== null && 'fd' in target) {
    return { fd: descriptor(target.fd, `${argument}.fd`) }
  }
  throw invalidArgument(`${argument} must be a path or { fd }, not ${inspectBriefly(target)}`)
}

/** @throws the error of `fs.openSync` when the path cannot be opened; hook.ts says for which hook. */
export function openDescriptor(target: PathOrDescriptor, argument: string, folder: boolean): OpenedDescriptor {
  const checked = checkPathOrDescriptor(target, argument)
  if (typeof checked !== 'string') return { fd: checked.fd, release() {} }
  const fd = openSync(checked, constants.O_RDONLY | (folder ? constants.O_DIRECTORY : 0))
  return { fd, release: () => closeSync(fd) }
}

/** What of it can be shown in a message. */
export function describeDescriptor(target: PathOrDescriptor): string {
  return typeof target === 'string' ? target : `fd ${target.fd}`
}

/** @throws TypeError or RangeError unless `value` can be a descriptor. */
export function descriptor(value: unknown, argument: string): number {
  return integer(value, argument, 0, 0x7fff_ffff)
}
