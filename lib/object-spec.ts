import { inspectBriefly, integer, nonEmptyString } from './arguments.ts'
import type { NativeLoadOptions, NativeMapDescription, NativeMapEdit } from './native-object.ts'
import { variables } from './btf/datasec.ts'
import { customBtfPath } from './custom-btf.ts'
import { invalidArgument, unknownName } from './errors.ts'
import { type Globals, KCONFIG_SECTION, SectionImage, globalsRecord } from './globals.ts'
import { type KconfigValue, kconfigLines } from './kconfig.ts'
import { type MapEdit, type MapSpec, mapEdit, mapSpec } from './map-spec.ts'
import type { Input } from './maps/keyed-map.ts'
import { BpfMap } from './maps/map.ts'
import { define, namedRecord } from './named.ts'
import type { BpfObject, ObjectShape, ShapeOf, UnknownShape } from './object.ts'
import { type Int64, int64Of } from './object-types.ts'
import { OpenedObject } from './opened-object.ts'
import { type ProgramEdit, type ProgramSpec, programEdit, programSpec } from './program-spec.ts'
import { type ObjectSource, namedSource } from './source.ts'

/** How an object is opened. Everything here may also be set on the spec later. */
export interface OpenOptions {
  /** Name in messages, and the start of data section names in the kernel; the file's name by default. */
  name?: string
  /** How 64-bit integers of its maps, records and globals come; `bigint`, exact, by default. */
  int64?: Int64
}

/** Before loading, constants can be assigned too. */
export type EditableGlobals<Shape extends ObjectShape> = {
  -readonly [Name in keyof ShapeOf<Shape, 'globals'>]: ShapeOf<Shape, 'globals'>[Name]
}

/** Values of `__kconfig` externs, in place of the kernel's. */
export type KconfigEdits<Shape extends ObjectShape> = { [Name in keyof ShapeOf<Shape, 'kconfig'>]?: KconfigValue }

/** TypeScript lets an empty type have any property: where there is nothing to edit, it must be told so. */
type EditsByName<Part, Named> = [keyof Part] extends [never] ? Record<string, never> : Named

/** Edits that {@link loadObject} makes before it loads, by C name. */
export interface LoadOptions<Shape extends ObjectShape = UnknownShape> extends OpenOptions {
  globals?: EditsByName<
    ShapeOf<Shape, 'globals'>,
    { [Name in keyof ShapeOf<Shape, 'globals'>]?: Input<ShapeOf<Shape, 'globals'>[Name]> }
  >
  /** A map here replaces the object's. */
  maps?: EditsByName<ShapeOf<Shape, 'maps'>, { [Name in keyof ShapeOf<Shape, 'maps'>]?: MapEdit | BpfMap }>
  programs?: EditsByName<ShapeOf<Shape, 'programs'>, { [Name in keyof ShapeOf<Shape, 'programs'>]?: ProgramEdit }>
  kconfig?: KconfigEdits<Shape>
  kernelBtfPath?: string | URL
  pinRoot?: string
  logLevel?: number
}

/**
 * An object file: bytes plus edits. It owns nothing in the kernel, needs no closing, and may be loaded again, also after
 * a failure, also twice at once. Nothing here depends on the running kernel or needs a privilege.
 */
