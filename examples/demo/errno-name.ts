import { constants } from 'node:os'

const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number as number, name]))

/** Of calls that a signal interrupted, and that the kernel starts again: no program ever sees it. */
const ERESTARTSYS = 512

/** The name of a negative errno. */
export function errnoName(result: number): string {
  return -result === ERESTARTSYS ? 'ERESTARTSYS' : (names.get(-result) ?? `errno ${-result}`)
}
