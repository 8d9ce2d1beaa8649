/** Where results are kept that nobody else may write: whoever can, decides what this process loads into the kernel. */
import { statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { cacheFolder } from '../system/cache-folder.ts'

/**
 * The user's folder: below `$XDG_CACHE_HOME/ebpf` or `~/.cache/ebpf`. Where that is somebody else's, as under `sudo -E` or below
 * /tmp, it is the one below the home that this process' own user has. `undefined` where there is none.
 */
export function ownCacheFolder(...below: string[]): string | undefined {
  const wishes = [() => cacheFolder(...below), () => join(userInfo().homedir, '.cache/ebpf', ...below)]
  for (const wish of wishes) {
    try {
      const folder = resolve(wish())
      if (isOwn(folder)) return folder
    } catch {
      // No home, and no entry in passwd(5): containers run as any user.
    }
  }
  return undefined
}

/** Whose it is, or, while it is not there, what it will be made in. */
function isOwn(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const facts = statSync(at, { throwIfNoEntry: false })
    if (facts !== undefined) return facts.uid === process.geteuid?.() || facts.uid === 0
    if (at === dirname(at)) return false
  }
}