export class ObjectSpec<Shape extends ObjectShape = UnknownShape> {
  readonly name: string
  /** SPDX-like licence string of the `license` section; `''` without one. */
  readonly license: string
  readonly programs: Record<keyof ShapeOf<Shape, 'programs'> & string, ProgramSpec>
  readonly maps: Record<keyof ShapeOf<Shape, 'maps'> & string, MapSpec>
  /** Initial values of global variables, constants included, by C name. */
  readonly globals: EditableGlobals<Shape>
  /** Overrides of the kernel's configuration for `__kconfig` externs, such as `{ CONFIG_HZ: 250 }`. */
  readonly kconfig: KconfigEdits<Shape> = {}
  /**
   * Path or file URL of the kernel's BTF, where it is not in /sys/kernel/btf/vmlinux: of a `.btf` file, or of a vmlinux with BTF.
   * It is for CO-RE; what attaches by BTF, such as fentry, needs the kernel's own.
   */
  kernelBtfPath?: string | URL
  /** Folder in a bpffs for maps declared with LIBBPF_PIN_BY_NAME; `/sys/fs/bpf` by default. */
  pinRoot?: string
  /** Verifier log level for all programs: 0 only on failure, 1, 2 more, 4 statistics. */
  logLevel = 0
  readonly #opened: OpenedObject
  readonly #sections = new Map<string, SectionImage>()
  /** Names of its `__kconfig` externs. */
  readonly #externs: readonly string[]

