/** Versions, such as that of the running kernel. */
import { release } from 'node:os'

/** Whether the running kernel is older than `version`, such as `6.6`. */
export function kernelOlderThan(version: string): boolean {
  return isOlder(release(), version)
}

/** Whether `had`, such as `6.1.0-44-amd64`, is older than `wanted`, such as `6.6`. */
export function isOlder(had: string, wanted: string): boolean {
  const parts = numbers(had)
  for (const [index, part] of numbers(wanted).entries()) {
    const own = parts[index] ?? 0
    if (own !== part) return own < part
  }
  return false
}

/** The leading numbers: `6.1.0-44-amd64` is 6, 1, 0. */
function numbers(version: string): number[] {
  return (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number)
}
