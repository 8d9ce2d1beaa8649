/** The version of the running kernel. */
import { release } from 'node:os'

/** Whether the kernel whose `uname -r` is `running` (this one by default) is older than `version`, such as `6.6`. */
export function kernelOlderThan(version: string, running: string = release()): boolean {
  const had = numbers(running)
  for (const [index, wanted] of numbers(version).entries()) {
    const part = had[index] ?? 0
    if (part !== wanted) return part < wanted
  }
  return false
}

/** The leading numbers: `6.1.0-44-amd64` is 6, 1, 0. */
function numbers(version: string): number[] {
  return (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number)
}
