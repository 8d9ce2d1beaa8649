/** Does something now, and again whenever a file that it depends on changes. */
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

/** Editors write a file in several steps, and tools several files at once. Milliseconds. */
const QUIET = 50

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
  readonly #watchers = new Map<string, FSWatcher>()
  #files: ReadonlySet<string> = new Set()
  /** Names of files that changed since the last reset, whether they are waited for or not. */
  #touched = new Set<string>()
  #resolve: () => void = () => {}
  #promise: Promise<void> = Promise.resolve()

  reset(): void {
    this.#touched = new Set()
    this.#promise = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  watch(files: readonly string[]): void {
    this.#files = new Set(files)
    const folders = new Set(files.map((file) => dirname(file)))
    for (const [folder, watcher] of this.#watchers) if (!folders.has(folder)) this.#forget(folder, watcher)
    for (const folder of folders) this.#add(folder)
    if ([...this.#touched].some((file) => this.#files.has(file))) this.wake()
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
    for (const [folder, watcher] of this.#watchers) this.#forget(folder, watcher)
  }

  #add(folder: string): void {
    if (this.#watchers.has(folder)) return
    try {
      const watcher = watch(folder, (_, name) => this.#note(`${folder === '/' ? '' : folder}/${name}`))
      // A folder that is removed: its files are gone, which the next run will say.
      watcher.on('error', () => this.#forget(folder, watcher))
      this.#watchers.set(folder, watcher)
    } catch {
      // It is gone already.
    }
  }

  #note(file: string): void {
    this.#touched.add(file)
    if (this.#files.has(file)) this.wake()
  }

  #forget(folder: string, watcher: FSWatcher): void {
    watcher.close()
    this.#watchers.delete(folder)
  }
}