  /** @internal */
  constructor(opened: OpenedObject) {
    const { name, description, types } = opened
    const { btf, int64 } = types
    this.#opened = opened
    this.name = name
    this.license = description.license
    this.#externs = btf === undefined ? [] : variables(btf, KCONFIG_SECTION).map((extern) => extern.name)

    const programs = namedRecord<ProgramSpec>(`program of object '${name}'`)
    for (const program of description.programs) define(programs, program.name, programSpec(program))
    this.programs = programs as typeof this.programs

    const maps = namedRecord<MapSpec>(`map of object '${name}'`)
    for (const map of description.maps) {
      const section = types.sectionOf(map)
      if (section === undefined) define(maps, map.name, mapSpec(map))
      // What `__kconfig` externs get is decided at load, by `kconfig` and the kernel.
      else if (map.initialValue !== undefined && section !== KCONFIG_SECTION)
        this.#sections.set(map.name, new SectionImage(section, map.initialValue))
    }
    this.maps = maps as typeof this.maps

    const globals =
      btf === undefined
        ? namedRecord<unknown>('global variable')
        : globalsRecord(btf, [...this.#sections.values()], { int64 })
    this.globals = globals as EditableGlobals<Shape>
  }

  /**
   * Loads into the kernel what this spec says now: creates the maps, has the verifier check the programs, and the JIT
   * compile them. Runs off the JavaScript thread; edits made meanwhile are for the next load. On failure nothing stays
   * behind.
   *
   * @throws VerifierError when the verifier refuses a program
   * @throws EbpfError with the kernel's code otherwise
   */
  async load(): Promise<BpfObject<Shape>> {
    this.#opened.refuseUnloadable()
    return await this.#opened.load<Shape>(this.#snapshot())
  }

  #snapshot(): NativeLoadOptions {
    const { kernelBtfPath, pinRoot } = this
    return {
      name: this.name,
      kconfig: kconfigLines(this.kconfig as Record<string, KconfigValue>, this.#externs),
      logLevel: integer(this.logLevel, 'logLevel', 0, 7),
      ...(kernelBtfPath !== undefined && { kernelBtfPath: customBtfPath(kernelBtfPath) }),
      ...(pinRoot !== undefined && { pinRoot: nonEmptyString(pinRoot, 'pinRoot') }),
      programs: Object.values<ProgramSpec>(this.programs).map(programEdit),
      maps: this.#opened.description.maps.map((map) => this.#mapEdit(map)),
    }
  }

  #mapEdit(map: NativeMapDescription): NativeMapEdit {
    const section = this.#sections.get(map.name)
    if (section !== undefined) return { name: map.name, initialValue: section.bytes }
    return Object.hasOwn(this.maps, map.name)
      ? mapEdit((this.maps as Record<string, MapSpec>)[map.name] as MapSpec, map)
      : { name: map.name }
  }
}

/**
 * Reads an object file, off the JavaScript thread, without any privilege.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when libbpf cannot read it
 */
export async function openObject<Shape extends ObjectShape = UnknownShape>(
  source: ObjectSource,
  options: OpenOptions = {},
): Promise<ObjectSpec<Shape>> {
  return new ObjectSpec<Shape>(await open(source, options, false))
}

async function open(source: ObjectSource, options: OpenOptions, keep: boolean): Promise<OpenedObject> {
  const int64 = int64Of(options.int64)
  const named = namedSource(source)
  const name = options.name === undefined ? named.name : nonEmptyString(options.name, 'name')
  return await OpenedObject.open({ ...named, name }, int64, keep)
}

/**
 * Opens an object, edits it as `options` say, and loads it.
 *
 * @throws VerifierError when the verifier refuses a program
 */
export async function loadObject<Shape extends ObjectShape = UnknownShape>(
  source: ObjectSource,
  options: LoadOptions<Shape> = {},
): Promise<BpfObject<Shape>> {
  refuseUnknown(options, 'options', LOAD_OPTIONS)
  const { name, int64, ...edits } = options
  const opened = await open(source, { name, int64 } as OpenOptions, !opensAnew(edits))
  try {
    if (Object.keys(edits).length > 0) return await edited(opened, edits).load()
    opened.refuseUnloadable()
    return await opened.load<Shape>({ name: opened.name, programs: [], maps: [] })
  } finally {
    opened.discard()
  }
}

type Edits<Shape extends ObjectShape> = Omit<LoadOptions<Shape>, keyof OpenOptions>

/** Whether opening itself depends on the options; or on what is in the object, as for `kconfig`, whose names it has. */
function opensAnew({ kconfig, kernelBtfPath, pinRoot, logLevel, programs }: Edits<UnknownShape>): boolean {
  const logged = Object.values(programs ?? {}).some((program) => program?.logLevel !== undefined)
  return logged || [kconfig, kernelBtfPath, pinRoot, logLevel].some((option) => option !== undefined)
}

function edited<Shape extends ObjectShape>(opened: OpenedObject, options: Edits<Shape>): ObjectSpec<Shape> {
  const spec = new ObjectSpec<Shape>(opened)
  Object.assign(spec.globals as Globals, options.globals)
  Object.assign(spec.kconfig, options.kconfig)
  for (const [name, edit] of Object.entries<MapEdit | BpfMap | undefined>(options.maps ?? {})) {
    const map = (spec.maps as Record<string, MapSpec>)[name] as MapSpec
    assignKnown(map, edit instanceof BpfMap ? { replacement: edit } : edit, `maps.${name}`, MAP_EDITS)
  }
  for (const [name, edit] of Object.entries<ProgramEdit | undefined>(options.programs ?? {})) {
    const program = (spec.programs as Record<string, ProgramSpec>)[name] as ProgramSpec
    assignKnown(program, edit, `programs.${name}`, PROGRAM_EDITS)
  }
  if (options.kernelBtfPath !== undefined) spec.kernelBtfPath = options.kernelBtfPath
  if (options.pinRoot !== undefined) spec.pinRoot = options.pinRoot
  if (options.logLevel !== undefined) spec.logLevel = options.logLevel
  return spec
}

const LOAD_OPTIONS = ['name', 'int64', 'globals', 'maps', 'programs', 'kconfig', 'kernelBtfPath', 'pinRoot', 'logLevel']
const MAP_EDITS = ['valueSize', 'maxEntries', 'flags', 'numaNode', 'autocreate', 'pinPath', 'replacement', 'offload']
const PROGRAM_EDITS = ['autoload', 'logLevel', 'attachTarget', 'offload']

/** A misspelt edit must not pass silently. */
function assignKnown(spec: object, edit: unknown = {}, argument: string, known: readonly string[]): void {
  if (typeof edit !== 'object' || edit === null) {
    throw invalidArgument(`${argument} must be an object of edits, not ${inspectBriefly(edit)}`)
  }
  refuseUnknown(edit, argument, known)
  Object.assign(spec, edit)
}

function refuseUnknown(given: object, argument: string, known: readonly string[]): void {
  for (const field of Object.keys(given)) {
    if (!known.includes(field)) throw unknownName(`field of ${argument}`, field, known)
  }
}
