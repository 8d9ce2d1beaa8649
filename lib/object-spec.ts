import { inspectBriefly, integer, nonEmptyString } from './arguments.ts'
import { type NativeLogMessage, binding } from './binding.ts'
import type {
  NativeImage,
  NativeLoadOptions,
  NativeMapDescription,
  NativeMapEdit,
  NativeObjectDescription,
  NativeOpenedObject,
} from './native-object.ts'
import { variables } from './btf/datasec.ts'
import type { Btf } from './btf/btf.ts'
import { parseBtf } from './btf/parse.ts'
import { invalidArgument, ruleError, unknownName } from './errors.ts'
import { refuseUsdtLayout } from './hooks/usdt-layout.ts'
import { type Globals, KCONFIG_SECTION, SectionImage, globalsRecord } from './globals.ts'
import { type KconfigValue, kconfigLines } from './kconfig.ts'
import { type MapEdit, type MapSpec, mapEdit, mapSpec } from './map-spec.ts'
import { BpfMap } from './maps/map.ts'
import { mapTypeName } from './maps/types.ts'
import { define, namedRecord } from './named.ts'
import { BpfObject, type ObjectShape, type ShapeOf, type UnknownShape } from './object.ts'
import { type Int64, ObjectTypes, int64Of } from './object-types.ts'
import { libbpfError, unwrap } from './outcome.ts'
import { type ProgramEdit, type ProgramSpec, programEdit, programSpec } from './program-spec.ts'
import { releaseWhenIdle } from './shared-btf.ts'
import { type ObjectSource, namedSource, openSource } from './source.ts'

/** How an object is opened. Everything here may also be set on the spec later. */
export interface OpenOptions {
  /** Name in messages, and the start of data section names in the kernel; the file's name by default. */
  name?: string
  /** How 64-bit integers of its maps, records and globals come; `bigint`, exact, by default. */
  int64?: Int64
}

/** Edits that {@link loadObject} makes before it loads, by C name. */
export interface LoadOptions<Shape extends ObjectShape = UnknownShape> extends OpenOptions {
  globals?: Partial<ShapeOf<Shape, 'globals'>>
  /** A map here replaces the object's. */
  maps?: { [Name in keyof ShapeOf<Shape, 'maps'>]?: MapEdit | BpfMap }
  programs?: { [Name in keyof ShapeOf<Shape, 'programs'>]?: ProgramEdit }
  kconfig?: Record<string, KconfigValue>
  kernelBtfPath?: string
  pinRoot?: string
  logLevel?: number
}

const discardImage = Symbol('discard')

