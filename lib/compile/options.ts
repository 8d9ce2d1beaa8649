/** How a source is compiled: what callers may say, and what clang is told. */
import { endianness } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { boolean, inspectBriefly, nonEmptyString, optionsObject } from '../arguments.ts'
import { invalidArgument, unknownName } from '../errors.ts'
import { architectureOf, defaultCache, INCLUDE, type KernelTypes, systemFolders } from './headers.ts'

/** Versions of the instruction set; `probe` is the newest that clang and the running kernel know. */
export type CpuVersion = 'v1' | 'v2' | 'v3' | 'v4'

/** Options of {@link compile}. */
export interface CompileOptions {
  /** Name or path of clang, 14 or newer; by default what `EBPF_CLANG` names, or the newest that is found. */
  clang?: string
  /**
   * The instruction set. `probe`, the default, takes the newest that clang and the running kernel know. An object for other machines
   * wants a fixed one: `v3` is known by Linux 5.1 and newer, `v4` by 6.6 and clang 18. It is `v3` for another architecture, byte order,
   * or kernel (`vmlinux`).
   */
  cpu?: CpuVersion | 'probe'
  /** Macros: `true` is `-DNAME`, `false` is `-UNAME`. */
  defines?: Readonly<Record<string, string | number | boolean>>
  /** Folders in which headers are looked for before those of the package and of the system. */
  includes?: readonly (string | URL)[]
  /** Warnings by clang's names, without `-W`: `['all', 'extra', 'no-unused-function', 'error']`; `['all']` by default. `false` is none. */
  warnings?: readonly string[] | false
  /**
   * The kernel whose types `#include "vmlinux.h"` brings, where no folder has such a file: the running one by default, a file
   * or bytes of BTF (or of an ELF file with it), `false` for none.
   */
  vmlinux?: string | URL | Uint8Array | false
  /** BTF, which all that has types needs; on by default. */
  debug?: boolean
  /**
   * Leaves out what only debuggers read (DWARF), most of the object of a source with vmlinux.h; BTF stays. Off by default, always on for
   * several sources.
   */
  strip?: boolean
  /** The machine whose registers `bpf_tracing.h` reads: Node's name or the kernel's; this one by default. */
  architecture?: string
  /** The byte order of that machine; this one's by default. */
  endianness?: 'little' | 'big'
  /** More arguments for clang. What options say, and what decides on the outputs, is refused: `-mcpu`, `-o`, `-S`, … */
  args?: readonly string[]
  /** Where results are kept: the user's cache by default, another folder, or `false` for nowhere. */
  cache?: boolean | string
  /** The object is also written to this file, in one step. */
  output?: string | URL
  /** Ends clang; the promise is rejected with the signal's reason. */
  signal?: AbortSignal
}

const KNOWN = [
  'clang',
  'cpu',
  'defines',
  'includes',
  'warnings',
  'vmlinux',
  'debug',
  'strip',
  'architecture',
  'endianness',
  'args',
  'cache',
  'output',
  'signal',
]

/** Options, checked and whole: read once, whatever getters do. */
export interface Settings {
  clang: string | undefined
  cpu: CpuVersion | 'probe'
  /** Whether it is for another machine than this one. */
  foreign: boolean
  kernel: KernelTypes
  cache: string | undefined
  strip: boolean
  output: string | undefined
  signal: AbortSignal | undefined
  /** What clang is told before the headers of package and system, but for the CPU. */
  flags: readonly string[]
  /** Those of {@link flags} that the caller has written. */
  args: readonly string[]
  /** Folders in the order in which clang looks at them, but for its own. */
  folders: Folders
}

export interface Folders {
  own: readonly string[]
  package: readonly string[]
  /** After all others. */
  system: readonly string[]
}

export function settingsOf(options: CompileOptions): Settings {
  const given = { ...optionsObject(options) }
  for (const field of Object.keys(given))
    if (!KNOWN.includes(field)) throw unknownName('option of compile', field, KNOWN)
  const architecture = architectureOf(given.architecture ?? process.arch)
  const order = byteOrder(given.endianness ?? OWN_ORDER)
  const kernel = kernelTypes(given.vmlinux)
  const args = list(given.args ?? [], 'args').map((arg, index) => clangArgument(arg, `args[${index}]`))
  const own = list(given.includes ?? [], 'includes').map((folder, index) => pathOf(folder, `includes[${index}]`))
  return {
    clang: given.clang === undefined ? undefined : nonEmptyString(given.clang, 'clang'),
    cpu: oneOf(given.cpu ?? 'probe', 'cpu', ['probe', 'v1', 'v2', 'v3', 'v4']),
    foreign:
      architecture !== architectureOf(process.arch) ||
      order !== byteOrder(OWN_ORDER) ||
      (kernel !== undefined && kernel !== false),
    kernel,
    cache: args.some((arg) => READS_ELSEWHERE.test(arg)) ? undefined : cacheOf(given.cache ?? true),
    strip: given.strip === undefined ? false : boolean(given.strip, 'strip'),
    output: given.output === undefined ? undefined : pathOf(given.output, 'output'),
    signal: signalOf(given.signal),
    args,
    flags: [
      ...((given.debug === undefined ? true : boolean(given.debug, 'debug')) ? ['-g'] : []),
      '-O2',
      `--target=bpf${order}`,
      `-D__TARGET_ARCH_${architecture.target}`,
      // Where distributions turn it on by default: programs have no place for such functions.
      '-fno-stack-protector',
      ...warningFlags(given.warnings ?? ['all']),
      ...own.flatMap((folder) => ['-I', folder]),
      ...defineFlags(given.defines ?? {}),
      ...args,
    ],
    folders: {
      own: [...own, ...includedBy(args), ...variableFolders()].map((folder) => resolve(folder)),
      // Kernel headers of the same age as libbpf come before the distribution's, which may be years older.
      package: [INCLUDE, resolve(INCLUDE, 'uapi')],
      system: [...systemFolders(architecture), resolve(INCLUDE, 'fallback')],
    },
  }
}

