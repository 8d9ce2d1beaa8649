/** Does something now, and again whenever a file that it depends on changes. */
import { type FSWatcher, lstatSync, realpathSync, type Stats, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Editors write a file in several steps, and tools several files at once. Milliseconds. */
const QUIET = 50

/** File systems have the time of the last tick. Milliseconds. */
const TICK = 20

export interface WatchOptions {
  /** Ends it. */
  signal?: AbortSignal | undefined
}

/**
 * Runs `work` until it is told to end: now, and whenever one of the files changed, which are absolute paths. What it gives are the
 * files that the next run waits for. A change during a run starts another one after it.
 *
 * @throws what `work` throws
 */
export async function watchFiles(
  files: readonly string[],
  work: () => Promise<readonly string[]>,
  { signal }: WatchOptions = {},
): Promise<void> {
  const watcher = new FolderWatcher()
  const end = (): void => watcher.wake()
  signal?.addEventListener('abort', end, { once: true })
  watcher.watch(files)
  try {
    while (signal?.aborted !== true) {
      // Before it runs: what is written while it runs must not be missed.
      watcher.reset()
      watcher.watch(await work())
      await watcher.changed()
    }
  } finally {
    signal?.removeEventListener('abort', end)
    watcher.close()
  }
}

/** Watches folders: an editor that saves puts another file in the place of the old one, which nobody would see who watches that. */
class FolderWatcher {
  readonly #watchers = new Map<string, { watcher: FSWatcher; identity: string }>()
  #files: ReadonlySet<string> = new Set()
  /** Names of files that changed since the last reset, whether they are waited for or not. */
  #touched = new Set<string>()
  #started = Date.now()
  #resolve: () => void = () => {}
  #promise: Promise<void> = Promise.resolve()

  reset(): void {
    this.#touched = new Set()
    this.#started = Date.now()
    this.#promise = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  watch(files: readonly string[]): void {
    const places = files.flatMap(placesOf)
    this.#files = new Set(places)
    const folders = new Set(places.map((file) => dirname(file)))
    for (const folder of this.#watchers.keys()) if (!folders.has(folder)) this.#forget(folder)
    const fresh = new Set([...folders].filter((folder) => this.#add(folder)))
    // Nobody was told of what changed before its folder was watched.
    const missed = places.some((file) => fresh.has(dirname(file)) && changedAt(file) > this.#started - TICK)
    if (missed || [...this.#touched].some((file) => this.#files.has(file))) this.wake()
  }

  /** Resolves when one of the files changed, a little later. */
  async changed(): Promise<void> {
    await this.#promise
    await new Promise((resolve) => setTimeout(resolve, QUIET))
  }

  wake(): void {
    this.#resolve()
  }

  close(): void {
    for (const folder of this.#watchers.keys()) this.#forget(folder)
  }

  /** Whether it was not watched until now: also one that was removed and made again is another one. */
  #add(folder: string): boolean {
    const identity = identityOf(folder)
    if (identity === undefined || this.#watchers.get(folder)?.identity === identity) return false
    this.#forget(folder)
    try {
      const watcher = watch(folder, (_, name) => {
        // Of itself when it is removed; a new one may have its number in the file system.
        if (name === basename(folder)) {
          this.#forget(folder)
          this.wake()
        }
        this.#note(`${folder === '/' ? '' : folder}/${name}`)
      })
      // A folder that is removed: its files are gone, which the next run will say.
      watcher.on('error', () => this.#forget(folder))
      this.#watchers.set(folder, { watcher, identity })
      return true
    } catch {
      // It is gone already.
      return false
    }
  }

  #note(file: string): void {
    this.#touched.add(file)
    if (this.#files.has(file)) this.wake()
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.watcher.close()
    this.#watchers.delete(folder)
  }
}

/** The file itself, and where a link leads; of one whose folder is not there, the first folder that has to come. */
function placesOf(file: string): string[] {
  if (factsOf(() => lstatSync(file))?.isSymbolicLink() === true) {
    try {
      return [file, realpathSync.native(file)]
    } catch {
      return [file]
    }
  }
  const folder = dirname(file)
  return folder === file || factsOf(() => statSync(folder)) !== undefined ? [file] : placesOf(folder)
}

function identityOf(folder: string): string | undefined {
  const facts = factsOf(() => statSync(folder))
  return facts === undefined ? undefined : `${facts.dev} ${facts.ino}`
}

/** Milliseconds; 0 of what is not there. */
function changedAt(file: string): number {
  return factsOf(() => statSync(file))?.ctimeMs ?? 0
}

function factsOf(look: () => Stats): Stats | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
