/** Where an object's bytes come from. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspectBriefly } from './arguments.ts'
import { invalidArgument } from './errors.ts'

/** A path, a file URL, or the bytes of an ELF object. */
export type ObjectSource = string | URL | Uint8Array

export interface ObjectImage {
  bytes: Uint8Array
  /** The file's name without `.bpf.o`; `object` for bytes. */
  name: string
}

/**
 * @throws the error of `fs.readFile`, such as ENOENT with the path.
 */
export async function readImage(source: ObjectSource): Promise<ObjectImage> {
  if (source instanceof Uint8Array) {
    // An own copy: the spec may be loaded much later, when the caller's buffer has other contents or was transferred.
    return { bytes: source.slice(), name: 'object' }
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw invalidArgument(`source must be a path, a file URL or a Uint8Array, not ${inspectBriefly(source)}`)
  }
  const path = typeof source === 'string' ? source : fileURLToPath(source)
  const bytes = await readFile(path)
  return { bytes, name: basename(path).replace(/(\.bpf)?\.o$/, '') }
}
