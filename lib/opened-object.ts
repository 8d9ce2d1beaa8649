import { type NativeLogMessage, type Outcome, binding } from './binding.ts'
import { variables } from './btf/datasec.ts'
import { parseBtf } from './btf/parse.ts'
import { kernelBtfError, refuseCustomBtf } from './custom-btf.ts'
import { ruleError } from './errors.ts'
import { refuseUsdtLayout } from './hooks/usdt-layout.ts'
import { mapTypeName } from './maps/types.ts'
import type { NativeImage, NativeLoadOptions, NativeObjectDescription, NativeOpenedObject } from './native-object.ts'
import { refuseAmbiguous } from './named.ts'
import { BpfObject, type ObjectShape } from './object.ts'
import { type Int64, ObjectTypes } from './object-types.ts'
import { libbpfError, unwrap } from './outcome.ts'
import { releaseWhenIdle } from './shared-btf.ts'
import { programLines } from './program-lines.ts'
import { type NamedSource, openSource, readImage } from './source.ts'
import type { LineLookup } from './verifier/explain.ts'

/** Log levels of the verifier (BPF_LOG_LEVEL1 and BPF_LOG_STATS of linux/bpf_verifier.h). */
const LOG_INSTRUCTIONS = 1
const LOG_STATISTICS = 4

/** What libbpf found in an object file, and what it can be loaded from: its bytes, or for one load what is still open. */
export class OpenedObject {
  readonly name: string
  readonly description: NativeObjectDescription
  readonly types: ObjectTypes
  readonly #image: NativeImage
  readonly #source: NamedSource
  /** What libbpf said. */
  readonly #log: readonly NativeLogMessage[]

  private constructor(source: NamedSource, opened: NativeOpenedObject, log: readonly NativeLogMessage[], int64: Int64) {
    const { image, ...description } = opened
    const { name } = source
    this.#source = source
    this.name = name
    this.description = description
    this.types = new ObjectTypes(name, description.btf === undefined ? undefined : parseBtf(description.btf), int64)
    this.#image = image
    this.#log = log
  }

  /**
   * @param keep leaves it open, where that is as good as opening it anew: it is loaded once then, or discarded
   * @throws EbpfError ERR_EBPF_INVALID_OBJECT when libbpf cannot read it
   */
  static async open(source: NamedSource, int64: Int64, keep: boolean): Promise<OpenedObject> {
    const { name } = source
    const outcome = await openSource(source, keep)
    if (outcome.errno !== 0 && outcome.log.some(({ message }) => message.includes('BTF is required'))) {
      throw ruleError('ERR_EBPF_NO_BTF', `object '${name}' declares maps, but has no BTF that describes them`, {
        operation: outcome.operation,
        object: name,
        hint: 'Compile it with clang -g.',
      })
    }
    const opened = unwrap(outcome, { object: name, hint: formatHint(outcome) })
    try {
      const object = new OpenedObject(source, opened, outcome.log, int64)
      object.#refuseMisplaced()
      object.#refuseAmbiguous()
      return object
    } catch (error) {
      discard(opened.image)
      throw error
    }
  }

