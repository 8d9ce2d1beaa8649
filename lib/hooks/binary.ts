/** The file that a probe of user space is placed in. */
import { accessSync, closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { constants as system } from 'node:os'
import { inspectBriefly, integer, nonEmptyString } from '../arguments.ts'
import { invalidArgument, kernelError } from '../errors.ts'

/**
 * A path, the name of a library such as `libc.so.6` or of a program such as `bash`, or what a process runs: its executable,
 * or a library that is mapped in it, also where it lies in another mount namespace (a container).
 */
export type Binary = string | ProcessBinary

/** What a process runs. */
export interface ProcessBinary {
  pid: number
  /** A library that the process has mapped, such as `libssl.so.3` or `libz.so.1`; its executable without one. */
  library?: string
}

const ENOENT = -system.errno.ENOENT
const ELF_MAGIC = '\x7fELF'

/** @throws TypeError or RangeError unless `binary` names one in one of the ways. */
export function checkBinary(binary: unknown): Binary {
  if (typeof binary === 'string') return nonEmptyString(binary, 'binary')
  if (typeof binary !== 'object' || binary === null || !('pid' in binary)) {
    throw invalidArgument(`binary must be a path, a name, or { pid, library }, not ${inspectBriefly(binary)}`)
  }
  const { pid, library } = binary as ProcessBinary
  const process = { pid: integer(pid, 'binary.pid', 1, 0x7fff_ffff) }
  return library === undefined ? process : { ...process, library: nonEmptyString(library, 'binary.library') }
}

/** A short text for messages, such as `libc.so.6`, or `libssl.so.3 of process 42`. */
export function describeBinary(binary: Binary): string {
  if (typeof binary === 'string') return binary
  return `${binary.library ?? 'the executable'} of process ${binary.pid}`
}

/**
 * The path of a checked binary. Names are looked up where libbpf looks (`resolve_full_path` of libbpf.c), which it does not do
 * for every kind of probe.
 *
 * @throws EbpfError ENOENT when there is none of that name, ESRCH when there is no such process, ENOEXEC when it is no ELF
 * file: the kernel would place a probe in any file, and the program would never run.
 */
export function resolveBinary(binary: Binary): string {
  const path = binaryPath(binary)
  requireElf(path, describeBinary(binary))
  return path
}

/**
 * The path alone, of whatever kind of file.
 *
 * @throws EbpfError ENOENT when there is none of that name, ESRCH when there is no such process
 */
export function binaryPath(binary: Binary): string {
  return typeof binary === 'string' ? namedPath(binary) : processPath(binary)
}

function namedPath(name: string): string {
  if (name.includes('/')) return name
  const isLibrary = name.endsWith('.so') || name.includes('.so.')
  const folders = isLibrary
    ? [process.env.LD_LIBRARY_PATH, '/usr/lib64:/usr/lib', architectureFolder()]
    : [process.env.PATH, '/usr/bin:/usr/sbin']
  const mode = isLibrary ? constants.R_OK : constants.R_OK | constants.X_OK
  const searched = folders.flatMap((list) => list?.split(':') ?? []).filter((folder) => folder !== '')
  for (const folder of searched) {
    const path = `${folder}/${name}`
    if (isFile(path, mode)) return path
  }
  throw kernelError(ENOENT, {
    operation: `looking for the binary '${name}'`,
    hint: `It is in none of ${[...new Set(searched)].join(', ')}; name it by its path.`,
  })
}

function isFile(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
  } catch {
    return false
  }
  return true
}

/** Where Debian and its descendants keep the libraries of an architecture. */
function architectureFolder(): string | undefined {
  const names: Record<string, string> = {
    x64: 'x86_64',
    ia32: 'i386',
    s390x: 's390x',
    arm64: 'aarch64',
    ppc64: 'powerpc64le',
    riscv64: 'riscv64',
  }
  const name = names[process.arch]
  return name === undefined ? undefined : `/lib/${name}-linux-gnu`
}

/** By links of /proc, which the kernel follows into the mount namespace of the process. */
function processPath({ pid, library }: ProcessBinary): string {
  if (library === undefined) {
    mapsOf(pid)
    return `/proc/${pid}/exe`
  }
  const mapped = mapsOf(pid).find(({ path }) => isVersionOf(path.replace(/ \(deleted\)$/, ''), library))
  if (mapped === undefined) {
    throw kernelError(ENOENT, {
      operation: `looking for the library '${library}' in process ${pid}`,
      hint: `Its mapped files are listed in /proc/${pid}/maps.`,
    })
  }
  // A file that was replaced, as by an upgrade of its package, is reachable only as the mapping that keeps it.
  return mapped.path.endsWith(' (deleted)')
    ? `/proc/${pid}/map_files/${mapped.range}`
    : `/proc/${pid}/root${mapped.path}`
}

/** The mapping is of the file itself, such as `libz.so.1.2.13`, whose symbolic link is `libz.so.1`. */
function isVersionOf(path: string, library: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name === library || name.startsWith(`${library}.`)
}

function mapsOf(pid: number): { range: string; path: string }[] {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/maps`, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const errno =
      code === 'ENOENT'
        ? system.errno.ESRCH
        : ((system.errno as Record<string, number>)[code ?? ''] ?? system.errno.EIO)
    throw kernelError(-errno, { operation: `reading what process ${pid} has mapped` })
  }
  return text.split('\n').flatMap((line) => {
    const [, range, path] = /^([0-9a-f]+-[0-9a-f]+) \S+ \S+ \S+ \d+ +(\/.*)$/.exec(line) ?? []
    return range === undefined || path === undefined ? [] : [{ range, path: path.replaceAll('\\012', '\n') }]
  })
}

/** Whether two paths are of one file, by whatever links. */
export function isSameFile(one: string, other: string): boolean {
  if (one === other) return true
  try {
    const [a, b] = [statSync(one), statSync(other)]
    return a.dev === b.dev && a.ino === b.ino
  } catch {
    return false
  }
}

/** A file that is not there, or must not be read, is left to the attach itself, which knows program and object. */
function requireElf(path: string, name: string): void {
  // libbpf's way to name a library inside of an Android package.
  if (path.includes('!/')) return
  let isElf: boolean
  try {
    // To open what is no file could do something: a named pipe waits, a watchdog starts.
    isElf = statSync(path).isFile() && startsWithMagic(path)
  } catch {
    return
  }
  if (isElf) return
  throw kernelError(-system.errno.ENOEXEC, {
    operation: 'placing a probe',
    hint: `${name} is not an ELF file, so it has no instructions that a probe could be placed on.`,
  })
}

function startsWithMagic(path: string): boolean {
  const fd = openSync(path, 'r')
  try {
    const magic = Buffer.alloc(ELF_MAGIC.length)
    return readSync(fd, magic, 0, magic.length, 0) === magic.length && magic.toString('latin1') === ELF_MAGIC
  } finally {
    closeSync(fd)
  }
}
