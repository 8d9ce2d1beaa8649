/** What of the running kernel can be traced, as tracefs lists it. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { kernelError } from '../errors.ts'

export interface ListedTracepoint {
  category: string
  name: string
}

export interface ListedFunction {
  name: string
  /** The module that it belongs to; `undefined` for the kernel itself. */
  module: string | undefined
}

/** Where tracefs is mounted; below debugfs where that is older than 4.1's own folder. */
export const TRACEFS_FOLDERS: readonly string[] = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']

export const TRACEFS_HINT = 'tracefs must be mounted and readable: mount -t tracefs tracefs /sys/kernel/tracing'

/**
 * Every event of tracefs, in its order.
 *
 * @throws EbpfError with the code of the file system where tracefs is not mounted or not readable
 */
export function listTracepoints(): ListedTracepoint[] {
  return lines('available_events').map((line) => {
    const colon = line.indexOf(':')
    return { category: line.slice(0, colon), name: line.slice(colon + 1) }
  })
}

/**
 * Every function that begins with the kernel's call to ftrace, in its order. Some names are those of several functions.
 *
 * @throws EbpfError with the code of the file system where tracefs is not mounted or not readable
 */
export function listTraceableFunctions(): ListedFunction[] {
  return lines('available_filter_functions').map((line) => {
    const [name = '', module] = line.split(/[ \t]+/)
    return { name, module: module === undefined ? undefined : module.slice(1, -1) }
  })
}

/**
 * Names that /proc/kallsyms has more than once among the kernel's own symbols, for which a kprobe would be ambiguous, and
 * those that the kernel does not let be probed where it tells which (debugfs).
 */
export function unprobeableNames(): Set<string> {
  const seen = new Set<string>()
  const refused = new Set<string>()
  for (const line of readFileSync('/proc/kallsyms', 'latin1').split('\n')) {
    if (line.includes('\t')) continue // of a module
    const name = line.slice(line.indexOf(' ') + 3)
    if (seen.has(name)) refused.add(name)
    seen.add(name)
  }
  for (const name of blacklist()) refused.add(name)
  return refused
}

/** Turns a pattern with `*` (any text) and `?` (any one character), as libbpf reads them, into an expression. */
export function globExpression(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}

/** Nothing where debugfs is not mounted: it only helps to leave out what the kernel would refuse. */
function blacklist(): string[] {
  try {
    return blacklisted(readFileSync('/sys/kernel/debug/kprobes/blacklist', 'latin1'))
  } catch {
    return []
  }
}

/** Lines are an area of addresses, a tab, and the name of what is there. */
function blacklisted(text: string): string[] {
  return text.split('\n').map((line) => line.split('\t')[1] ?? '')
}

/** A file of tracefs, off the JavaScript thread; `undefined` where tracefs is not mounted or not readable. */
export async function tracefsText(file: string): Promise<string | undefined> {
  for (const folder of TRACEFS_FOLDERS) {
    const text = await textOf(`${folder}/${file}`)
    if (text !== undefined) return text
  }
  return undefined
}

/** Functions that the kernel lets nobody put a kprobe on; `undefined` where it does not tell. */
export async function kprobeBlacklist(): Promise<Set<string> | undefined> {
  const text = await textOf('/sys/kernel/debug/kprobes/blacklist')
  return text === undefined ? undefined : new Set(blacklisted(text))
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1')
  } catch {
    return undefined
  }
}

function lines(file: string): string[] {
  let failure: unknown
  for (const folder of TRACEFS_FOLDERS) {
    try {
      const text = readFileSync(`${folder}/${file}`, 'latin1')
      return text.split('\n').filter((line) => line !== '')
    } catch (error) {
      failure ??= error
    }
  }
  const errno = (failure as NodeJS.ErrnoException).errno ?? -constants.errno.EIO
  throw kernelError(errno, { operation: `reading ${TRACEFS_FOLDERS[0]}/${file}`, hint: TRACEFS_HINT })
}
