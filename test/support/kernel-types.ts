/** Which types of maps the running kernel has. */
import { spawnSync } from 'node:child_process'

/** Whether the kernel was built without the function that comes with a type. */
export function lacks(evidence: string): boolean {
  return spawnSync('grep', ['-qw', evidence, '/proc/kallsyms']).status !== 0
}
