/** The plugin for Rollup, Rolldown and Vite, which have the same hooks. */
import { CompileError, type Diagnostic } from '../compile/index.ts'
import { ownFiles, type ImportedObject, importObject } from './imported.ts'
import { moduleText, writeDeclaration } from './module-text.ts'
import { firstError, isExternal, type PluginOptions, type PluginSettings, pluginSettings } from './plugin-options.ts'
import { brief } from './brief.ts'
import { type ImportRequest, requestOfId, splitQuery } from './request.ts'

/** A place in a file, as these bundlers name it. */
export interface LogLocation {
  file: string
  /** From 1. */
  line: number
  /** From 0. */
  column: number
}

/** What hooks are called with, as far as it is used. */
export interface HookContext {
  addWatchFile: (path: string) => void
  emitFile: (file: { type: 'asset'; name: string; source: Uint8Array }) => string
  warn: (warning: { message: string; id: string; loc?: LogLocation }) => void
  resolve: (
    source: string,
    importer?: string,
    options?: { skipSelf?: boolean },
  ) => Promise<{ id: string; external?: unknown } | null>
  meta: { watchMode?: boolean }
}

/** A plugin that Rollup 4, Rolldown 1 and Vite 6 and newer take. */
export interface RollupPlugin {
  name: string
  resolveId: (
    this: HookContext,
    source: string,
    importer: string | undefined,
  ) => Promise<{ id: string; external?: boolean } | null>
  load: (this: HookContext, id: string) => Promise<{ code: string; map: null } | null>
  resolveFileUrl: (place: FilePlace) => string | null
}

/** Where a file is that was put beside the bundle. */
export interface FilePlace {
  moduleId: string | null
  format: string
  /** From the chunk. */
  relativePath: string
}

/** How a bundler differs from the others. */
export interface Bundler {
  /** Whether files can be put beside the bundle: a development server has none. */
  canEmit: () => boolean
  /** Whether somebody works on the sources; undefined where the bundler itself knows. */
  isDevelopment: () => boolean | undefined
  /** Whether it leaves the package alone by itself. */
  resolvesPackage: () => boolean
  /** Told what a module depends on, also when it did not compile. */
  depends: (id: string, files: readonly string[]) => void
}

const ROLLUP: Bundler = {
  canEmit: () => true,
  isDevelopment: () => undefined,
  resolvesPackage: () => false,
  depends: () => {},
}

/**
 * Imports of `./x.bpf.c` and `./x.bpf.o` are modules that load the object, as `ebpf types` writes them; the package itself
 * stays outside of the bundle.
 *
 * @throws TypeError, EbpfError for options that cannot be
 */
export default function rollup(options: PluginOptions = {}): RollupPlugin {
  return pluginFor(ROLLUP, options)
}

export function pluginFor(bundler: Bundler, options: PluginOptions): RollupPlugin {
  const settings = pluginSettings(options)
  return {
    name: 'ebpf',
    async resolveId(source, importer) {
      if (isExternal(source)) return bundler.resolvesPackage() ? null : { id: source, external: true }
      const [path, query] = splitQuery(source) ?? []
      if (path === undefined || !query) return null
      // Bundlers look for a file of the whole name.
      const resolved = await this.resolve(path, importer, { skipSelf: true })
      return resolved === null || resolved.external ? null : { id: `${resolved.id}${query}` }
    },
    async load(id) {
      const request = requestOfId(id)
      if (request === undefined) return null
      return { code: await loadModule(this, bundler, { id, ...request }, settings), map: null }
    },
    // Vite's own answer is the path of a web server.
    resolveFileUrl({ moduleId, format, relativePath }) {
      if (format !== 'es' || moduleId === null || requestOfId(moduleId) === undefined) return null
      return JSON.stringify(`./${encodeURI(relativePath).replaceAll('#', '%23').replaceAll('?', '%3F')}`)
    },
  }
}

async function loadModule(
  context: HookContext,
  bundler: Bundler,
  request: ImportRequest & { id: string },
  settings: PluginSettings,
): Promise<string> {
  try {
    const imported = await importObject(request, settings.imports)
    const { dependencies, warnings } = imported
    watch(context, bundler, request, dependencies)
    for (const warning of warnings) context.warn({ message: warning.toString(), id: request.path, ...locOf(warning) })
    const isDevelopment = bundler.isDevelopment() ?? context.meta.watchMode === true
    // An import that says how it is decoded has types of its own, and the file beside is that of all others.
    const declares = request.int64 === undefined && (settings.declarations ?? isDevelopment)
    if (declares) await declare(context, request.path, imported)
    return settings.embed || !bundler.canEmit()
      ? await moduleText(imported, 'ebpf')
      : await moduleBeside(context, imported)
  } catch (error) {
    if (error instanceof CompileError) watch(context, bundler, request, ownFiles(error.dependencies))
    throw located(error, request.path)
  }
}

/** The file itself is watched by whoever asked for it. */
function watch(
  context: HookContext,
  bundler: Bundler,
  { id, path }: ImportRequest & { id: string },
  dependencies: readonly string[],
): void {
  for (const file of dependencies) if (file !== path) context.addWatchFile(file)
  bundler.depends(id, dependencies)
}

/** A folder that cannot be written is no reason not to build. */
async function declare(context: HookContext, path: string, imported: ImportedObject): Promise<void> {
  try {
    await writeDeclaration(path, imported)
  } catch (error) {
    context.warn({ message: `the types of ${path} cannot be written: ${(error as Error).message}`, id: path })
  }
}

const PLACE = 'ebpf-object-place'

/** The bundler knows the file's name only at the end. */
async function moduleBeside(context: HookContext, imported: ImportedObject): Promise<string> {
  const file = context.emitFile({ type: 'asset', name: `${imported.name}.bpf.o`, source: imported.bytes })
  const text = await moduleText(imported, 'ebpf', PLACE)
  return text.replace(`'${PLACE}'`, () => `import.meta.ROLLUP_FILE_URL_${file}`)
}

/** The same error, with what bundlers show: the file, and the place in it. */
function located(error: unknown, path: string): unknown {
  const first = firstError(error)
  return error instanceof Error ? Object.assign(brief(error), { id: path, ...(first && locOf(first)) }) : error
}

function locOf({ file, line, column }: Diagnostic): { loc?: LogLocation } {
  return line === 0 ? {} : { loc: { file, line, column: Math.max(0, column - 1) } }
}
