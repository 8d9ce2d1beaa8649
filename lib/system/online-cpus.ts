import { readFileSync } from 'node:fs'

/** The numbers of the CPUs that are online now, which can have gaps. */
export function onlineCpus(): number[] {
  const ranges = readFileSync('/sys/devices/system/cpu/online', 'latin1').trim().split(',')
  return ranges.flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?]
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}
