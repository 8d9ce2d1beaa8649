import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Problem } from './problem.ts'

/** Where the kernel lists its tracepoints, as category/name; older systems have it only below debugfs. */
const folders = ['/sys/kernel/tracing/events', '/sys/kernel/debug/tracing/events']

/**
 * The folder of this kernel's tracepoints.
 *
 * @throws Problem when it cannot be read
 */
export function tracepointFolder(): string {
  const isRoot = process.geteuid?.() === 0
  const found = () => folders.find((folder) => existsSync(folder))
  // A fresh container lacks it. Whether mounting worked is seen by what is there afterwards.
  if (found() === undefined && isRoot) {
    spawnSync('mount', ['-t', 'tracefs', 'tracefs', '/sys/kernel/tracing'], { stdio: 'ignore' })
  }
  const folder = found()
  if (folder !== undefined) return folder
  const remedy = isRoot ? 'run mount -t tracefs tracefs /sys/kernel/tracing' : 'run it as root'
  throw new Problem(`This kernel's tracepoints cannot be read in /sys/kernel/tracing; ${remedy}.`)
}
