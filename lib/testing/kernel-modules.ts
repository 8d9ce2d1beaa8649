/** Modules that a guest needs before it has a file system: which, in which order, and their bytes. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { compressionOf, decompress } from './kernel-image.ts'

/** What each module needs, from modules.dep: paths by path, nearest first. */
export type Dependencies = ReadonlyMap<string, readonly string[]>

/** depmod's list. The format: modules.dep(5). */
export function parseDependencies(text: string): Dependencies {
  return new Map(
    text
      .split('\n')
      .map((line) => line.split(':'))
      .filter((parts) => parts.length === 2)
      .map(([path = '', rest = '']) => [path, rest.split(' ').filter(Boolean)]),
  )
}

/** A module's name as the kernel says it: of its two spellings the one with underscores. */
export function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_')
}

/** The paths of the wanted modules and of what they need, in an order that they can be loaded in; built-in ones are skipped. */
export function loadOrder(dependencies: Dependencies, wanted: readonly string[]): string[] {
  const byName = new Map([...dependencies.keys()].map((path) => [moduleName(path), path]))
  const order = new Set<string>()
  for (const name of wanted) {
    const path = byName.get(moduleName(name))
    if (path === undefined) continue
    for (const needed of [...(dependencies.get(path) ?? [])].reverse()) order.add(needed)
    order.add(path)
  }
  return [...order]
}

/** The names in modules.builtin. */
export function parseBuiltin(text: string): Set<string> {
  return new Set(text.split('\n').filter(Boolean).map(moduleName))
}

/** A module's bytes, decompressed: busybox loads no others. */
export async function readModule(folder: string, path: string): Promise<Buffer> {
  const bytes = await readFile(join(folder, path))
  return await decompress(bytes, compressionOf(bytes) ?? 'none')
}
