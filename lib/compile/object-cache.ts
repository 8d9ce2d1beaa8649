/**
 * Objects that were compiled before. An entry is found by the source's content and by everything that clang was told, and holds only
 * while all files that clang read are as they were, and none is there that it would have read in their place.
 */
import { createHash } from 'node:crypto'
import { access, readFile, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeWhole } from '../system/cache-folder.ts'
import type { DiagnosticData } from './diagnostic.ts'

/** What clang made of a source. */
export interface Compiled {
  bytes: Uint8Array
  diagnostics: readonly DiagnosticData[]
  /** Absolute paths: the source first, then headers. */
  dependencies: readonly string[]
  /** Whether they are all that was read. */
  complete: boolean
  /** Hash of the types that vmlinux.h was made of. */
  vmlinux?: string
}

interface Entry extends Omit<Compiled, 'bytes' | 'complete'> {
  /** Of the bytes, which follow. */
  hash: string
  /** By dependency. */
  hashes: readonly string[]
  /** Where a header would be found before the one that was taken. */
  absent: readonly string[]
}

/** Raise it when entries mean something else. */
const GENERATION = 1

/** @param told everything that decides on the result but for the files that are read */
export function cacheKey(told: readonly string[], source: Uint8Array): string {
  const hash = createHash('sha256')
  for (const part of [String(GENERATION), ...told]) hash.update(`${part.length}:${part}`)
  return hash.update(source).digest('hex')
}

/** What is kept under a key, or `undefined` when there is nothing, or nothing that holds any more. */
export async function recallObject(
  cache: string,
  key: string,
  vmlinux: () => Promise<string>,
): Promise<Compiled | undefined> {
  const path = entryPath(cache, key)
  const file = await readFile(path).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const end = file.indexOf('\n')
    const entry = JSON.parse(file.toString('utf8', 0, end)) as Entry
    const bytes = new Uint8Array(file.subarray(end + 1))
    if (hashOf(bytes) !== entry.hash || !(await holds(entry, vmlinux))) return undefined
    const now = new Date()
    // So that those that are in use are not the oldest. It may be another user's.
    await utimes(path, now, now).catch(() => {})
    const { diagnostics, dependencies } = entry
    return {
      bytes,
      diagnostics,
      dependencies,
      complete: true,
      ...(entry.vmlinux !== undefined && { vmlinux: entry.vmlinux }),
    }
  } catch {
    // Torn, of another program, or a header is gone.
    return undefined
  }
}

async function holds(entry: Entry, vmlinux: () => Promise<string>): Promise<boolean> {
  if (entry.vmlinux !== undefined && entry.vmlinux !== (await vmlinux())) return false
  const [hashes, found] = await Promise.all([hashFiles(entry.dependencies), Promise.all(entry.absent.map(exists))])
  return hashes.every((hash, index) => hash === entry.hashes[index]) && !found.includes(true)
}

/**
 * Keeps what was compiled, unless it cannot be known to be the result of what the files are now.
 *
 * @param folders in the order in which clang looks for headers
 * @param source what was read before clang began
 */
export async function keepObject(
  cache: string,
  key: string,
  compiled: Compiled,
  folders: readonly string[],
  source: Uint8Array,
): Promise<void> {
  if (!compiled.complete) return
  try {
    const { bytes, diagnostics, dependencies, vmlinux } = compiled
    const hashes = await hashFiles(dependencies)
    // Somebody wrote to it meanwhile.
    if (hashes[0] !== hashOf(source)) return
    const entry: Entry = {
      hash: hashOf(bytes),
      diagnostics,
      dependencies,
      hashes,
      absent: await shadows(dependencies, folders),
      ...(vmlinux !== undefined && { vmlinux }),
    }
    await writeWhole(entryPath(cache, key), Buffer.concat([Buffer.from(`${JSON.stringify(entry)}\n`), bytes]))
  } catch {
    // A cache that cannot be written, or a header that is gone again: the next one compiles anew.
  }
}

/** Files that are not there, and would be read in place of one that was: beside those that include, or in an earlier folder. */
async function shadows(dependencies: readonly string[], folders: readonly string[]): Promise<string[]> {
  const [source = '', ...headers] = dependencies
  const beside = new Set([dirname(source)])
  const candidates = new Set<string>()
  for (const header of headers) {
    const found = folders.findIndex((folder) => header.startsWith(`${folder}/`))
    const folder = folders[found]
    if (folder === undefined) {
      beside.add(dirname(header))
      continue
    }
    const name = header.slice(folder.length + 1)
    for (const earlier of [...beside, ...folders.slice(0, found)]) candidates.add(join(earlier, name))
  }
  const paths = [...candidates].filter((path) => !dependencies.includes(path))
  const present = await Promise.all(paths.map(exists))
  return paths.filter((_, index) => present[index] === false)
}

async function hashFiles(paths: readonly string[]): Promise<string[]> {
  return await Promise.all(paths.map(async (path) => hashOf(await readFile(path))))
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

function entryPath(cache: string, key: string): string {
  return join(cache, 'objects', key.slice(0, 2), key.slice(2))
}