function discard(image: NativeImage): void {
  if (typeof image === 'number') binding.objectCloseSync(image)
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
  readonly globals: ShapeOf<Shape, 'globals'>
  /** Overrides of the kernel's configuration for `__kconfig` externs, such as `{ CONFIG_HZ: 250 }`. */
  readonly kconfig: Record<string, KconfigValue> = {}
  /** BTF file of the kernel, where it is not in /sys/kernel/btf/vmlinux. */
  kernelBtfPath?: string
  /** Folder in a bpffs for maps declared with LIBBPF_PIN_BY_NAME; `/sys/fs/bpf` by default. */
  pinRoot?: string
  /** Verifier log level for all programs: 0 only on failure, 1, 2 more, 4 statistics. */
  logLevel = 0
  readonly #image: NativeImage
  /** What libbpf said when it was opened. */
  readonly #log: readonly NativeLogMessage[]
  readonly #description: NativeObjectDescription
  readonly #types: ObjectTypes
  readonly #sections = new Map<string, SectionImage>()
  /** Names of its `__kconfig` externs. */
  readonly #externs: readonly string[]

  /** @internal */
  constructor(name: string, opened: NativeOpenedObject, log: readonly NativeLogMessage[], int64: Int64) {
    const { image, ...description } = opened
    this.name = name
    this.license = description.license
    this.#image = image
    this.#log = log
    this.#description = description
    const btf = description.btf === undefined ? undefined : parseBtf(description.btf)
    this.#types = new ObjectTypes(name, btf, int64)
    this.#externs = btf === undefined ? [] : variables(btf, KCONFIG_SECTION).map((extern) => extern.name)

    const programs = namedRecord<ProgramSpec>(`program of object '${name}'`)
    for (const program of description.programs) define(programs, program.name, programSpec(program))
    this.programs = programs as typeof this.programs

    const maps = namedRecord<MapSpec>(`map of object '${name}'`)
    for (const map of description.maps) {
      if (mapTypeName(map.type) === 'struct_ops') refuseMisplaced(map.name, name, btf)
      const section = this.#types.sectionOf(map)
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
    this.globals = globals as ShapeOf<Shape, 'globals'>
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
    this.#refuseUnknownStructs()
    refuseUsdtLayout(this.#description.maps, this.name)
    const options = this.#snapshot()
    const outcome = await binding.objectLoad(this.#image, options)
    releaseWhenIdle()
    // Of bytes, that load says so itself.
    if (outcome.errno !== 0 && typeof this.#image === 'number') outcome.log.unshift(...this.#log)
    const { maps } = this.#description
    const programs = this.#description.programs.map((program, index) => ({
      ...program,
      attachTarget: options.programs[index]?.attachTarget,
    }))
    return BpfObject.fromOutcome<Shape>(outcome, this.name, { programs, maps }, this.#types)
  }

  /** @internal Closes what was kept open for a load, if that did not take it. */
  [discardImage](): void {
    discard(this.#image)
  }

  /** An older libbpf passes over the section, and the kernel cannot make sense of the programs that are left. */
  #refuseUnknownStructs(): void {
    const { btf } = this.#types
    const structs = btf === undefined ? [] : variables(btf, '.struct_ops.link')
    const unknown = structs.find(({ name }) => this.#description.maps.every((map) => map.name !== name))
    if (unknown === undefined) return
    const names = { object: this.name, map: unknown.name }
    throw libbpfError(`section '.struct_ops.link' of map '${unknown.name}'`, '1.2', { ...names, operation: 'load' })
  }

  #snapshot(): NativeLoadOptions {
    const { kernelBtfPath, pinRoot } = this
    return {
      name: this.name,
      kconfig: kconfigLines(this.kconfig, this.#externs),
      logLevel: integer(this.logLevel, 'logLevel', 0, 7),
      ...(kernelBtfPath !== undefined && { kernelBtfPath: nonEmptyString(kernelBtfPath, 'kernelBtfPath') }),
      ...(pinRoot !== undefined && { pinRoot: nonEmptyString(pinRoot, 'pinRoot') }),
      programs: Object.values<ProgramSpec>(this.programs).map(programEdit),
      maps: this.#description.maps.map((map) => this.#mapEdit(map)),
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

/** libbpf follows a null pointer when it loads a struct_ops map that SEC(".maps") declares. */
function refuseMisplaced(map: string, object: string, btf: Btf | undefined): void {
  if (btf === undefined || variables(btf, '.maps').every(({ name }) => name !== map)) return
  throw ruleError('ERR_EBPF_INVALID_OBJECT', `map '${map}' of object '${object}' cannot be of type struct_ops`, {
    operation: 'open',
    object,
    map,
    hint: 'Declare it as a variable in SEC(".struct_ops.link").',
  })
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
  return await open<Shape>(source, options, false)
}

async function open<Shape extends ObjectShape>(
  source: ObjectSource,
  options: OpenOptions,
  keep: boolean,
): Promise<ObjectSpec<Shape>> {
  const int64 = int64Of(options.int64)
  const named = namedSource(source)
  const name = options.name === undefined ? named.name : nonEmptyString(options.name, 'name')
  const outcome = await openSource({ ...named, name }, keep)
  if (outcome.errno !== 0 && outcome.log.some(({ message }) => message.includes('BTF is required'))) {
    throw ruleError('ERR_EBPF_NO_BTF', `object '${name}' declares maps, but has no BTF that describes them`, {
      operation: outcome.operation,
      object: name,
      hint: 'Compile it with clang -g.',
    })
  }
  const opened = unwrap(outcome, { object: name })
  try {
    return new ObjectSpec<Shape>(name, opened, outcome.log, int64)
  } catch (error) {
    discard(opened.image)
    throw error
  }
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
  const given = { ...options }
  const spec = await open<Shape>(source, given, !opensAnew(given))
  try {
    edit(spec, given)
    return await spec.load()
  } finally {
    spec[discardImage]()
  }
}

/** Whether opening itself depends on the options; or on what is in the object, as for `kconfig`, whose names it has. */
function opensAnew({ kconfig, kernelBtfPath, pinRoot, logLevel, programs }: LoadOptions): boolean {
  const logged = Object.values(programs ?? {}).some((program) => program?.logLevel !== undefined)
  return logged || [kconfig, kernelBtfPath, pinRoot, logLevel].some((option) => option !== undefined)
}

function edit<Shape extends ObjectShape>(spec: ObjectSpec<Shape>, options: LoadOptions<Shape>): void {
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
