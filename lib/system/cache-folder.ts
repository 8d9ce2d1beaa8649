/** What is kept between runs: in a folder of the user's, that can be deleted at any time, and by files that are whole or not there. */
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Below `$XDG_CACHE_HOME/ebpf`, or `~/.cache/ebpf`. */
export function cacheFolder(...below: string[]): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ebpf', ...below)
}

/** A name beside `path` that nobody else uses, on the same file system, so that a rename is atomic. */
export function besides(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
}

/** Writes a file in one step: nobody ever reads half of it. Folders that are missing are made. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const fresh = besides(path)
  try {
    await writeFile(fresh, data)
    await rename(fresh, path)
  } finally {
    await rm(fresh, { force: true })
  }
}

/** What was used last is not what is deleted first. It may be another user's. */
export async function markUsed(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now).catch(() => {})
}
