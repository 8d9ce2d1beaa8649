/** Network namespaces: an interface name means nothing without one. */
import { closeSync, lstatSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { inspectBriefly, integer, nonEmptyString } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'

/** A path such as `/run/netns/blue`, the pid of a process in it, or an open descriptor of it. */
export type NetworkNamespace = string | { pid: number } | { fd: number }

export interface OpenedNetworkNamespace {
  /** -1: the process's own. */
  fd: number
  /** Where it can be opened again for as long as it lives; not for what goes with a process or a descriptor. */
  path?: string
  release(): void
}

/** @throws TypeError or RangeError unless it is a path, `{ pid }` or `{ fd }`. */
export function checkNetworkNamespace(netns: unknown): NetworkNamespace {
  if (typeof netns === 'string') return nonEmptyString(netns, 'netns')
  if (typeof netns === 'object' && netns !== null) {
    if ('fd' in netns) return { fd: integer(netns.fd, 'netns.fd', 0, 0x7fff_ffff) }
    if ('pid' in netns) return { pid: integer(netns.pid, 'netns.pid', 1, 0x7fff_ffff) }
  }
  throw invalidArgument(`netns must be a path, { pid } or { fd }, not ${inspectBriefly(netns)}`)
}

/**
 * Opens `/proc/<pid>/ns/net` or the path; a descriptor given by the caller is used as it is, and stays the caller's.
 *
 * @throws the error of `fs.openSync` when there is no such namespace.
 */
export function openNetworkNamespace(netns: NetworkNamespace | undefined): OpenedNetworkNamespace {
  if (netns === undefined) return { fd: -1, release() {} }
  const checked = checkNetworkNamespace(netns)
  if (typeof checked === 'object' && 'fd' in checked) return { fd: checked.fd, release() {} }
  const path = typeof checked === 'string' ? resolve(checked) : `/proc/${checked.pid}/ns/net`
  const fd = openSync(path, 'r')
  // A process may end, and its namespace live on; a symbolic link leads to a process's.
  const stays = !path.startsWith('/proc/') && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false
  return { fd, ...(stays && { path }), release: () => closeSync(fd) }
}
