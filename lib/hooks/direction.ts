/** Which way packets go, seen from the interface. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'

/** `ingress`: what the interface receives; `egress`: what it sends. */
export type Direction = 'ingress' | 'egress'

/** @throws TypeError unless it is one of the two. */
export function checkDirection(direction: unknown): Direction {
  if (direction === 'ingress' || direction === 'egress') return direction
  throw invalidArgument(`direction must be ingress or egress, not ${inspectBriefly(direction)}`)
}
