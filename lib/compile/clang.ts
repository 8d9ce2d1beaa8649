/** Which clang compiles. */
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { open, readFile, realpath, stat } from 'node:fs/promises'
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { ruleError } from '../errors.ts'
import { writeWhole } from '../system/cache-folder.ts'
import { ownCacheFolder } from './own-cache.ts'

const run = promisify(execFile)

/** The first whose BPF code the oldest supported kernels and our headers agree on. */
export const OLDEST_CLANG = 14

export interface Clang {
  path: string
  /** Such as `14.0.6`. */
  version: string
  major: number
  /** Whatever changes when another program is at this path. */
  identity: string
}

/**
 * The clang that is named, or that `EBPF_CLANG` names, or the newest one here that can compile for BPF: in the folders of
 * PATH and where distributions keep theirs.
 *
 * @throws EbpfError ERR_EBPF_CLANG when there is none, with what was looked at and the command that installs one
 */
export async function findClang(named: string | undefined = process.env.EBPF_CLANG || undefined): Promise<Clang> {
  if (named !== undefined) return await theOne(named)
  const found = await distinct(candidates())
  const passedOver: string[] = []
  const described = await Promise.all(found.map(describe))
  const usable = described
    .filter((clang): clang is Clang => {
      if (typeof clang === 'string') passedOver.push(clang)
      return typeof clang !== 'string'
    })
    .sort((a, b) => compareVersions(b.version, a.version))
  const [newest] = usable
  if (newest !== undefined) return newest
  throw missing(`no clang ${OLDEST_CLANG} or newer that can compile for BPF`, passedOver)
}

async function theOne(named: string): Promise<Clang> {
  const paths = named.includes('/') ? [resolve(named)] : searchPath().map((folder) => join(folder, named))
  const [path] = await distinct(paths)
  if (path === undefined) throw missing(`${named}, which is to compile, is not there`, [])
  const clang = await describe(path)
  if (typeof clang === 'string') throw missing(`${named} cannot compile for BPF`, [clang])
  return clang
}

/** Newer ones are often there under their number alone, and Debian's also beside what is in PATH. */
function candidates(): string[] {
  const inPath = searchPath().flatMap((folder) => namesIn(folder, /^clang(-\d+)?$/).map((name) => join(folder, name)))
  const llvm = ['/usr/lib', '/usr/lib64'].flatMap((folder) =>
    namesIn(folder, /^llvm-?\d+$/).map((name) => join(folder, name, 'bin/clang')),
  )
  return [...inPath, ...llvm]
}

function searchPath(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  return [...new Set(folders)]
}

function namesIn(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name))
  } catch {
    return []
  }
}

/** Those that are there, each program once, however many names it has. */
async function distinct(paths: readonly string[]): Promise<string[]> {
  const programs = new Map<string, string>()
  for (const path of paths) {
    const target = await realpath(path).catch(() => undefined)
    if (target === undefined) continue
    // What links lead to may be ccache(1), which looks at the name that it is called by.
    const program = basename(target).startsWith('clang') ? target : path
    if (!programs.has(program)) programs.set(program, path)
  }
  return [...programs.values()]
}

/** What is known of programs by their identity: in this process, and from earlier ones. */
const known = new Map<string, Promise<Clang | string>>()

/** A sentence when it cannot be used. */
async function describe(path: string): Promise<Clang | string> {
  const target = await realpath(path)
  const { size, mtimeMs, ctimeMs } = await stat(target)
  const identity = [path, target, size, mtimeMs, ctimeMs].join('|')
  const asked = known.get(identity) ?? recall(path, identity, target)
  known.set(identity, asked)
  const clang = await asked
  // What could not be started now may be another time.
  if (typeof clang === 'string') known.delete(identity)
  return clang
}

/** Scripts and ccache(1) stay what they are when the compiler behind them becomes another one. */
async function isCompiler(target: string): Promise<boolean> {
  const file = await open(target)
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2)
    return basename(target).startsWith('clang') && buffer.toString('latin1') !== '#!'
  } finally {
    await file.close()
  }
}

async function recall(path: string, identity: string, target: string): Promise<Clang | string> {
  const lasting = await isCompiler(target)
  const version = lasting ? (await readKept())[identity] : undefined
  if (typeof version === 'string' && /^\d+\.\d+\.\d+$/.test(version)) return clangOf(path, version, identity)
  const clang = await ask(path, identity)
  if (lasting && typeof clang !== 'string') await keep(identity, clang.version)
  return clang
}

async function ask(path: string, identity: string): Promise<Clang | string> {
  const words = await output(path, ['--version'])
  const version = /clang version (\d+)\.(\d+)\.(\d+)/.exec(words)?.slice(1, 4).join('.')
  if (version === undefined) return `${path} does not say what clang's version is`
  const clang = clangOf(path, version, identity)
  if (clang.major < OLDEST_CLANG) return `${path} is clang ${version}`
  // Those that come with toolchains for something else are built for that alone.
  if (!/^\s*bpf\s/m.test(await output(path, ['--print-targets']))) {
    return `${path} is clang ${version}, built without the target bpf`
  }
  return clang
}

async function output(path: string, args: readonly string[]): Promise<string> {
  return await run(path, args).then(
    ({ stdout }) => stdout,
    () => '',
  )
}

function clangOf(path: string, version: string, identity: string): Clang {
  return { path, version, major: Number.parseInt(version, 10), identity: `${identity}|${version}` }
}

function compareVersions(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

function keptFile(): string {
  const file = ownCacheFolder('clang.json')
  if (file === undefined) throw new Error('there is no folder for it')
  return file
}

async function readKept(): Promise<Record<string, unknown>> {
  try {
    const kept: unknown = JSON.parse(await readFile(keptFile(), 'utf8'))
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** Of the most recent ones: upgrades leave old ones behind. Where it cannot be written, the next process asks again. */
async function keep(identity: string, version: string): Promise<void> {
  try {
    const entries = Object.entries({ ...(await readKept()), [identity]: version }).slice(-20)
    await writeWhole(keptFile(), JSON.stringify(Object.fromEntries(entries)))
  } catch {}
}

/** By the `ID` and `ID_LIKE` of os-release(5). */
const INSTALL: Readonly<Record<string, string>> = {
  debian: 'apt-get install clang',
  ubuntu: 'apt-get install clang',
  fedora: 'dnf install clang',
  rhel: 'dnf install clang',
  alpine: 'apk add clang',
  arch: 'pacman -S clang',
  suse: 'zypper install clang',
  opensuse: 'zypper install clang',
  gentoo: 'emerge llvm-core/clang',
  nixos: 'nix-env -iA nixos.clang',
}

/** The command for this distribution, or what to install where that is not known. */
export function installCommand(release: string = osRelease()): string {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(release)?.[1] ?? ''
  const distributions = `${field('ID')} ${field('ID_LIKE')}`.split(' ')
  const command = distributions.map((name) => INSTALL[name]).find((each) => each !== undefined)
  return command === undefined ? 'Install clang.' : `Install one: ${command}`
}

function osRelease(): string {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return readFileSync(path, 'utf8')
    } catch {}
  }
  return ''
}

function missing(what: string, passedOver: readonly string[]): Error {
  const places = [...searchPath(), '/usr/lib/llvm-*/bin']
  const details = passedOver.length > 0 ? passedOver : [`looked for clang and clang-<number> in ${places.join(', ')}`]
  return ruleError('ERR_EBPF_CLANG', [what, ...details].join('\n    '), {
    operation: 'finding clang',
    hint: `Name one by EBPF_CLANG or the option clang. ${installCommand()}`,
  })
}
