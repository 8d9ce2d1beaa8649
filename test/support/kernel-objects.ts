/** What of ours is in the kernel. */
import { readdirSync, readlinkSync } from 'node:fs'
import { openMap } from '../../lib/maps/open.ts'
import { openProgram } from '../../lib/open-program.ts'
import { until } from './wait.ts'

/** Whether a program or a map of this id is in the kernel. An id is not given a second time. */
export function exists(kind: 'program' | 'map', id: number): boolean {
  try {
    const found = kind === 'program' ? openProgram({ id }) : openMap({ id })
    found.close()
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false
    throw error
  }
}

/** Waits until programs and maps are gone: the kernel frees them some time after the last reference. A link is one. */
export async function untilGone(ids: { programs?: readonly number[]; maps?: readonly number[] }): Promise<void> {
  for (const id of ids.programs ?? []) await until(`program ${id} is gone`, () => !exists('program', id))
  for (const id of ids.maps ?? []) await until(`map ${id} is gone`, () => !exists('map', id))
}

/** The number of this process's descriptors of kernel BPF objects and perf events, by kind. */
export function bpfDescriptors(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const kind = /^anon_inode:\[?(bpf[^\]]*|btf|perf_event)\]?$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1]
      if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1
    } catch {
      // The descriptor of the listing itself.
    }
  }
  return counts
}
