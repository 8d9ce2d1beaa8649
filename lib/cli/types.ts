/** `ebpf types`: the TypeScript modules of objects. */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { CompileError, compile } from '../compile/index.ts'
import { invalidArgument } from '../errors.ts'
import { configurationOf } from '../loader/configuration.ts'
import type { Int64 } from '../object-types.ts'
import { skeleton } from '../skeleton/index.ts'
import type { ObjectSource } from '../source.ts'
import { writeWhole } from '../system/cache-folder.ts'
import { reportFailure } from './failure.ts'
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
      if (flags.watch) await Promise.all(sources.map((source) => writeAgain(source, flags)))
      else for (const source of sources) await write(source, flags)
    })
}

/** What fails may be put right by the next change. */
async function writeAgain(source: string, flags: Flags): Promise<void> {
  let files: readonly string[] = [resolve(source)]
  await watchFiles(files, async () => {
    try {
      files = await write(source, flags)
    } catch (error) {
      if (error instanceof CompileError) files = error.dependencies
      reportFailure(error)
    }
    return files
  })
}

/** Gives what it read. */
async function write(source: string, flags: Flags): Promise<readonly string[]> {
  const { object, path, dependencies, int64 } = await objectOf(source, flags)
  const { embed, offsets, declaration, runtime } = flags
  const output = flags.output ?? outputOf(source, declaration)
  const text = await skeleton(object, {
    ...{ embed, offsets, runtime },
    ...(int64 !== undefined && { int64 }),
    form: declaration ? 'declaration' : 'typescript',
    object: importPath(output === '-' ? '.' : dirname(output), path),
  })
  if (output === '-') process.stdout.write(text)
  // What watches modules need not see one that says the same.
  else if ((await present(output)) !== text) await writeWhole(output, text)
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
async function objectOf(source: string, { embed, declaration, includes, int64 }: Flags): Promise<Made> {
  if (!source.endsWith('.c')) return { object: source, path: source, dependencies: [resolve(source)], int64 }
  const path = source.replace(/\.c$/, '.o')
  const configuration = await configurationOf(resolve(source), {
    ...(includes.length > 0 && { includes }),
    ...(int64 !== undefined && { int64 }),
  })
  const inMemory = embed || declaration
  const object = await compile(source, { ...configuration.compile, ...(inMemory ? { strip: true } : { output: path }) })
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

/** As a module in a folder names a file. */
function importPath(folder: string, path: string): string {
  const parts = relative(folder, path).split('/')
  const encoded = parts.map(encodeURIComponent).join('/')
  return encoded.startsWith('../') ? encoded : `./${encoded}`
}

async function present(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined)
}
