import type { NativeLoadedObject, NativeObjectDescription } from './native-object.ts'
import { type Handle, type Outcome, binding } from './binding.ts'
import { unknownName } from './errors.ts'
import { COUNTER_SECTION, LoadedSection, globalsRecord } from './globals.ts'
import type { Link } from './link.ts'
import { type MapClass, narrow } from './maps/factory.ts'
import { type LinesOf, loadError } from './load-error.ts'
import { BpfMap } from './maps/map.ts'
import { wrapAnyMap } from './maps/nested-factory.ts'
import { StructOpsMap } from './maps/struct-ops.ts'
import { define, namedRecord } from './named.ts'
import type { ObjectTypes } from './object-types.ts'
import { unwrap } from './outcome.ts'
import { BpfProgram, type ProgramDescription } from './program.ts'
import { Resource, attemptAll } from './resource.ts'
import { programLogs } from './verifier/load-log.ts'
import { readStatistics } from './verifier/statistics.ts'

/** What an object holds, by C name: written by hand or generated. What it leaves out is as in {@link UnknownShape}. */
export interface ObjectShape {
  maps?: object
  programs?: object
  globals?: object
  /** `extern … __kconfig` variables, which are globals of a loaded object. */
  kconfig?: object
}

/** Without a shape, maps and globals come untyped. */
export interface UnknownShape {
  // biome-ignore lint/suspicious/noExplicitAny: nothing is known of a map before its object is read
  maps: Record<string, any>
  programs: Record<string, BpfProgram>
  // biome-ignore lint/suspicious/noExplicitAny: nothing is known of a global before its object is read
  globals: Record<string, any>
  // biome-ignore lint/suspicious/noExplicitAny: nothing is known of the kernel's configuration
  kconfig: Record<string, any>
}

/** One part of a shape. */
export type ShapeOf<Shape extends ObjectShape, Part extends keyof ObjectShape> = Shape[Part] extends object
  ? Shape[Part]
  : UnknownShape[Part]

/** What a loaded object's globals are: variables, and where a shape says so, what they have of the kernel's configuration. */
export type GlobalsOf<Shape extends ObjectShape> = Shape['kconfig'] extends object
  ? ShapeOf<Shape, 'globals'> & Readonly<Shape['kconfig']>
  : ShapeOf<Shape, 'globals'>

/** What {@link BpfObject.attach} did. */
export interface AttachResult {
  links: Link[]
  /** Names of programs whose section says no target, such as `xdp`: attach them with a hook. */
  skipped: string[]
}

/** What is known of an object that was loaded. */
export interface LoadedDescription extends Pick<NativeObjectDescription, 'maps'> {
  programs: ProgramDescription[]
  /** Where instructions of a program come from. */
  linesOf: LinesOf
}

/** Not made in the constructor, whose other functions hold the object: see {@link Resource}. */
const releaseObject = (unreachable: Handle): unknown => binding.objectClose(unreachable)

/** An object in the kernel: its programs verified and compiled, its maps created. */
export class BpfObject<Shape extends ObjectShape = UnknownShape> extends Resource {
  readonly programs: Readonly<ShapeOf<Shape, 'programs'>>
  readonly maps: Readonly<ShapeOf<Shape, 'maps'>>
  /**
   * Global variables. Those of `.data` and `.bss` are the kernel's own memory: reading sees what programs wrote, and
   * assigning is seen by them. Constants throw ERR_EBPF_READ_ONLY when assigned. A struct is a copy: assign it whole.
   */
  readonly globals: GlobalsOf<Shape>
  readonly #programs: BpfProgram[] = []
  readonly #maps: BpfMap[] = []
  readonly #sections: LoadedSection[] = []
  readonly #attaching = new Set<Promise<AttachResult>>()
  #closing: Promise<void> | undefined

