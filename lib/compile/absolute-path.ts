import { realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'

/**
 * The absolute path of a file as clang names it. What follows a link is found from where the link leads, as the kernel does it: in
 * `link/../x.h` the two dots are those of the link's target.
 */
export function absolutePath(file: string, folder: string): string {
  const plain = resolve(folder, file)
  if (!file.split('/').includes('..')) return plain
  const whole = isAbsolute(file) ? file : `${folder}/${file}`
  const real = inRealFolder(whole)
  return real === undefined || real === inRealFolder(plain) ? plain : real
}

function inRealFolder(file: string): string | undefined {
  try {
    // realpathSync() itself takes the dots away before it looks.
    return join(realpathSync.native(dirname(file)), basename(file))
  } catch {
    return undefined
  }
}