/** What clang is told to make an object of a source. */
export function clangArguments({ flags, folders }: Settings, cpu: CpuVersion): string[] {
  return [
    ...flags,
    `-mcpu=${cpu}`,
    ...folders.package.flatMap((folder) => ['-isystem', folder]),
    ...folders.system.flatMap((folder) => ['-idirafter', folder]),
  ]
}

const OWN_ORDER = endianness() === 'LE' ? 'little' : 'big'

/** As it is in the name of clang's target. */
function byteOrder(name: unknown): string {
  return oneOf(name, 'endianness', ['little', 'big']) === 'little' ? 'el' : 'eb'
}

function warningFlags(warnings: readonly string[] | false): string[] {
  if (warnings === false) return ['-w']
  return list(warnings, 'warnings').map((warning, index) => {
    const name = nonEmptyString(warning, `warnings[${index}]`)
    if (name.startsWith('-')) throw invalidArgument(`warnings[${index}] must be a name without -W, not '${name}'`)
    return `-W${name}`
  })
}

function defineFlags(defines: NonNullable<CompileOptions['defines']>): string[] {
  return Object.entries(optionsObject(defines, 'defines')).map(([name, value]) => {
    if (!/^[A-Za-z_$][\w$]*(\([^)]*\))?$/.test(name)) {
      throw invalidArgument(`defines must have names of macros, not ${inspectBriefly(name)}`)
    }
    if (typeof value === 'boolean') return value ? `-D${name}` : `-U${name}`
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw invalidArgument(`defines.${name} must be a string, a number or a boolean, not ${inspectBriefly(value)}`)
    }
    const text = String(value)
    if (/[\0\n]/.test(text)) throw invalidArgument(`defines.${name} must be one line without NUL`)
    return `-D${name}=${text}`
  })
}

/** What clang makes, of what and for which machine. Where it is not an object, nobody could tell from the result. */
const OWN_ARGUMENTS =
  /^(?:-[cSE]|-o.*|-emit-.*|-fsyntax-only|-M(?!V$).*|-serialize-diagnostics|--?target(?:=.*)?|-mcpu=.*|-x.*|-###|--version)$/

function clangArgument(given: unknown, argument: string): string {
  const text = nonEmptyString(given, argument)
  if (!OWN_ARGUMENTS.test(text)) return text
  throw invalidArgument(`${argument} must leave what clang makes, and of what, to the options: not ${text}`)
}

/** Arguments whose files clang does not tell of: nothing that they take part in is kept. */
const READS_ELSEWHERE =
  /^(?:@|--?config|--?sysroot|-isysroot|-iprefix|-iwithprefix|-ivfsoverlay|-vfsoverlay|-B|-resource-dir|-X|-W[pa],)/

const INCLUDES = /^(?:-I|-iquote|-isystem|-idirafter|--include-directory=?|-cxx-isystem)/

/** Folders of -I and the like among arguments. */
function includedBy(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const option = INCLUDES.exec(arg)?.[0]
    if (option === undefined) return []
    return arg === option ? args.slice(index + 1, index + 2) : [arg.slice(option.length)]
  })
}

function variableFolders(): string[] {
  return [process.env.CPATH, process.env.C_INCLUDE_PATH].flatMap((list) => (list ?? '').split(':').filter(Boolean))
}

function kernelTypes(given: unknown): KernelTypes {
  if (given === undefined || given === false) return given
  // Whoever owns the bytes may change them meanwhile.
  return types.isUint8Array(given) ? given.slice() : pathOf(given, 'vmlinux')
}

function cacheOf(given: boolean | string): string | undefined {
  if (typeof given === 'string') return resolve(nonEmptyString(given, 'cache'))
  return boolean(given, 'cache') ? defaultCache() : undefined
}

function signalOf(given: unknown): AbortSignal | undefined {
  if (given === undefined || given instanceof AbortSignal) return given
  throw invalidArgument(`signal must be an AbortSignal, not ${inspectBriefly(given)}`)
}

/** An absolute path. */
export function pathOf(given: unknown, argument: string): string {
  if (given instanceof URL) return fileURLToPath(given)
  if (typeof given !== 'string') {
    throw invalidArgument(`${argument} must be a path or a file URL, not ${inspectBriefly(given)}`)
  }
  return resolve(nonEmptyString(given, argument))
}

function list<T>(given: readonly T[], argument: string): readonly T[] {
  if (!Array.isArray(given)) throw invalidArgument(`${argument} must be an array, not ${inspectBriefly(given)}`)
  return [...given]
}

function oneOf<T extends string>(given: unknown, argument: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === given)
  if (found !== undefined) return found
  throw invalidArgument(`${argument} must be one of ${allowed.join(', ')}, not ${inspectBriefly(given)}`)
}
