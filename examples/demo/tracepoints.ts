import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { Problem } from './problem.ts'

/** Where tracefs is; older systems have it only below debugfs. */
const folders = ['/sys/kernel/tracing/events', '/sys/kernel/debug/tracing/events']

/** The folder of this kernel's tracepoints, once tracefs is mounted: a fresh container does not have it. */
function eventsFolder(): string {
  const present = () => folders.find((folder) => existsSync(folder))
  if (present() === undefined && process.geteuid?.() === 0) mountTracefs()
  const found = present()
  if (found !== undefined) return found
  throw new Problem(
    "This kernel's tracepoints cannot be read at /sys/kernel/tracing; as root, run: mount -t tracefs tracefs /sys/kernel/tracing",
  )
}

/** Whether it worked is seen by what is there afterwards. */
function mountTracefs(): void {
  spawnSync('mount', ['-t', 'tracefs', 'tracefs', '/sys/kernel/tracing'], { stdio: 'ignore' })
}

/**
 * Which ELF sections of the form `tracepoint/category/name` this kernel has: arm64 knows no open(2), older kernels no
 * openat2(2).
 *
 * @throws Problem when none can be found
 */
export function tracepointSections(): Set<string> {
  const folder = eventsFolder()
  const names = (category: string) => (existsSync(`${folder}/${category}`) ? readdirSync(`${folder}/${category}`) : [])
  return new Set(
    ['sched', 'syscalls'].flatMap((category) => names(category).map((name) => `tracepoint/${category}/${name}`)),
  )
}
