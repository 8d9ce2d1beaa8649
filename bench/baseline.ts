/** The C side of the comparisons: bench/baseline/*.c over the libbpf that the addon is built with. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { libbpfVersion } from 'ebpf'
import { built, root, sources } from './places.ts'

/** Times are nanoseconds of the whole call. What fails throws the errno's words. See bench/baseline/baseline.h. */
export interface Baseline {
  mapLookup(mapFd: number, keys: Uint32Array): number
  mapMiss(mapFd: number, keys: Uint32Array): number
  mapUpdate(mapFd: number, keys: Uint32Array): number
  mapDelete(mapFd: number, keys: Uint32Array): number
  mapFill(mapFd: number, keys: Uint32Array): number
  mapDump(mapFd: number, entries: number): number
  mapCounter(mapFd: number, reads: number): number
  programFill(programFd: number, records: number): number
  programProduce(programFd: number, times: number, intervalNs: number): Promise<void>
  /** What the calling thread has had of a CPU. */
  threadCpuTime(): number
  ringOpen(mapFd: number): number
  ringClose(): number
  ringDrain(records: number): number
  ringLatency(mapFd: number, latencies: Float64Array): Promise<void>
  objectLoad(path: string): number
  typesFind(path: string): number
  typesWalk(path: string): number
}

const require = createRequire(import.meta.url)
const sourceFolder = join(sources, 'baseline')
const compiled = join(built, `baseline-${libbpfVersion}.node`)

export function loadBaseline(): Baseline {
  return require(compiled) as Baseline
}

/** Compiles the C side unless that was done before. */
export function buildBaseline(): void {
  const files = readdirSync(sourceFolder).map((file) => join(sourceFolder, file))
  const napi = (require('node-api-headers') as { include_dir: string }).include_dir
  const { flags, libraries } = libbpfFlags()
  const args = [
    ...['-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-DNAPI_VERSION=9'],
    ...['-fPIC', '-fvisibility=hidden', '-shared', '-isystem', napi, ...flags],
    ...files.filter((file) => file.endsWith('.c')),
    // Node's process has one more libbpf in it, the addon's: each keeps to its own.
    ...[...libraries, '-Wl,--exclude-libs,ALL', '-Wl,-Bsymbolic', '-o', compiled],
  ]
  const hash = createHash('sha256').update(args.join('\0'))
  for (const file of files) hash.update(readFileSync(file))
  const state = hash.digest('hex')
  const stamp = `${compiled}.stamp`
  if (existsSync(compiled) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return
  execFileSync(process.env.CC ?? 'cc', args, { stdio: ['ignore', 2, 'inherit'] })
  writeFileSync(stamp, state)
}

/** Either the libbpf that scripts/libbpf.mjs keeps, or the system's: whichever the addon has. */
function libbpfFlags(): { flags: string[]; libraries: string[] } {
  const system = systemFlags()
  if (system !== undefined) return system
  const folder = output(process.execPath, [join(root, 'scripts/libbpf.mjs')])
  return {
    flags: ['-isystem', join(folder, 'include'), '-isystem', join(folder, 'include/uapi')],
    libraries: [join(folder, 'lib/libbpf.a'), join(folder, 'lib/libelf.a'), '-l:libz.a'],
  }
}

/** `undefined` unless the system has the addon's version, of which it tells the first two numbers. */
function systemFlags(): { flags: string[]; libraries: string[] } | undefined {
  const ask = (option: string): string[] =>
    output('pkg-config', [option, 'libbpf'])
      .split(/\s+/)
      .filter((word) => word !== '')
  try {
    if (!`${ask('--modversion')[0]}.`.startsWith(`${libbpfVersion}.`)) return undefined
    return { flags: ask('--cflags'), libraries: ask('--libs') }
  } catch {
    return undefined
  }
}

function output(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
