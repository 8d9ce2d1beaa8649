/** The module that an import of a C file or of an object gives. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve, sep } from 'node:path'
import { type CompiledObject, compile, type Diagnostic } from '../compile/index.ts'
import { defaultCache, INCLUDE } from '../compile/headers.ts'
import { configurationOf, type ImportOptions } from './configuration.ts'
import type { ImportRequest } from './request.ts'

/** An object, compiled or read, and what it depends on. */
export interface ImportedObject {
  bytes: Uint8Array
  /** The file's name without `.bpf.c`. */
  name: string
  int64: 'bigint' | 'number' | undefined
  warnings: readonly Diagnostic[]
  /** What to watch: the file, its own headers, and the package.json that says how it is compiled. */
  dependencies: readonly string[]
}

/**
 * @throws CompileError when clang refuses the file; its `dependencies` are what to watch then
 * @throws EbpfError ERR_EBPF_CLANG without a compiler; the error of `fs.readFile` when there is no such file
 */
export async function importObject(request: ImportRequest, options: ImportOptions): Promise<ImportedObject> {
  const { path } = request
  const configuration = await configurationOf(path, options)
  const int64 = request.int64 ?? configuration.int64
  const { bytes, name, diagnostics, dependencies } = await objectOf(path, configuration.compile)
  const files = configuration.file === undefined ? dependencies : [...dependencies, configuration.file]
  return { bytes, name, int64, warnings: diagnostics, dependencies: ownFiles(files) }
}

type Made = Pick<CompiledObject, 'bytes' | 'name' | 'diagnostics' | 'dependencies'>

async function objectOf(path: string, options: ImportOptions): Promise<Made> {
  // Of debugging information only BTF is ever read, and a bundle would carry all of it.
  if (path.endsWith('.c')) return await compile(path, { ...options, strip: true })
  const name = basename(path).replace(/(\.bpf)?\.o$/, '')
  return { bytes: await readFile(path), name, diagnostics: [], dependencies: [path] }
}

/** What a user changes, as far as it is there: not every bundler can wait for files to come. Headers of the package and of the system would cost a watcher each, and change with an installation. */
export function ownFiles(files: readonly string[]): string[] {
  const cache = defaultCache()
  const folders = [INCLUDE, ...(cache === undefined ? [] : [cache]), '/usr/include', '/usr/lib']
  const foreign = folders.map((folder) => `${resolve(folder)}${sep}`)
  return files.filter((file) => existsSync(file) && !foreign.some((folder) => file.startsWith(folder)))
}