  /** @internal */
  constructor(name: string, loaded: NativeLoadedObject, description: LoadedDescription, types: ObjectTypes) {
    super(name, loaded.object, 'object', releaseObject)
    try {
      const { btf } = types
      const programs = namedRecord<BpfProgram>(`program of object '${name}'`)
      const maps = namedRecord<BpfMap>(`map of object '${name}'`)
      loaded.programs.forEach(({ handle }, index) => {
        const about = description.programs[index]
        if (handle === 0 || about === undefined) return
        const program = new BpfProgram(handle, about, this)
        this.#programs.push(program)
        define(programs, program.name, program)
      })
      const counters = new Map<string, () => number>()
      loaded.maps.forEach(({ handle, info }, index) => {
        const about = description.maps[index]
        if (info === undefined || about === undefined) return
        const section = types.sectionOf(about)
        const init = { handle, name: about.name, info, object: name }
        const dropped = (): number | undefined => counters.get(about.name)?.()
        const map = section === undefined ? wrapAnyMap(init, types.ofMap(about, info, dropped)) : new BpfMap(init)
        this.#maps.push(map)
        if (section === undefined) define(maps, map.name, map)
        else this.#sections.push(new LoadedSection(section, map))
      })
      this.#collectCounters(types, counters)
      this.programs = programs as typeof this.programs
      this.maps = maps as typeof this.maps
      this.globals = (
        btf === undefined
          ? namedRecord<unknown>('global variable')
          : globalsRecord(btf, this.#sections, { int64: types.int64 })
      ) as GlobalsOf<Shape>
    } catch (error) {
      this.#abandon(loaded)
      throw error
    }
  }

  /** Its BTF turned out to be unusable: nothing of it may stay behind. */
  #abandon(loaded: NativeLoadedObject): void {
    for (const resource of [...this.#maps, ...this.#programs]) resource.close()
    for (const { handle } of loaded.maps) binding.mapClose(handle)
    for (const { handle } of loaded.programs) binding.programClose(handle)
    binding.objectCloseSync(this.relinquish())
  }

  /** @internal Turns the result of a load into an object, or into the error that explains it. */
  static async fromOutcome<Shape extends ObjectShape>(
    outcome: Outcome<NativeLoadedObject>,
    name: string,
    description: LoadedDescription,
    types: ObjectTypes,
  ): Promise<BpfObject<Shape>> {
    if (outcome.errno !== 0) {
      const { programs, maps, linesOf } = description
      throw await loadError(outcome, name, programs, types.btf, maps, linesOf)
    }
    const loaded = unwrap(outcome, { object: name })
    const logs = programLogs(outcome.log.map(({ message }) => message))
    const programs = description.programs.map((program, index) => {
      const log = logs.get(program.name) ?? loaded.programs[index]?.statistics ?? ''
      return { ...program, verifier: readStatistics(log) }
    })
    return new BpfObject<Shape>(name, loaded, { ...description, programs }, types)
  }

  /** `EBPF_RINGBUF(events, …)` and `EBPF_PERF_BUFFER(events, …)` count in `events_dropped` of a section of its own. */
  #collectCounters({ btf, int64 }: ObjectTypes, counters: Map<string, () => number>): void {
    const section = this.#sections.find(({ name }) => name === COUNTER_SECTION)
    if (btf === undefined || section === undefined) return
    const record = globalsRecord(btf, [section], { int64 }, true)
    for (const name of Object.keys(record)) {
      counters.set(name.replace(/_dropped$/, ''), () => Number(record[name]))
    }
  }

  /** All links of the object that are not closed. */
  get links(): readonly Link[] {
    return this.#holders.flatMap((holder) => holder.links)
  }

  /** What it has links of. */
  get #holders(): (BpfProgram | StructOpsMap)[] {
    return [...this.#programs, ...this.#maps.filter((map) => map instanceof StructOpsMap)]
  }

  /** The program of a name; for TypeScript never `undefined`. @throws EbpfError ERR_EBPF_UNKNOWN_NAME */
  program(name: string): BpfProgram {
    this.use('program')
    return (this.programs as Record<string, BpfProgram>)[name] as BpfProgram
  }

  /**
   * The map of a name as the class that you expect.
   *
   * @throws EbpfError ERR_EBPF_MAP_CLASS when it is another one
   */
  map<M extends BpfMap>(name: string, expected: MapClass<M>): M {
    const map = (this.maps as Record<string, BpfMap | undefined>)[name]
    // Names such as `then`, which the record answers with undefined because the language itself asks for them.
    if (map === undefined) throw unknownName(`map of object '${this.name}'`, name, Object.keys(this.maps))
    return narrow(map, expected)
  }

  /**
   * Attaches every program where its ELF section says, and every struct_ops map: all, or none when one fails. Programs
   * that know no target, from their section or `attachTarget`, are left out and named in `skipped`.
   */
  async attach(): Promise<AttachResult> {
    this.use('attach')
    const attaching = this.#attachAll()
    this.#attaching.add(attaching)
    try {
      return await attaching
    } finally {
      this.#attaching.delete(attaching)
    }
  }

  async #attachAll(): Promise<AttachResult> {
    const links: Link[] = []
    const skipped: string[] = []
    try {
      for (const program of this.#programs) {
        if (program.knowsTarget) links.push(await program.attach())
        else if (!program.section.startsWith('struct_ops')) skipped.push(program.name)
      }
      for (const map of this.#maps) {
        if (map instanceof StructOpsMap) links.push(await map.attach())
      }
      this.use('attach')
    } catch (error) {
      await Promise.allSettled(links.map((link) => link.close()))
      throw error
    }
    return { links, skipped }
  }

  /**
   * Detaches all its links, ends the streams of its rings, and closes its programs and maps, off the JavaScript thread.
   * What was pinned stays; a map that replaced one of its own stays its owner's. A second call does nothing but wait for
   * the first.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const handle = this.#closeMaps()
    if (handle === 0) return
    const results = await Promise.allSettled(this.#holders.map((holder) => holder.closeLinks()))
    await Promise.allSettled(this.#attaching)
    for (const program of this.#programs) program.close()
    unwrap(await binding.objectClose(handle), { object: this.name })
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace periods. */
  [Symbol.dispose](): void {
    const handle = this.#closeMaps()
    if (handle === 0) return
    attemptAll([
      ...this.#holders.map((holder) => () => holder.closeLinksSync()),
      ...this.#programs.map((program) => () => program.close()),
      () => binding.objectCloseSync(handle),
    ])
  }

  #closeMaps(): Handle {
    const handle = this.relinquish()
    if (handle === 0) return 0
    for (const section of this.#sections) section.close()
    for (const map of this.#maps) map.close()
    return handle
  }

  protected override describe(): string {
    return `object '${this.name}'`
  }
}
