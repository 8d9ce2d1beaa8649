/** One source, compiled by clang, or found among what was compiled before. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { EbpfError, invalidArgument } from '../errors.ts'
import { runCommand } from '../system/subprocess.ts'
import { absolutePath } from './absolute-path.ts'
import type { Clang } from './clang.ts'
import { parseDependencies } from './dependencies.ts'
import { type DiagnosticData, parseDiagnostics } from './diagnostic.ts'
import { headerSource, vmlinuxFolder } from './headers.ts'
import { cacheKey, type Compiled, keepObject, recallObject } from './object-cache.ts'
import { clangArguments, type CpuVersion, type Settings } from './options.ts'
import { unfilledPointers } from './unfilled-pointers.ts'

/** How a source is compiled. */
export interface Job {
  clang: Clang
  cpu: CpuVersion
  settings: Settings
}

/** What came of it: an object, or only what clang says against it. */
export interface CompileOutcome extends Omit<Compiled, 'bytes'> {
  bytes?: Uint8Array
  /** Whether no compiler was run. */
  cached: boolean
}

/** Where clang looks by itself, but for its own headers. */
const DEFAULT_FOLDERS = ['/usr/local/include', '/usr/include']

/** What clang also looks at. */
const VARIABLES = ['CPATH', 'C_INCLUDE_PATH', 'CCC_OVERRIDE_OPTIONS', 'SOURCE_DATE_EPOCH', 'LC_ALL', 'LANG']

/** @throws the error of `fs.readFile` when there is no such source */
export async function compileSource(source: string, job: Job): Promise<CompileOutcome> {
  const { clang, cpu, settings } = job
  const { cache, signal, folders } = settings
  const args = clangArguments(settings, cpu)
  const content = await readFile(source).catch((error: NodeJS.ErrnoException) => {
    // Node does not say which one.
    throw error.code === 'EISDIR' ? invalidArgument(`${source} is a folder, not a source in C`) : error
  })
  if (isElf(content)) throw invalidArgument(`${source} is compiled already: it is an object, not a source in C`)
  signal?.throwIfAborted()
  const told = [
    clang.identity,
    process.cwd(),
    source,
    ...VARIABLES.map((name) => `${name}=${process.env[name]}`),
    ...args,
  ]
  const key = cacheKey([...told, String(settings.kernel === false)], content)
  const kept =
    cache === undefined ? undefined : await recallObject(cache, key, async () => await kernelIdentity(settings))
  if (kept !== undefined) return { ...kept, cached: true }

  const work = await mkdtemp(join(tmpdir(), 'ebpf-compile-'))
  try {
    const { ctimeMs: begun } = await stat(work)
    const outcome = await compileIn(work, source, args, job)
    const { bytes } = outcome
    if (bytes !== undefined && cache !== undefined) {
      const others = [...folders.package, ...DEFAULT_FOLDERS, ...folders.system]
      await keepObject(cache, key, { ...outcome, bytes }, { own: folders.own, others }, content, begun)
    }
    return outcome
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function compileIn(work: string, source: string, args: readonly string[], job: Job): Promise<CompileOutcome> {
  const first = await runClang(work, source, args, job)
  const { kernel, cache } = job.settings
  if (first.bytes !== undefined || kernel === false || !lacksVmlinux(first.diagnostics)) return first
  // Only now is it known that the source wants it, and that no folder has one.
  const types = await headerSource(kernel).catch((error: unknown) => {
    if (error instanceof EbpfError && error.code === 'ERR_EBPF_KERNEL') return undefined
    throw error
  })
  if (types === undefined) return first
  const folder = await vmlinuxFolder(types, cache, work)
  const second = await runClang(work, source, [...args, '-idirafter', folder], job)
  // It follows from the types: nobody edits it.
  const dependencies = second.dependencies.filter((file) => !file.startsWith(`${folder}/`))
  return { ...second, dependencies, vmlinux: types.identity }
}

async function kernelIdentity({ kernel }: Settings): Promise<string | undefined> {
  return kernel === false ? undefined : (await headerSource(kernel)).identity
}

function lacksVmlinux(diagnostics: readonly DiagnosticData[]): boolean {
  return diagnostics.some(({ message }) => message === "'vmlinux.h' file not found")
}

async function runClang(work: string, source: string, args: readonly string[], job: Job): Promise<CompileOutcome> {
  const object = join(work, 'object')
  const rule = join(work, 'dependencies')
  const words = join(work, 'diagnostics')
  const outputs = ['-serialize-diagnostics', words, '-MD', '-MF', rule, '-MT', 'object', '-o', object]
  const all = [...args, ...outputs, '-c', '-x', 'c', source]
  const { code, stderr } = await inTurn(
    async () => await runCommand(job.clang.path, all, { signal: job.settings.signal }),
  )
  const diagnostics = await readDiagnostics(words)
  if (code !== 0 && !diagnostics.some(({ severity }) => severity === 'error')) {
    diagnostics.push(crash(source, code, stderr))
  }
  const read = filesOf(await readFile(rule, 'utf8').catch(() => ''), source)
  if (code !== 0) return { diagnostics, ...read, cached: false }
  const bytes = await readFile(object).catch(() => Buffer.alloc(0))
  if (isElf(bytes)) {
    if (!args.includes('-w')) diagnostics.push(...unfilledPointers(bytes).map((name) => unfilled(source, name)))
    return { bytes: new Uint8Array(bytes), diagnostics, ...read, cached: false }
  }
  // An argument has it make something else, such as -flto, or nothing, such as --help.
  diagnostics.push(failure(source, `clang was told to make no object: ${job.settings.args.join(' ')}`))
  return { diagnostics, ...read, cached: false }
}

function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
}

let running = 0
const waiting: (() => void)[] = []

/** As many compilers at once as there are cores, whoever asks for them: a build tool may ask for hundreds. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= availableParallelism()) await new Promise<void>((resolve) => waiting.push(resolve))
  else running++
  try {
    return await work()
  } finally {
    // Its place goes to the next one.
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}

/** A name that the rule cannot hold comes out as one that is not there: its file is not known. */
function filesOf(rule: string, source: string): Pick<Compiled, 'dependencies' | 'complete'> {
  const folder = process.cwd()
  const named = new Set(parseDependencies(rule).map((file) => absolutePath(file, folder)))
  const files = [...named].filter((file) => existsSync(file))
  return { dependencies: [source, ...files.filter((file) => file !== source)], complete: files.length === named.size }
}

/** clang that ends in the middle leaves none, or a part of the file. */
async function readDiagnostics(path: string): Promise<DiagnosticData[]> {
  try {
    return parseDiagnostics(await readFile(path), process.cwd())
  } catch {
    return []
  }
}

/** What clang says only to people: errors of its code generator, and its own. */
function crash(file: string, code: number | null, stderr: string): DiagnosticData {
  const words = stderr.trim()
  return failure(file, words === '' ? `clang ended with ${code === null ? 'a signal' : `code ${code}`}` : words)
}

function unfilled(source: string, name: string): DiagnosticData {
  const what = name === '' ? 'a constant' : `'${name}'`
  const message = `${what} holds an address of another variable, which is 0 when the program runs: nothing relocates data; use an array in the place of the pointer, such as char [][16] for strings`
  return { ...failure(source, message), severity: 'warning' }
}

/** Of the file as a whole. */
function failure(file: string, message: string): DiagnosticData {
  return { severity: 'error', file, line: 0, column: 0, length: 1, message, includedFrom: [], notes: [], fixes: [] }
}
