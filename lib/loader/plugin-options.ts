/** What the plugins of all bundlers share. */
import { CompileError, type Diagnostic } from '../compile/index.ts'
import { boolean, optionsObject } from '../arguments.ts'
import { checkOptions, type ImportOptions } from './configuration.ts'

/** Options of the plugins. What they leave out, the field `ebpf` of the nearest package.json may say. */
export interface PluginOptions extends ImportOptions {
  /** Whether objects are in the bundle, which is the default, or files beside it. */
  embed?: boolean
  /**
   * Whether the types of each import are written beside its file, as `x.bpf.d.c.ts`, for editors and tsc. By default while one
   * works: by Vite's development server, and by Rollup and Rolldown that watch.
   */
  declarations?: boolean
}

export interface PluginSettings {
  imports: ImportOptions
  embed: boolean
  declarations: boolean | undefined
}

export function pluginSettings(options: PluginOptions): PluginSettings {
  const { embed = true, declarations, ...imports } = optionsObject(options)
  checkOptions(imports, 'option of the plugin', ['embed', 'declarations'])
  return {
    imports,
    embed: boolean(embed, 'embed'),
    declarations: declarations === undefined ? undefined : boolean(declarations, 'declarations'),
  }
}

/** It holds a native addon, and finds it and its headers beside itself. */
export function isExternal(specifier: string): boolean {
  return specifier === 'ebpf' || specifier === 'ebpf/asm' || specifier === 'ebpf/testing'
}

/** The first error of a source that does not compile. */
export function firstError(error: unknown): Diagnostic | undefined {
  if (!(error instanceof CompileError)) return undefined
  return error.diagnostics.find(({ severity, line }) => severity === 'error' && line > 0)
}
