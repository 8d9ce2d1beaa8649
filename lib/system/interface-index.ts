/** Network interfaces of this process's network namespace. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { integer, nonEmptyString } from '../arguments.ts'
import { invalidArgument, kernelError } from '../errors.ts'

/**
 * The index of an interface, by its name as in /sys/class/net, which has to be mounted for this process's namespace.
 *
 * @param argument the name for messages
 * @throws EbpfError ENODEV when there is none of that name
 */
export function interfaceIndex(networkInterface: string | number, argument: string): number {
  if (typeof networkInterface === 'number') return integer(networkInterface, argument, 1, 0x7fff_ffff)
  const name = nonEmptyString(networkInterface, argument)
  if (name.includes('/') || name === '.' || name === '..')
    throw invalidArgument(`${argument} must be an interface's name`)
  try {
    return Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1'))
  } catch {
    throw kernelError(-constants.errno.ENODEV, { operation: `looking for interface '${name}'` })
  }
}
