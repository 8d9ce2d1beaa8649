/** What a user names to be written. */
import { realpath, stat, writeFile } from 'node:fs/promises'
import { writeWhole } from './cache-folder.ts'

/**
 * Writes a file in one step, so that nobody reads half of it. Folders that are missing are made; what a link leads to is replaced, not the
 * link; devices and pipes, such as /dev/null, are written to: another file must never come in their place.
 */
export async function writeOutput(path: string, data: Uint8Array): Promise<void> {
  const status = await stat(path).catch(() => undefined)
  if (status !== undefined && !status.isFile()) await writeFile(path, data)
  else await writeWhole(status === undefined ? path : await realpath(path), data)
}
