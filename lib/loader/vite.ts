/** The plugin for Vite and Vitest. */
import type { PluginOptions } from './plugin-options.ts'
import { pluginFor, type RollupPlugin } from './rollup.ts'

/** What Vite says of itself, as far as it is used. */
interface ResolvedConfig {
  command: 'build' | 'serve'
  mode: string
}

/** A plugin that Vite 6 and newer, and Vitest, take. */
export interface VitePlugin extends RollupPlugin {
  enforce: 'pre'
  config: () => { ssr: { external: string[] }; build?: { emitAssets: boolean } }
  configResolved: (config: ResolvedConfig) => void
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
  const plugin = pluginFor(
    {
      canEmit: () => !serves,
      isDevelopment: () => serves && !tests,
      resolvesPackage: () => serves,
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
  }
}
