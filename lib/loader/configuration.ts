/** How imported files are compiled: what the nearest package.json says in its field `ebpf`, and what a plugin is given. */
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { inspectBriefly } from '../arguments.ts'
import type { CompileOptions } from '../compile/index.ts'
import { settingsOf } from '../compile/options.ts'
import { invalidArgument, unknownName } from '../errors.ts'
import { int64Of } from './request.ts'

/** How files that are imported are compiled. */
export interface ImportOptions
  extends Pick<
    CompileOptions,
    'architecture' | 'args' | 'cache' | 'clang' | 'cpu' | 'defines' | 'endianness' | 'includes' | 'vmlinux' | 'warnings'
  > {
  /** How 64-bit integers are decoded, as of `loadObject`; `bigint` by default. An import can say otherwise: `?int64=number`. */
  int64?: 'bigint' | 'number'
}

const COMPILING = [
  'architecture',
  'args',
  'cache',
  'clang',
  'cpu',
  'defines',
  'endianness',
  'includes',
  'vmlinux',
  'warnings',
] as const

const KNOWN: readonly string[] = [...COMPILING, 'int64']

export interface Configuration {
  compile: CompileOptions
  int64: 'bigint' | 'number' | undefined
  /** The package.json that says so, which is to be watched too. */
  file: string | undefined
}

/**
 * What holds for a file. What is given comes before what package.json says, whose relative paths begin at its own folder.
 *
 * @throws TypeError when package.json says what cannot be
 */
export async function configurationOf(path: string, given: ImportOptions): Promise<Configuration> {
  const field = await packageField(dirname(path))
  const options: ImportOptions = { ...field?.options, ...given }
  return { compile: pick(options), int64: options.int64, file: field?.file }
}

/**
 * @param others what is known besides, and was checked already
 * @throws EbpfError ERR_EBPF_UNKNOWN_NAME for an option that there is not
 */
export function checkOptions(options: ImportOptions, what: string, others: readonly string[] = []): void {
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) throw unknownName(what, name, [...KNOWN, ...others])
  }
  if (options.int64 !== undefined) int64Of(options.int64, `int64, an ${what},`)
}

function pick(options: ImportOptions): CompileOptions {
  return Object.fromEntries(COMPILING.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])))
}

interface PackageField {
  file: string
  options: ImportOptions
}

/** Of the nearest package.json, as Node looks for its field `type`. */
async function packageField(folder: string): Promise<PackageField | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, 'package.json')
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return fieldOf(file, text)
    if (dirname(at) === at) return undefined
  }
}

function fieldOf(file: string, text: string): PackageField | undefined {
  const field = (parsed(text) as { ebpf?: unknown } | null)?.ebpf
  if (field === undefined) return undefined
  if (typeof field !== 'object' || field === null || Array.isArray(field)) {
    throw invalidArgument(`the field ebpf of ${file} must be an object, not ${inspectBriefly(field)}`)
  }
  const options = { ...(field as ImportOptions) }
  checkOptions(options, `option in the field ebpf of ${file}`)
  const folder = dirname(file)
  if (Array.isArray(options.includes)) options.includes = options.includes.map((each) => from(folder, each))
  if (typeof options.vmlinux === 'string') options.vmlinux = resolve(folder, options.vmlinux)
  if (typeof options.cache === 'string') options.cache = resolve(folder, options.cache)
  // Who imports sees neither the options nor where they come from.
  try {
    settingsOf(pick(options))
  } catch (error) {
    throw invalidArgument(`the field ebpf of ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return { file, options }
}

/** What is no string is refused by the compiler's own check. */
function from(folder: string, path: string | URL): string | URL {
  return typeof path === 'string' ? resolve(folder, path) : path
}

/** A package.json that cannot be read is for others to complain of. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
