/** Takes out of the cache what was not used for long. */
import { readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeWhole } from '../system/cache-folder.ts'

const DAY = 86_400_000
const KEPT = 30 * DAY

/** Looks through the folder once a day at most. What cannot be read or removed is left to others. */
export async function prune(cache: string, now: number = Date.now()): Promise<void> {
  const marker = join(cache, 'pruned')
  if (now - (await changedAt(marker)) < DAY) return
  await writeWhole(marker, '')
  // A clock that runs ahead leaves times that are not past yet: those are not old.
  for (const folder of ['objects', 'vmlinux']) {
    const entries = await readdir(join(cache, folder), { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      if (now - (await changedAt(path)) > KEPT) await rm(folder === 'vmlinux' ? dirname(path) : path, REMOVE)
    }
  }
}

const REMOVE = { force: true, recursive: true }

/** Milliseconds; 0 where there is nothing. */
async function changedAt(path: string): Promise<number> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}
