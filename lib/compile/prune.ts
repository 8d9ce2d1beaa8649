/** Takes out of the cache what was not used for long. */
import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../system/cache-folder.ts'

const DAY = 86_400_000
const KEPT = 30 * DAY

/** What a cache holds, and what a process that ended in the middle leaves. Whatever else is in the folder is the user's. */
const OURS = [
  { folder: 'objects', name: /^[0-9a-f]{2}\/[0-9a-f]{62}(?:\.\d+-[0-9a-f]+\.tmp)?$/ },
  { folder: 'vmlinux', name: /^\d+-[0-9a-f]{32}\/vmlinux\.h(?:\.\d+-[0-9a-f]+\.tmp)?$/ },
]

/** Looks through the folder once a day at most. What cannot be read or removed is left to others. */
export async function prune(cache: string, now: number = Date.now()): Promise<void> {
  const marker = join(cache, 'pruned')
  if (now - (await changedAt(marker)) < DAY) return
  await writeWhole(marker, '')
  // A clock that runs ahead leaves times that are not past yet: those are not old.
  for (const { folder, name } of OURS) {
    for (const holder of await namesIn(join(cache, folder))) {
      for (const file of await namesIn(join(cache, folder, holder))) {
        const path = join(cache, folder, holder, file)
        if (!name.test(`${holder}/${file}`) || now - (await changedAt(path)) <= KEPT) continue
        await rm(path, { force: true })
        // Unless there is more in it.
        await rmdir(join(cache, folder, holder)).catch(() => {})
      }
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => [])
}

/** Milliseconds; 0 where there is nothing. */
async function changedAt(path: string): Promise<number> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}
