/** C to an object: clang, told all that it has to know. */
import { basename } from 'node:path'
import { invalidArgument } from '../errors.ts'
import { linkObjects } from '../link-objects.ts'
import { writeOutput } from '../system/output-file.ts'
import { type Clang, findClang } from './clang.ts'
import { CompileError } from './compile-error.ts'
import { probeCpu } from './cpu.ts'
import { Diagnostic, Sources } from './diagnostic.ts'
import { missingHeaders } from './missing-headers.ts'
import { type CompileOptions, type CpuVersion, pathOf, type Settings, settingsOf } from './options.ts'
import { type CompileOutcome, compileSource, type Job } from './run.ts'

export { CompileError } from './compile-error.ts'
export { Diagnostic, type DiagnosticData, type DiagnosticFix, type SourcePlace } from './diagnostic.ts'
export type { CompileOptions, CpuVersion } from './options.ts'

/** An object as {@link compile} makes it: `openObject` and `loadObject` take it as it is. */
export interface CompiledObject {
  /** The ELF file. */
  bytes: Uint8Array
  /** The file's name without `.bpf.c`, the object's in messages. */
  name: string
  /** Warnings. */
  diagnostics: readonly Diagnostic[]
  /** Absolute paths of the files that it was made of: the sources, and every header. */
  dependencies: readonly string[]
  /** Whether all of it was found among what was compiled before: then no compiler was run. */
  cached: boolean
  clang: { path: string; version: string }
  cpu: CpuVersion
}

/**
 * Compiles a BPF program in C, with clang 14 or newer: for this machine's kernel, with BTF, against the headers that come with this
 * package; `#include "vmlinux.h"` brings the running kernel's types. Several sources are linked to one object. What was compiled
 * before, with the same compiler, options and contents of files, comes from a cache.
 *
 * @param source a path or a file URL, or several
 * @throws CompileError when clang refuses it, with what it says as data
 * @throws EbpfError ERR_EBPF_CLANG when there is no clang that can; ERR_EBPF_LINKER when several sources do not fit together
 * @throws the error of `fs.readFile`, such as ENOENT with the path; the signal's reason when it was aborted
 */
export async function compile(
  source: string | URL | readonly (string | URL)[],
  options: CompileOptions = {},
): Promise<CompiledObject> {
  const paths = sourcePaths(source)
  const settings = settingsOf(options)
  if (paths.some((path) => path === settings.output)) {
    throw invalidArgument(`output must be another file than the source ${settings.output}`)
  }
  settings.signal?.throwIfAborted()
  const clang = await findClang(settings.clang)
  const cpu = cpuOf(settings, clang)
  const outcomes = await compileAll(paths, { clang, cpu, settings })
  const sources = new Sources()
  const diagnostics = outcomes.flatMap((each) => each.diagnostics.map((data) => new Diagnostic(data, sources)))
  const dependencies = [...new Set(outcomes.flatMap((each) => each.dependencies))]
  const images = outcomes.map(({ bytes }) => bytes).filter((image) => image !== undefined)
  if (images.length < paths.length) {
    const missing = missingHeaders(diagnostics, settings.folders.own)
    throw new CompileError(paths, diagnostics, [...new Set([...dependencies, ...missing])])
  }
  const bytes = await link(images, paths, settings.strip)
  if (settings.output !== undefined) await writeOutput(settings.output, bytes)
  return {
    bytes,
    name: objectName(settings.output ?? (paths[0] as string)),
    diagnostics,
    dependencies,
    cached: outcomes.every(({ cached }) => cached),
    clang: { path: clang.path, version: clang.version },
    cpu,
  }
}

/** Of another machine nothing is known here: what every kernel of the last years knows. */
function cpuOf({ cpu, foreign }: Settings, clang: Clang): CpuVersion {
  if (cpu !== 'probe') return cpu
  return foreign ? 'v3' : probeCpu(clang)
}

function sourcePaths(source: string | URL | readonly (string | URL)[]): string[] {
  if (!Array.isArray(source)) return [pathOf(source, 'source')]
  if (source.length === 0) throw invalidArgument('source must be at least one path')
  const paths = source.map((each: unknown, index) => pathOf(each, `source[${index}]`))
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  if (twice !== undefined) throw invalidArgument(`source must have each file once, not ${twice} twice`)
  return paths
}

/** What fails is told when nothing runs any more. */
async function compileAll(paths: readonly string[], job: Job): Promise<CompileOutcome[]> {
  const results = await Promise.allSettled(paths.map(async (path) => await compileSource(path, job)))
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

async function link(images: readonly Uint8Array[], paths: readonly string[], strip: boolean): Promise<Uint8Array> {
  const [only] = images
  if (images.length === 1 && only !== undefined && !strip) return only
  return await linkObjects(images, { names: paths.map((path) => basename(path)) })
}

function objectName(path: string): string {
  return basename(path).replace(/(\.bpf)?\.[co]$/, '') || 'object'
}
