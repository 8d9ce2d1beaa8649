// Mounts what tracing and pinning need and a bare machine or container lacks: tracefs and bpffs. Needs root.
//
//   node scripts/mounts.mjs [-- COMMAND...]   then runs the command: the entry point of Dockerfile.test

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { main, Problem, say } from './support.mjs'

const wanted = [
  { type: 'tracefs', folder: '/sys/kernel/tracing' },
  { type: 'bpf', folder: '/sys/fs/bpf' },
]

/** The file systems of `wanted` that a mount table (the text of /proc/mounts) does not have in their place. */
export function missingMounts(table) {
  const mounted = table.split('\n').map((line) => line.split(' '))
  return wanted.filter(({ type, folder }) => !mounted.some((entry) => entry[1] === folder && entry[2] === type))
}

export function mountMissing() {
  for (const { type, folder } of missingMounts(readFileSync('/proc/mounts', 'utf8'))) {
    say(`Mounting ${type} on ${folder}`)
    mkdirSync(folder, { recursive: true })
    const result = spawnSync('mount', ['-t', type, type, folder], { encoding: 'utf8' })
    if (result.status !== 0) {
      const reason = (result.stderr ?? result.error?.message ?? '').trim()
      throw new Problem(`${type} cannot be mounted on ${folder}: ${reason}. In a container, run it with --privileged.`)
    }
  }
}

await main(import.meta.url, (args) => {
  mountMissing()
  const [command, ...rest] = args[0] === '--' ? args.slice(1) : []
  if (command === undefined) return
  const result = spawnSync(command, rest, { stdio: 'inherit' })
  if (result.error) throw new Problem(`"${command}" cannot be run (${result.error.code}).`)
  process.exitCode = result.status ?? 1
})