  /** @throws VerifierError when the verifier refuses a program */
  async load<Shape extends ObjectShape>(options: NativeLoadOptions): Promise<BpfObject<Shape>> {
    const { maps, programs } = this.description
    const { kernelBtfPath } = options
    if (kernelBtfPath !== undefined) refuseCustomBtf(kernelBtfPath, this.name)
    let outcome = await binding.objectLoad(this.#image, options)
    // Asked for statistics only, the verifier says what is wrong, but not where.
    const explained = withInstructions(options)
    if (outcome.errno !== 0 && explained !== undefined && typeof this.#image !== 'number') {
      const again = await binding.objectLoad(this.#image, explained)
      if (again.errno === 0 || again.errno === outcome.errno) outcome = again
    }
    releaseWhenIdle()
    // Of bytes, that load says so itself.
    if (outcome.errno !== 0 && typeof this.#image === 'number') outcome.log.unshift(...this.#log)
    const untyped = kernelBtfError(outcome, this.name, kernelBtfPath)
    if (untyped !== undefined) throw untyped
    const targets = programs.map((program, index) => ({
      ...program,
      attachTarget: options.programs[index]?.attachTarget,
    }))
    const linesOf = (program: string): Promise<LineLookup | undefined> => this.#linesOf(program)
    return BpfObject.fromOutcome<Shape>(outcome, this.name, { programs: targets, maps, linesOf }, this.types)
  }

  /** Read again where it is kept open, because libbpf keeps no bytes: only a load that failed asks for it. */
  async #linesOf(program: string): Promise<LineLookup | undefined> {
    try {
      const { source } = this.#source
      const bytes = typeof this.#image === 'number' ? (await readImage(source)).bytes : this.#image
      return programLines(bytes, program)
    } catch {
      // The log itself says less, but it is what was refused.
      return undefined
    }
  }

  /** What libbpf would load, and something else would come of it than was meant. */
  refuseUnloadable(): void {
    this.#refuseUnknownStructs()
    refuseUsdtLayout(this.description.maps, this.name)
  }

  /** Closes what was kept open, unless a load has taken it. */
  discard(): void {
    discard(this.#image)
  }

  /** libbpf follows a null pointer when it loads a struct_ops map that SEC(".maps") declares. */
  #refuseMisplaced(): void {
    const { btf } = this.types
    if (btf === undefined) return
    for (const { name, type } of this.description.maps) {
      if (mapTypeName(type) !== 'struct_ops' || variables(btf, '.maps').every((map) => map.name !== name)) continue
      throw ruleError(
        'ERR_EBPF_INVALID_OBJECT',
        `map '${name}' of object '${this.name}' cannot be of type struct_ops`,
        {
          operation: 'open',
          object: this.name,
          map: name,
          hint: 'Declare it as a variable in SEC(".struct_ops.link").',
        },
      )
    }
  }

  #refuseAmbiguous(): void {
    const { programs, maps } = this.description
    refuseAmbiguous(programs.map(({ name }) => name))
    refuseAmbiguous(maps.filter((map) => this.types.sectionOf(map) === undefined).map(({ name }) => name))
  }

  /** An older libbpf passes over the section, and the kernel cannot make sense of the programs that are left. */
  #refuseUnknownStructs(): void {
    const { btf } = this.types
    const structs = btf === undefined ? [] : variables(btf, '.struct_ops.link')
    const unknown = structs.find(({ name }) => this.description.maps.every((map) => map.name !== name))
    if (unknown === undefined) return
    const names = { object: this.name, map: unknown.name }
    throw libbpfError(`section '.struct_ops.link' of map '${unknown.name}'`, '1.2', { ...names, operation: 'load' })
  }
}

/** The same with logs that say where it is; `undefined` where none of them has statistics alone. */
function withInstructions(options: NativeLoadOptions): NativeLoadOptions | undefined {
  const { logLevel, programs } = options
  const levels = [logLevel, ...programs.map((program) => program.logLevel)]
  if (!levels.includes(LOG_STATISTICS)) return undefined
  const explained = <T extends { logLevel?: number }>(edit: T): T =>
    edit.logLevel === LOG_STATISTICS ? { ...edit, logLevel: LOG_STATISTICS | LOG_INSTRUCTIONS } : edit
  return { ...explained(options), programs: programs.map((program) => explained(program)) }
}

function discard(image: NativeImage): void {
  if (typeof image === 'number') binding.objectCloseSync(image)
}

function formatHint({ log }: Outcome<unknown>): string | undefined {
  const said = (words: string): boolean => log.some(({ message }) => message.includes(words))
  const made = "clang makes objects of sources in C, for BPF: use compile() or 'npx ebpf compile'."
  if (said('is not a proper ELF object')) return `It is no whole ELF file. ${made}`
  if (said('is not a valid eBPF object file')) return `It is an ELF file for another machine. ${made}`
  const extern = log.map(({ message }) => /failed to find BTF for extern '([^']*)'/.exec(message)?.[1]).find(Boolean)
  if (extern === undefined) return undefined
  return `Nothing defines '${extern}': there is no C library, functions of the kernel are declared __ksym, and what another source defines comes by linkObjects() or 'npx ebpf link'.`
}
