/** The plugin for Vite and Vitest. */
import type { PluginOptions } from './plugin-options.ts'
import { pluginFor, type RollupPlugin } from './rollup.ts'

/** What Vite says of itself, as far as it is used. */
interface ResolvedConfig {
  command: 'build' | 'serve'
  mode: string
}

interface ModuleGraph<Module> {
  getModuleById: (id: string) => Module | undefined
}

/** A plugin that Vite 6 and newer, and Vitest, take. */
export interface VitePlugin extends RollupPlugin {
  enforce: 'pre'
  config: () => { ssr: { external: string[] }; build?: { emitAssets: boolean } }
  configResolved: (config: ResolvedConfig) => void
  hotUpdate: <Module>(
    this: { environment: { moduleGraph: ModuleGraph<Module> } },
    update: { file: string; modules: Module[] },
  ) => Module[] | undefined
}

/**
 * As the plugin for Rollup. The development server compiles anew when a source or one of its headers changes, and shows errors
 * of the compiler in its overlay; there, objects are always in the modules.
 *
 * @throws TypeError, EbpfError for options that cannot be
 */
export default function vite(options: PluginOptions = {}): VitePlugin {
  let serves = false
  let tests = false
  /** By the files that modules are made of. */
  const dependents = new Map<string, Set<string>>()
  const plugin = pluginFor(
    {
      canEmit: () => !serves,
      isDevelopment: () => serves && !tests,
      resolvesPackage: () => serves,
      depends(id, files) {
        for (const file of files) dependents.set(file, (dependents.get(file) ?? new Set()).add(id))
      },
    },
    options,
  )
  return {
    ...plugin,
    // Before Vite's own, which would look for a file whose name has the query in it.
    enforce: 'pre',
    config: () => ({ ssr: { external: ['ebpf'] }, ...(options.embed === false && { build: { emitAssets: true } }) }),
    configResolved({ command, mode }) {
      serves = command === 'serve'
      tests = mode === 'test'
    },
    // Vite itself knows it only of what was loaded, not of what failed.
    hotUpdate({ file, modules }) {
      const ids = dependents.get(file)
      if (ids === undefined) return undefined
      const found = [...ids].map((id) => this.environment.moduleGraph.getModuleById(id))
      return [...new Set([...modules, ...found.filter((module) => module !== undefined)])]
    },
  }
}
