/** Global variables of an object by their C names: of its image before it is loaded, of the kernel's memory after. */
import { binding } from './binding.ts'
import { type CodecOptions, createCodec } from './btf/codec.ts'
import { type DataVariable, variables } from './btf/datasec.ts'
import { type Memory, createMemory } from './btf/memory.ts'
import type { Btf } from './btf/btf.ts'
import { closedError, kernelError, ruleError } from './errors.ts'
import { defineAccessor, namedRecord } from './named.ts'

/** Values by C name; typed by a generated or hand-written shape. */
export type Globals = Record<string, unknown>

/** One data section and the memory that its variables are read from, and written to. */
export interface DataSection {
  /** Such as `.rodata`. */
  name: string
  /** @throws EbpfError when the memory is no longer there. */
  memory(): Memory
  readOnly: boolean
}

/** Where `EBPF_RINGBUF` of ebpf.h keeps its counters: not the user's variables. */
export const COUNTER_SECTION = '.data.ebpf'

/** `extern … __kconfig` variables: libbpf gives them the kernel's configuration at load. */
export const KCONFIG_SECTION = '.kconfig'

/** Whether its variables cannot be assigned once it is loaded. */
export function isReadOnlySection(name: string): boolean {
  return name.startsWith('.rodata') || name === KCONFIG_SECTION
}

/** A record with an accessor for each variable of the sections. Codecs are made when a variable is first used. */
export function globalsRecord(
  btf: Btf,
  sections: readonly DataSection[],
  options: CodecOptions,
  counters: boolean = false,
): Globals {
  const record = namedRecord<unknown>('global variable')
  for (const section of sections) {
    if ((section.name === COUNTER_SECTION) !== counters) continue
    for (const variable of variables(btf, section.name)) {
      const { get, set } = accessor(section, variable, options)
      if (!Object.hasOwn(record, variable.name)) defineAccessor(record, variable.name, get, set)
    }
  }
  return record
}

function accessor(
  section: DataSection,
  variable: DataVariable,
  options: CodecOptions,
): { get: () => unknown; set: (value: unknown) => void } {
  const { name, offset } = variable
  let codec: ReturnType<typeof createCodec<unknown>> | undefined
  const open = (): NonNullable<typeof codec> => {
    if (codec !== undefined) return codec
    const made = createCodec<unknown>(variable.layout(), { ...options, name })
    const { length } = section.memory().u8
    if (offset + made.size > length) {
      const place = `${made.size} bytes at byte ${offset} of ${section.name}, which has ${length}`
      throw ruleError('ERR_EBPF_BTF', `global '${name}' is said to be ${place}`, { operation: 'use a global' })
    }
    codec = made
    return codec
  }
  return {
    get: () => open().decode(section.memory(), offset),
    set(value) {
      if (section.readOnly) {
        throw ruleError(
          'ERR_EBPF_READ_ONLY',
          `global '${name}' lies in ${section.name}, which is read-only once loaded`,
          {
            operation: 'write a global',
            hint: `Set it before loading, by spec.globals.${name} or loadObject(path, { globals }), or drop its const in C.`,
          },
        )
      }
      open().encode(value, section.memory(), offset)
      // A getter of the value may have closed the object: what was written then has no effect.
      section.memory()
    },
  }
}

/** The initial bytes of a section, to be edited before loading. */
export class SectionImage implements DataSection {
  readonly name: string
  readonly readOnly = false
  readonly #memory: Memory
  readonly #size: number

  constructor(name: string, initial: Uint8Array) {
    this.name = name
    this.#size = initial.length
    this.#memory = createMemory(new ArrayBuffer(Math.max(8, (initial.length + 7) & ~7)))
    this.#memory.u8.set(initial)
  }

  memory(): Memory {
    return this.#memory
  }

  /** The bytes as they are now. */
  get bytes(): Uint8Array {
    return this.#memory.u8.subarray(0, this.#size)
  }
}

/** What a loaded section needs of its map. */
export interface SectionMap {
  name: string
  valueSize: number
  borrow(operation: string): number
}

/**
 * Live memory of a loaded object's section. `.data` and `.bss` are the kernel's own pages: what a program writes is seen
 * at once, and the other way round. `.rodata` is read from a copy, since the kernel has frozen it.
 */
export class LoadedSection implements DataSection {
  readonly name: string
  readonly readOnly: boolean
  readonly #map: SectionMap
  #memory: Memory | undefined
  #closed = false

  constructor(name: string, map: SectionMap) {
    this.name = name
    this.#map = map
    this.readOnly = isReadOnlySection(name)
  }

  memory(): Memory {
    if (this.#closed) throw closedError(`the object of section ${this.name}`, 'use its globals')
    this.#memory ??= this.readOnly ? this.#copy() : this.#share()
    return this.#memory
  }

  /** Forgets the memory. It is unmapped when it is collected: a view of it may be in use at this moment. */
  close(): void {
    this.#closed = true
    this.#memory = undefined
  }

  #share(): Memory {
    const { name, valueSize } = this.#map
    const buffer = binding.mapMemory(this.#map.borrow('use globals'), valueSize, false)
    if (typeof buffer === 'number') throw kernelError(buffer, { operation: 'mmap', map: name })
    return createMemory(buffer)
  }

  #copy(): Memory {
    const { name, valueSize } = this.#map
    const memory = createMemory(new ArrayBuffer(8 + ((valueSize + 7) & ~7)))
    const handle = this.#map.borrow('use globals')
    const bound = binding.mapBind(handle, memory.u8.buffer)
    const status = bound < 0 ? bound : binding.mapLookup(handle, 0)
    if (status < 0) throw kernelError(status, { operation: 'bpf_map_lookup_elem', map: name })
    return createMemory(memory.u8.buffer, 8)
  }
}
