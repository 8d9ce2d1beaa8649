/** What runs keep between them: kernels, package lists, the answer about KVM. All of it can be deleted at any time. */
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { besides, cacheFolder as packageCacheFolder, writeWhole as writeFileWhole } from '../system/cache-folder.ts'
import { VmError } from './vm-error.ts'

/** The folder of everything that this module keeps. */
export function cacheFolder(...below: string[]): string {
  return packageCacheFolder('vm', ...below)
}

export async function makeFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new VmError(
      'ERR_EBPF_VM_HOST',
      `The cache folder ${path} cannot be made (${code}). Name another one in XDG_CACHE_HOME.`,
    )
  }
  return path
}

/** Writes a file in one step: nobody ever reads half of it. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path))
  await writeFileWhole(path, data)
}

/** The value that a file holds as JSON, or undefined where there is no such file or it holds something else. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Runs `work` while no other process holds the lock of this name. A lock whose owner is gone does not count. */
export async function withLock<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const lock = join(await makeFolder(cacheFolder()), `${name}.lock`)
  while (!(await take(lock))) {
    signal?.throwIfAborted()
    await releaseDead(lock)
    await sleep(100)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

/** A link appears with its contents: nobody ever reads a lock that does not name its owner yet. */
async function take(lock: string): Promise<boolean> {
  const mine = besides(lock)
  try {
    await writeFile(mine, String(process.pid))
    await link(mine, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(mine, { force: true })
  }
}

async function releaseDead(lock: string): Promise<void> {
  try {
    process.kill(Number(await readFile(lock, 'utf8')), 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') await rm(lock, { force: true })
  }
}
