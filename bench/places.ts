/** Where things are, for what runs in build/bench. */
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The sources of the benchmark. */
export const sources = join(root, 'bench')

/** What is made for this checkout. */
export const built = join(root, 'build/bench')

/** The peers, beside what is compiled of the benchmark itself. */
export const installed = join(built, 'installed')

/** What all checkouts of this user share: package lists, Go, other versions of Node. It can be deleted at any time. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ebpf/bench')

/** Whether a module is what was started, and not imported by another. */
export function isProgram(moduleUrl: string): boolean {
  return process.argv[1] !== undefined && moduleUrl === pathToFileURL(process.argv[1]).href
}
