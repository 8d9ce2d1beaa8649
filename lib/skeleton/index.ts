/** An object file -> the TypeScript module that knows what is in it. */
import { boolean, inspectBriefly, nonEmptyString, optionsObject } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { type Int64, int64Of } from '../object-types.ts'
import { OpenedObject } from '../opened-object.ts'
import { type ObjectSource, namedSource, readImage } from '../source.ts'
import { skeletonText } from './skeleton-text.ts'
import type { Form } from './value-types.ts'

/** How a module is written. */
export interface SkeletonOptions {
  /** Where the module finds the object: a URL, or a path from the module. The file that was read, beside the module, by default. */
  object?: string | undefined
  /** Puts the object's bytes into the module, in place of {@link object}. */
  embed?: boolean | undefined
  /** How 64-bit integers come, which `load` and `open` of the module also choose; `bigint`, exact, by default. */
  int64?: Int64 | undefined
  /** Says the offset of each field. */
  offsets?: boolean | undefined
  /**
   * `typescript`, by default; `javascript`, the same without types; or `declaration`, the types alone as a `.d.ts` file has
   * them.
   */
  form?: Form | undefined
  /** What the module imports the package by; `ebpf` by default. */
  runtime?: string | undefined
}

const OPTIONS: ReadonlySet<string> = new Set<keyof SkeletonOptions>([
  ...(['object', 'embed', 'int64', 'offsets', 'form', 'runtime'] as const),
])

const FORMS: ReadonlySet<unknown> = new Set<Form>(['typescript', 'javascript', 'declaration'])

/**
 * The TypeScript module for an object: interfaces of its keys, values, records and globals, its enums, its maps and programs by
 * name, and `load()` and `open()` that find it and give it these types. The same bytes give the same text, formatted.
 * Needs no privilege.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when libbpf cannot read the object
 * @throws TypeError for options that cannot be
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
export async function skeleton(source: ObjectSource, options: SkeletonOptions = {}): Promise<string> {
  const { object, embed, int64, offsets, form, runtime } = knownOptions(options)
  const { source: place } = namedSource(source)
  const { bytes, name } = await readImage(source)
  const opened = await OpenedObject.open({ source: bytes, name }, int64, false)
  const file = typeof place === 'string' ? fileName(place) : `${name}.bpf.o`
  return skeletonText(opened, {
    ...{ int64, offsets, form, runtime, file },
    source: embed ? { bytes } : { path: object ?? `./${encodeURIComponent(file)}` },
  })
}

function knownOptions(options: SkeletonOptions) {
  const {
    object,
    embed = false,
    int64,
    offsets = false,
    form = 'typescript',
    runtime = 'ebpf',
  } = optionsObject(options)
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name))
  if (unknown !== undefined) {
    throw invalidArgument(`unknown option ${inspectBriefly(unknown)}: there are ${[...OPTIONS].join(', ')}`)
  }
  if (!FORMS.has(form)) {
    throw invalidArgument(`form must be one of ${[...FORMS].join(', ')}, not ${inspectBriefly(form)}`)
  }
  return {
    object: object === undefined ? undefined : nonEmptyString(object, 'object'),
    embed: boolean(embed, 'embed'),
    int64: int64Of(int64),
    offsets: boolean(offsets, 'offsets'),
    form,
    runtime: nonEmptyString(runtime, 'runtime'),
  }
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
