/**
 * Objects that were compiled before. An entry is found by the source's content and by everything that clang was told, and holds only
 * while all files that clang read are as they were, and none is there that it would have read in their place.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { markUsed, writeWhole } from '../system/cache-folder.ts'
import type { DiagnosticData } from './diagnostic.ts'
import { prune } from './prune.ts'

/** What clang made of a source. */
export interface Compiled {
  bytes: Uint8Array
  diagnostics: readonly DiagnosticData[]
  /** Absolute paths: the source first, then headers. */
  dependencies: readonly string[]
  /** Whether they are all that was read. */
  complete: boolean
  /** Which types vmlinux.h was made of, where it was made. */
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

/** Where clang looks for headers: first in the user's own folders, then in those of package and system. */
export interface SearchOrder {
  own: readonly string[]
  others: readonly string[]
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
  vmlinux: () => Promise<string | undefined>,
): Promise<Compiled | undefined> {
  const path = entryPath(cache, key)
  const file = await readFile(path).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const end = file.indexOf('\n')
    const entry = JSON.parse(file.toString('utf8', 0, end)) as Entry
    const bytes = new Uint8Array(file.subarray(end + 1))
    if (hashOf(bytes) !== entry.hash || !(await holds(entry, vmlinux))) return undefined
    await markUsed(path)
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

async function holds(entry: Entry, vmlinux: () => Promise<string | undefined>): Promise<boolean> {
  if (entry.vmlinux !== undefined && entry.vmlinux !== (await vmlinux())) return false
  const hashes = await hashFiles(entry.dependencies)
  return hashes.every((hash, index) => hash === entry.hashes[index]) && !entry.absent.some((path) => existsSync(path))
}

/**
 * Keeps what was compiled, unless it cannot be known to be the result of what the files are now.
 *
 * @param source what was read before clang began
 * @param begun when clang began, by the clock of the file system, milliseconds
 */
export async function keepObject(
  cache: string,
  key: string,
  compiled: Compiled,
  folders: SearchOrder,
  source: Uint8Array,
  begun: number,
): Promise<void> {
  if (!compiled.complete) return
  try {
    const { bytes, diagnostics, dependencies, vmlinux } = compiled
    if (await isVolatile(dependencies, folders)) return
    const hashes = await hashFiles(dependencies)
    // Somebody wrote to one meanwhile, or moved another one to its place: before or after clang read it, who knows.
    const times = await Promise.all(dependencies.map(async (path) => await changedAt(path)))
    if (hashes[0] !== hashOf(source) || times.some((time) => time > begun)) return
    const entry: Entry = {
      hash: hashOf(bytes),
      diagnostics,
      dependencies,
      hashes,
      absent: shadows(compiled, folders),
      ...(vmlinux !== undefined && { vmlinux }),
    }
    await writeWhole(entryPath(cache, key), Buffer.concat([Buffer.from(`${JSON.stringify(entry)}\n`), bytes]))
    await prune(cache)
  } catch {
    // A cache that cannot be written, or a header that is gone again: the next one compiles anew.
  }
}

/** What makes a result depend on more than the contents of the files that are known: the time, files that may come, files that the assembler reads. */
const VOLATILE = /__TIME__|__DATE__|__TIMESTAMP__|__has_include|__has_embed|\.inc(?:bin|lude)/

/** Headers of the system ask for others, too, but those do not come and go. */
async function isVolatile(dependencies: readonly string[], { others }: SearchOrder): Promise<boolean> {
  const own = dependencies.filter((file) => !isIn(file, others))
  const texts = await Promise.all(own.map(async (path) => await readFile(path, 'latin1')))
  return texts.some((text) => VOLATILE.test(text))
}

/** Files that are not there, and would be read in place of one that was: beside those that include, or in an earlier folder. */
function shadows({ dependencies, vmlinux }: Compiled, { own, others }: SearchOrder): string[] {
  const folders = [...own, ...others]
  const beside = new Set(dependencies.filter((file) => !isIn(file, others)).map((file) => dirname(file)))
  const candidates = new Set<string>()
  const look = (name: string, places: readonly string[]): void => {
    for (const place of [...beside, ...places]) candidates.add(join(place, name))
  }
  for (const file of dependencies.slice(1)) {
    const holders = folders.filter((folder) => isIn(file, [folder]))
    // Arguments give the user's folders an order of their own, so that each may be the earlier one.
    for (const folder of holders)
      look(file.slice(folder.length + 1), [...own, ...folders.slice(0, folders.indexOf(folder))])
    // clang's own headers, which come after those of the user and of the package.
    if (holders.length === 0) for (const name of namesOf(file)) look(name, folders)
  }
  if (vmlinux !== undefined) look('vmlinux.h', folders)
  return [...candidates].filter((path) => !existsSync(path))
}

/** How a file may be included whose folder is not known. */
function namesOf(file: string): string[] {
  const include = file.lastIndexOf('/include/')
  return [...new Set([basename(file), ...(include < 0 ? [] : [file.slice(include + '/include/'.length)])])]
}

/** Milliseconds: of the contents, or of the name. */
async function changedAt(path: string): Promise<number> {
  const { mtimeMs, ctimeMs } = await stat(path)
  return Math.max(mtimeMs, ctimeMs)
}

function isIn(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => file.startsWith(`${folder}/`))
}

async function hashFiles(paths: readonly string[]): Promise<string[]> {
  return await Promise.all(paths.map(async (path) => hashOf(await readFile(path))))
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function entryPath(cache: string, key: string): string {
  return join(cache, 'objects', key.slice(0, 2), key.slice(2))
}
