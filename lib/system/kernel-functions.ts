/** Which functions the running kernel has. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** What is known, for as long as the same modules are loaded. */
const known = new Map<string, boolean>()
let knownModules: string | undefined

/**
 * Whether the kernel has all of these functions, modules that are loaded included; `undefined` where it does not tell.
 * Names that were not asked for before take the whole of /proc/kallsyms, off the JavaScript thread: hundreds of milliseconds.
 */
export async function hasKernelFunctions(names: readonly string[]): Promise<boolean | undefined> {
  const modules = (await contents('/proc/modules'))?.toString('latin1')
  if (modules !== knownModules) known.clear()
  knownModules = modules
  if (names.some((name) => !known.has(name))) {
    const symbols = await contents('/proc/kallsyms')
    if (symbols === undefined || symbols.length === 0) return undefined
    // A module's are followed by a tab and its name.
    for (const name of names) known.set(name, symbols.includes(` ${name}\n`) || symbols.includes(` ${name}\t`))
  }
  return names.every((name) => known.get(name))
}

/** The same while the caller waits: only for what failed already, where there is no promise to fail with. */
export function hasKernelFunctionNow(name: string): boolean | undefined {
  try {
    const symbols = readFileSync('/proc/kallsyms')
    return symbols.length === 0 ? undefined : symbols.includes(` ${name}\n`) || symbols.includes(` ${name}\t`)
  } catch {
    return undefined
  }
}

async function contents(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch {
    return undefined
  }
}
