/** `ebpf compile`: C sources to an object. */
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { CompileError, type CompileOptions, type CompiledObject, compile, type Diagnostic } from '../compile/index.ts'
import { invalidArgument } from '../errors.ts'
import { reportFailure } from './failure.ts'
import { untilInterrupted } from './interruption.ts'
import { watchFiles } from './watch.ts'

interface Flags {
  output?: string
  includes: string[]
  defines: string[]
  undefines: string[]
  warnings: string[]
  cpu: string
  machine?: string
  optimize?: string
  debug: boolean
  strip: boolean
  clang?: string
  vmlinux: string | boolean
  architecture?: string
  endianness?: 'little' | 'big'
  cache: string | boolean
  jsonDiagnostics: boolean
  watch: boolean
}

/** As clang has it. */
const STDOUT = '-'

const collect = (value: string, all: string[]): string[] => [...all, value]

export function define(command: Command): void {
  command
    .argument('<sources...>', 'C sources; several are linked to one object. What follows -- is for clang')
    .option(
      '-o, --output <file>',
      'the object, - for the standard output; x.bpf.o here for x.bpf.c, to be named for several sources',
    )
    .option('-I, --includes <folder>', 'look there for headers first', collect, [])
    .option('-D, --defines <macro[=value]>', 'define a macro', collect, [])
    .option('-U, --undefines <macro>', 'undefine a macro', collect, [])
    .option('-W, --warnings <name>', "warnings by clang's names, all by default: -Wextra -Werror", collect, [])
    .option('--cpu <version>', 'instruction set: v1 to v4; probe is the newest of clang and this kernel', 'probe')
    .option('-m, --machine <cpu=version>', 'the same as clang has it: -mcpu=v3')
    .option('-O, --optimize <level>', "clang's level of optimization; 2 by default")
    .option('-g', 'is always on, for BTF')
    .option('--no-debug', 'without BTF')
    .option('--strip', 'without what only debuggers read; BTF stays', false)
    .option('--clang <program>', 'the compiler; else what EBPF_CLANG names, or the newest that is found')
    .option('--vmlinux <file>', 'take the types of vmlinux.h from this file of BTF, not from the running kernel')
    .option('--no-vmlinux', 'make no vmlinux.h')
    .option('--architecture <name>', 'of the machine that it is for, such as arm64')
    .option('--endianness <order>', 'of the machine that it is for: little or big')
    .option('--cache <folder>', 'keep what was compiled there')
    .option('--no-cache', 'compile also what was compiled before')
    .option('--json-diagnostics', 'print what clang says as JSON, to the standard output', false)
    .option('--watch', 'compile again whenever a source or a header changes', false)
    .addHelpText('after', '\nExample: ebpf compile opensnoop.bpf.c -o build/opensnoop.bpf.o -- -ffast-math')
    .action(async (operands: string[], flags: Flags) => {
      const { sources, args } = split(operands, process.argv)
      const toStdout = flags.output === STDOUT
      if (toStdout && (flags.jsonDiagnostics || flags.watch)) {
        throw invalidArgument('the standard output is for the object alone: no --json-diagnostics, no --watch')
      }
      await untilInterrupted(async (signal) => {
        const job = {
          sources,
          options: { ...optionsOf(sources, flags, args), signal },
          json: flags.jsonDiagnostics,
          toStdout,
          signal,
        }
        if (!flags.watch) await run(job)
        else await runAgain(job)
      })
    })
}

interface CompileJob {
  sources: string[]
  options: CompileOptions
  json: boolean
  toStdout: boolean
  signal: AbortSignal
}

/** commander joins what stands before -- with what stands after it. */
function split(operands: readonly string[], argv: readonly string[]): { sources: string[]; args: string[] } {
  const dashes = argv.indexOf('--')
  const after = dashes < 0 ? 0 : argv.length - dashes - 1
  const count = operands.length - after
  return { sources: operands.slice(0, count), args: operands.slice(count) }
}

function optionsOf(sources: readonly string[], flags: Flags, args: readonly string[]): CompileOptions {
  const { includes, clang, architecture, endianness, cache, debug, strip, vmlinux, optimize } = flags
  const warnings = flags.warnings.length > 0 ? ['all', ...flags.warnings] : undefined
  return {
    includes,
    debug,
    strip,
    cpu: cpuOf(flags) as NonNullable<CompileOptions['cpu']>,
    defines: Object.fromEntries([
      ...flags.defines.map((define) => definition(define)),
      ...flags.undefines.map((name) => [name, false] as const),
    ]),
    ...(flags.output !== STDOUT && { output: flags.output ?? outputOf(sources) }),
    cache,
    args: [...(optimize === undefined ? [] : [`-O${optimize}`]), ...args],
    ...(warnings !== undefined && { warnings }),
    ...(clang !== undefined && { clang }),
    ...(vmlinux !== true && { vmlinux }),
    ...(architecture !== undefined && { architecture }),
    ...(endianness !== undefined && { endianness }),
  }
}

function cpuOf({ cpu, machine }: Flags): string {
  if (machine === undefined) return cpu
  const version = /^cpu=(.+)$/.exec(machine)?.[1]
  if (version === undefined) throw invalidArgument(`-m${machine} is not known here: put it after --`)
  return version
}

function definition(text: string): readonly [string, string | true] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text, true] : [text.slice(0, equals), text.slice(equals + 1)]
}

/** As clang names what it compiles: in the working directory. */
function outputOf([source = '', ...others]: readonly string[]): string {
  if (others.length > 0) throw invalidArgument('several sources are linked to one object: name it by --output')
  return `${basename(source).replace(/\.c$/, '')}.o`
}

/** What fails may be put right by the next change. */
async function runAgain(job: CompileJob): Promise<void> {
  let files: readonly string[] = job.sources.map((source) => resolve(source))
  const again = async (): Promise<readonly string[]> => {
    try {
      files = await run(job)
    } catch (error) {
      if (error === job.signal.reason) return files
      reportFailure(error)
    }
    const time = new Date().toTimeString().slice(0, 8)
    process.stderr.write(
      `${time} waiting for a change of ${files.length === 1 ? 'one file' : `${files.length} files`}\n`,
    )
    return files
  }
  await watchFiles(files, again, { signal: job.signal })
}

/** Gives what it read. */
async function run({ sources, options, json, toStdout }: CompileJob): Promise<readonly string[]> {
  try {
    const object = await compile(sources, options)
    report(object, json)
    if (toStdout) process.stdout.write(object.bytes)
    return object.dependencies
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    report(error, json)
    process.exitCode = 1
    return error.dependencies
  }
}

/** As compilers do: what is wrong to the standard error, nothing else. */
function report(result: CompiledObject | CompileError, json: boolean): void {
  const { diagnostics } = result
  if (json) {
    process.stdout.write(`${JSON.stringify(diagnostics)}\n`)
    return
  }
  const color = process.stderr.isTTY === true && process.env.NO_COLOR === undefined
  for (const diagnostic of diagnostics) process.stderr.write(`${diagnostic.toString({ color })}\n`)
  const counts = [count(diagnostics, 'error'), count(diagnostics, 'warning')].filter((each) => each !== '')
  if (counts.length > 0) process.stderr.write(`${counts.join(', ')}\n`)
  if (result instanceof CompileError && result.hint !== undefined) process.stderr.write(`${result.hint}\n`)
}

function count(diagnostics: readonly Diagnostic[], severity: string): string {
  const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length
  return found === 0 ? '' : `${found} ${severity}${found === 1 ? '' : 's'}`
}
