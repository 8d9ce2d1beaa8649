/** libbpf's static linker: several object files as one. */
import { inspectBriefly, nonEmptyString, optionsObject } from './arguments.ts'
import { binding, type NativeLogMessage, type Outcome } from './binding.ts'
import { checkLinkable, type Linkable } from './elf/linkable.ts'
import { EbpfError, invalidArgument, kernelError } from './errors.ts'
import { failureContext, unwrap } from './outcome.ts'
import { type ObjectSource, readImage } from './source.ts'

export interface LinkObjectsOptions {
  /** What errors call the objects, one name for each. By default the names of their files, and `object 1` for bytes. */
  names?: readonly string[]
}

/**
 * Links object files into one, as `bpftool gen object` does, off the JavaScript thread. What one of them declares `extern`
 * another one may define: functions, global variables, and maps, which have to be declared with the same definition. What is
 * static stays its object's own. Types are merged; of what debuggers need, only BTF is kept. What nobody defines stays open,
 * for a later link. One object is linked, too: it comes out without what only debuggers need.
 *
 * All objects must have BTF (`-g`) and the same licence. Needs no privilege.
 *
 * @returns the bytes of an object file, for {@link loadObject} or a file
 * @throws EbpfError ERR_EBPF_LINKER when objects define the same, or disagree on what it is: says which objects, and what
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when one is no object file; BtfFormatError when its types are malformed
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
export async function linkObjects(
  sources: readonly ObjectSource[],
  options: LinkObjectsOptions = {},
): Promise<Uint8Array> {
  const given = givenSources(sources)
  const names = givenNames(optionsObject(options).names, given.length)
  const images = await Promise.all(given.map(readImage))
  const objects = images.map(({ bytes, name }, index) => {
    const isNameless =
      given[index] instanceof Uint8Array || images.some((other, at) => at < index && other.name === name)
    return checkLinkable(bytes, names?.[index] ?? (isNameless ? `${name} ${index + 1}` : name))
  })
  const raw = await binding.objectsLink(images.map(({ bytes }) => bytes))
  const failed = raw.value?.failed ?? 0
  const outcome = { ...raw, log: raw.log.map((message) => withName(message, objects[failed])) }
  const { image, status, operation } = unwrap(outcome, {})
  if (image !== undefined) return image
  throw linkError({ ...outcome, errno: status, operation }, objects, failed)
}

function givenSources(sources: readonly ObjectSource[]): ObjectSource[] {
  if (!Array.isArray(sources) || sources.length === 0) {
    throw invalidArgument(
      `sources must be an array of object files, not ${Array.isArray(sources) ? 'an empty one' : inspectBriefly(sources)}`,
    )
  }
  return [...sources]
}

function givenNames(names: readonly string[] | undefined, count: number): string[] | undefined {
  if (names === undefined) return undefined
  if (!Array.isArray(names) || names.length !== count) {
    throw invalidArgument(`names must be an array of ${count}, one for each source`)
  }
  return names.map((name, index) => nonEmptyString(name, `names[${index}]`))
}

/** libbpf names the file that it was given, which has no name of its own. */
function withName(message: NativeLogMessage, object: Linkable | undefined): NativeLogMessage {
  return { ...message, message: message.message.replace(/\/proc\/self\/fd\/\d+/g, () => object?.name ?? 'the result') }
}

/** What libbpf says (linker.c), and what a person is told. */
const CLASHES: readonly {
  pattern: RegExp
  tell: (first: string, second: string, symbol: string) => string
  hint?: string
}[] = [
  {
    pattern: /conflicting non-weak symbol #\d+ \(([^)]*)\) definition/,
    tell: (first, second, symbol) => `both ${first} and ${second} define '${symbol}'`,
    hint: 'Make one of them static, __weak, or an extern declaration.',
  },
  {
    pattern: /global '([^']*?)(?:\.inner)?': /,
    tell: (first, second, symbol) => `${first} and ${second} disagree on what '${symbol}' is`,
  },
  {
    pattern: /non-identical contents of section '([^']*)'/,
    tell: (first, second, section) => `${first} and ${second} differ in their section '${section}'`,
  },
  {
    pattern: /BTF info (?:is missing )?for (?:global|object|global\/extern) (?:symbol )?'([^']*)'|externs without BTF/,
    tell: (_, second) => `${second} has no BTF for what other objects see`,
    hint: 'Compile it with -g.',
  },
]

function linkError(outcome: Outcome<unknown>, objects: readonly Linkable[], failed: number): EbpfError {
  const object = objects[failed]?.name
  const context = failureContext(outcome, { object })
  if (!outcome.operation.startsWith('bpf_linker')) return kernelError(outcome.errno, context)
  const warnings = context.warnings ?? []
  const second = object === undefined ? 'their sum' : `object '${object}'`
  const details = warnings.slice(-4).map((warning) => `\n    libbpf: ${warning}`)
  for (const { pattern, tell, hint } of CLASHES) {
    const match = warnings.map((warning) => pattern.exec(warning)).find((found) => found !== null)
    if (match === undefined || match === null) continue
    const symbol = match[1] ?? ''
    const message = tell(describeEarlier(objects.slice(0, failed), symbol), second, symbol)
    return new EbpfError(`${message}${details.join('')}`, 'ERR_EBPF_LINKER', outcome.errno, { ...context, hint })
  }
  const message = `${second} cannot be linked${details.join('')}`
  return new EbpfError(message, 'ERR_EBPF_LINKER', outcome.errno, context)
}

/** Who was linked before and knows the symbol; who defines it, if one does. */
function describeEarlier(objects: readonly Linkable[], symbol: string): string {
  const owner =
    objects.find(({ symbols }) => symbols.get(symbol) === true) ??
    objects.find(({ symbols }) => symbols.has(symbol)) ??
    (objects.length === 1 ? objects[0] : undefined)
  return owner === undefined ? 'the objects before it' : `object '${owner.name}'`
}
