/** `ebpf types`: the TypeScript modules of objects. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { CompileError, compile } from '../compile/index.ts'
import { invalidArgument } from '../errors.ts'
import { configurationOf } from '../loader/configuration.ts'
import type { Int64 } from '../object-types.ts'
import { skeleton } from '../skeleton/index.ts'
import type { ObjectSource } from '../source.ts'
import { writeOutput } from '../system/output-file.ts'
import { reportFailure } from './failure.ts'
import { untilInterrupted } from './interruption.ts'
import { watchFiles } from './watch.ts'

interface Flags {
  output?: string
  embed: boolean
  int64?: Int64
  offsets: boolean
  declaration: boolean
  runtime: string
  includes: string[]
  watch: boolean
}

export function define(command: Command): void {
  command
    .argument('<objects...>', 'objects, or C sources, which are compiled to objects beside them')
    .option(
      '-o, --output <file>',
      'the module, - for the standard output; beside the object by default: x.skel.ts for x.bpf.o',
    )
    .option('--embed', "put the object's bytes into the module", false)
    .addOption(
      new Option(
        '--int64 <form>',
        'how 64-bit integers come: what package.json says of an import of the source, else bigint',
      ).choices(['bigint', 'number']),
    )
    .option('--offsets', 'say the offset of each field', false)
    .option('--declaration', 'types alone: x.skel.d.ts for x.bpf.o, and x.bpf.d.c.ts for an import of x.bpf.c', false)
    .option('--runtime <module>', 'what the module imports this package by', 'ebpf')
    .option(
      '-I, --includes <folder>',
      'look there for headers of C sources first',
      (value, all) => [...all, value],
      [] as string[],
    )
    .option('--watch', 'write again whenever an object, a source or a header changes', false)
    .addHelpText('after', '\nExample: ebpf types opensnoop.bpf.o')
    .action(async (sources: string[], flags: Flags) => {
      if (flags.output !== undefined && sources.length > 1) {
        throw invalidArgument('--output is for one object, where several are given')
      }
      await untilInterrupted(async (signal) => {
        if (flags.watch) await Promise.all(sources.map((source) => writeAgain(source, flags, signal)))
        else for (const source of sources) await write(source, flags, signal)
      })
    })
}

/** What fails may be put right by the next change. */
async function writeAgain(source: string, flags: Flags, signal: AbortSignal): Promise<void> {
  let files: readonly string[] = [resolve(source)]
  const again = async (): Promise<readonly string[]> => {
    try {
      files = await write(source, flags, signal)
    } catch (error) {
      if (error === signal.reason) return files
      if (error instanceof CompileError) files = error.dependencies
      reportFailure(error)
    }
    return files
  }
  await watchFiles(files, again, { signal })
}

/** Gives what it read. */
async function write(source: string, flags: Flags, signal: AbortSignal): Promise<readonly string[]> {
  const { object, path, dependencies, int64 } = await objectOf(source, flags, signal)
  const { embed, offsets, declaration, runtime } = flags
  const output = flags.output ?? outputOf(source, declaration)
  const text = await skeleton(object, {
    ...{ embed, offsets, runtime },
    ...(int64 !== undefined && { int64 }),
    form: declaration ? 'declaration' : 'typescript',
    object: await importPath(output === '-' ? undefined : output, path),
  })
  if (output === '-') process.stdout.write(text)
  // What watches modules need not see one that says the same.
  else if ((await present(output)) !== text) await writeOutput(output, Buffer.from(text))
  return dependencies
}

interface Made {
  readonly object: ObjectSource
  /** Of the object's file. */
  readonly path: string
  readonly dependencies: readonly string[]
  readonly int64: Int64 | undefined
}

/** A source is compiled as an import of it is. */
async function objectOf(
  source: string,
  { embed, declaration, includes, int64 }: Flags,
  signal: AbortSignal,
): Promise<Made> {
  if (!source.endsWith('.c')) return { object: source, path: source, dependencies: [resolve(source)], int64 }
  const path = source.replace(/\.c$/, '.o')
  const configuration = await configurationOf(resolve(source), {
    ...(includes.length > 0 && { includes }),
    ...(int64 !== undefined && { int64 }),
  })
  const inMemory = embed || declaration
  const object = await compile(source, {
    ...configuration.compile,
    signal,
    ...(inMemory ? { strip: true } : { output: path }),
  })
  const dependencies = [...object.dependencies, ...(configuration.file === undefined ? [] : [configuration.file])]
  return { object, path, dependencies, int64: configuration.int64 }
}

/** TypeScript looks for `x.bpf.d.c.ts` where `x.bpf.c` is imported (its option `allowArbitraryExtensions`). */
function outputOf(source: string, declaration: boolean): string {
  const file = basename(source)
  if (declaration && file.endsWith('.c')) return join(dirname(source), file.replace(/\.c$/, '.d.c.ts'))
  const name = file.replace(/(\.bpf)?\.[^.]*$/, '')
  return join(dirname(source), `${name}.skel${declaration ? '.d' : ''}.ts`)
}

/** As a module names a file. Node takes a module to be where links lead. */
async function importPath(output: string | undefined, path: string): Promise<string> {
  const module = output === undefined ? undefined : await realpath(output).catch(() => output)
  const folder = module === undefined ? process.cwd() : await realFolder(module)
  const parts = relative(folder, join(await realFolder(path), basename(path))).split('/')
  const encoded = parts.map(encodeURIComponent).join('/')
  return encoded.startsWith('../') ? encoded : `./${encoded}`
}

async function realFolder(path: string): Promise<string> {
  const folder = resolve(dirname(path))
  return await realpath(folder).catch(() => folder)
}

/** A pipe would be waited for. */
async function present(path: string): Promise<string | undefined> {
  const facts = await stat(path).catch(() => undefined)
  return facts?.isFile() ? await readFile(path, 'utf8').catch(() => undefined) : undefined
}
