/** The plugin for esbuild. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CompileError, type Diagnostic } from '../compile/index.ts'
import { type ImportedObject, importObject, ownFiles } from './imported.ts'
import { moduleText, writeDeclaration } from './module-text.ts'
import { isExternal, type PluginOptions, type PluginSettings, pluginSettings } from './plugin-options.ts'
import { requestOfId } from './request.ts'

export interface EsbuildMessage {
  text: string
  location: {
    file: string
    /** From 1. */
    line: number
    /** From 0, in bytes. */
    column: number
    length: number
    lineText: string
  } | null
  notes: { text: string; location: EsbuildMessage['location'] }[]
  detail?: unknown
}

export interface EsbuildLoaded {
  contents?: string | Uint8Array
  loader?: 'js' | 'file'
  resolveDir?: string
  watchFiles?: string[]
  errors?: EsbuildMessage[]
  warnings?: EsbuildMessage[]
  pluginData?: unknown
}

interface LoadArguments {
  path: string
  suffix: string
}

interface ResolveArguments {
  path: string
  importer: string
  pluginData: unknown
}

interface EsbuildResolved {
  path: string
  namespace?: string
  external?: boolean
  pluginData?: unknown
}

/** What esbuild gives a plugin, as far as it is used. */
export interface EsbuildBuild {
  onResolve: (
    options: { filter: RegExp; namespace?: string },
    resolve: (args: ResolveArguments) => EsbuildResolved | undefined,
  ) => void
  onLoad: (
    options: { filter: RegExp; namespace?: string },
    load: (args: LoadArguments & { pluginData: unknown }) => Promise<EsbuildLoaded | undefined> | EsbuildLoaded,
  ) => void
}

/** A plugin that esbuild 0.17 and newer take. */
export interface EsbuildPlugin {
  name: string
  setup: (build: EsbuildBuild) => void
}

/** Where objects are that become files beside the bundle. */
const BESIDE = 'ebpf-object'

/**
 * Imports of `./x.bpf.c` and `./x.bpf.o` are modules that load the object, as `ebpf types` writes them; the package itself
 * stays outside of the bundle. esbuild does not say whether it watches: types are written when `declarations` is true.
 *
 * @throws TypeError, EbpfError for options that cannot be
 */
export default function esbuild(options: PluginOptions = {}): EsbuildPlugin {
  const settings = pluginSettings(options)
  return {
    name: 'ebpf',
    setup(build) {
      build.onResolve({ filter: /^ebpf(\/|$)/ }, ({ path }) =>
        isExternal(path) ? { path, external: true } : undefined,
      )
      build.onLoad({ filter: /\.bpf\.[co]$/, namespace: 'file' }, async (args) => await loadModule(args, settings))
      build.onResolve({ filter: /^ebpf-object:/ }, ({ path, importer, pluginData }) => ({
        // Below the importer: x.bpf.c and x.bpf.o may both be imported.
        path: join(importer, path.slice(path.indexOf(':') + 1)),
        namespace: BESIDE,
        pluginData,
      }))
      build.onLoad({ filter: /./, namespace: BESIDE }, ({ pluginData }) => ({
        contents: pluginData as Uint8Array,
        loader: 'file',
      }))
    },
  }
}

async function loadModule(
  { path, suffix }: LoadArguments,
  settings: PluginSettings,
): Promise<EsbuildLoaded | undefined> {
  const request = requestOfId(`${path}${suffix}`)
  if (request === undefined) return undefined
  try {
    const imported = await importObject(request, settings.imports)
    const { dependencies, warnings } = imported
    // An import that says how it is decoded has types of its own, and the file beside is that of all others.
    if (settings.declarations === true && request.int64 === undefined) await writeDeclaration(path, imported)
    return {
      ...(settings.embed ? { contents: await moduleText(imported, 'ebpf') } : await moduleBeside(imported)),
      loader: 'js',
      resolveDir: dirname(path),
      watchFiles: [...dependencies],
      warnings: warnings.map(messageOf),
    }
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    const warnings = error.diagnostics.filter(({ severity }) => severity !== 'error').map(messageOf)
    const errors = error.diagnostics.filter(({ severity }) => severity === 'error').map(messageOf)
    for (const message of errors) message.detail = error
    if (error.hint !== undefined) errors.at(-1)?.notes.push({ text: error.hint, location: null })
    return { errors, warnings, watchFiles: ownFiles(error.dependencies) }
  }
}

const PLACE = 'ebpf-object-place'

async function moduleBeside(imported: ImportedObject): Promise<Pick<EsbuildLoaded, 'contents' | 'pluginData'>> {
  const text = await moduleText(imported, 'ebpf', PLACE)
  const specifier = JSON.stringify(`ebpf-object:${imported.name}.bpf.o`)
  return {
    // What esbuild gives is a path, not a URL.
    contents: `import file from ${specifier}
const place = encodeURI(file).replace(/[?#]/g, encodeURIComponent)
${text.replace(`'${PLACE}'`, 'place')}`,
    pluginData: imported.bytes,
  }
}

function messageOf(diagnostic: Diagnostic): EsbuildMessage {
  const { message, option, notes } = diagnostic
  return {
    text: option === undefined ? message : `${message} [${option}]`,
    location: locationOf(diagnostic),
    notes: notes.map((note) => ({ text: note.message, location: locationOf(note) })),
  }
}

function locationOf({ file, line, column, length }: Diagnostic): EsbuildMessage['location'] {
  if (line === 0) return null
  return { file, line, column: Math.max(0, column - 1), length, lineText: lineOf(file, line) }
}

function lineOf(file: string, line: number): string {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)[line - 1] ?? ''
  } catch {
    return ''
  }
}
