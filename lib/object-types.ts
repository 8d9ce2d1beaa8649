/** From an object's BTF to the codecs of its maps and the readers of its records. */
import { inspectBriefly } from './arguments.ts'
import type { NativeMapDescription, NativeMapFacts } from './native-object.ts'
import { type Codec, type CodecOptions, createCodec } from './btf/codec.ts'
import { ringRecordLayout } from './btf/datasec.ts'
import { BtfFormatError } from './btf/format-error.ts'
import { layoutOf } from './btf/layout-of.ts'
import { createOpaqueCodec } from './btf/opaque-codec.ts'
import type { Layout } from './btf/layout.ts'
import type { Btf } from './btf/btf.ts'
import { type RecordCodec, createLazyCodec, createRecordCodec } from './btf/record-codec.ts'
import { createLazyEncoder, createRecordEncoder } from './btf/record-encoder.ts'
import { invalidArgument, ruleError, unknownName } from './errors.ts'
import type { MapTypes } from './maps/factory.ts'
import { declaredDefinition } from './maps/inner-definition.ts'
import { mapTypeName } from './maps/types.ts'

/** What a map's declaration says of its types. */
export type DeclaredMap = Pick<NativeMapDescription, 'name' | 'keyTypeId' | 'valueTypeId' | 'valueSize'>

/** How 64-bit integers come: exact bigints by default, or numbers where the user has chosen that once. */
export type Int64 = 'bigint' | 'number'

/** @throws TypeError unless it is one of them; `bigint` where nothing was chosen. */
export function int64Of(value: unknown): Int64 {
  if (value === undefined) return 'bigint'
  if (value === 'bigint' || value === 'number') return value
  throw invalidArgument(`int64 must be 'bigint' or 'number', not ${inspectBriefly(value)}`)
}

/** Keys and values of a map without types are bytes. */
export function bytesLayout(size: number): Layout {
  return { kind: 'bytes', size }
}

/** The types of one object. `btf` is undefined for an object compiled without `-g`. */
export class ObjectTypes {
  readonly btf: Btf | undefined
  readonly int64: Int64
  readonly #object: string
  readonly #options: CodecOptions

  constructor(object: string, btf: Btf | undefined, int64: Int64) {
    this.#object = object
    this.btf = btf
    this.int64 = int64
    this.#options = { int64 }
  }

  /** The data section that a map holds, such as `.bss`; `undefined` for a map that the program declares. */
  sectionOf(map: NativeMapDescription): string | undefined {
    // libbpf calls a struct_ops map's members an initial value too.
    if (map.initialValue === undefined || mapTypeName(map.type) === 'struct_ops') return undefined
    const type = map.valueTypeId === 0 ? undefined : this.btf?.type(map.valueTypeId)
    return type?.kind === 'datasec' ? type.name : map.name
  }

  /**
   * Where the map factory finds types.
   *
   * @param info the kernel's sizes: those of the file may have been edited
   */
  ofMap(map: DeclaredMap, info: NativeMapFacts, dropped: () => number | undefined): MapTypes {
    const { name } = map
    // A value that was made larger or smaller before loading is no longer of its declared type: bytes.
    const valueTypeId = info.valueSize === map.valueSize ? map.valueTypeId : 0
    return {
      inner: () => declaredDefinition(this.btf, name, this.int64),
      key: () => this.#codec(name, 'key', map.keyTypeId, info.keySize),
      value: () => this.#codec(name, 'value', valueTypeId, info.valueSize),
      // A union that declares its records wrongly is an error for who reads or writes them, not for who loads the object.
      records: () => ({
        declared: this.#declaredReader(name),
        byName: (type) =>
          createRecordCodec(this.#layoutByName(name, type, recordsMacro(name, info)), name, this.#options),
        dropped,
      }),
      encoders: () => ({
        declared: this.#declared(name, (layout) =>
          createLazyEncoder(layout.size, () => createRecordEncoder(layout, name, this.#options)),
        ),
        byName: (type) =>
          createRecordEncoder(
            this.#layoutByName(name, type, `EBPF_USER_RINGBUF(${name}, 256 * 1024`),
            name,
            this.#options,
          ),
      }),
    }
  }

  /**
   * How keys or values lie in memory that have a type: as bytes without one.
   *
   * @throws BtfFormatError when the type has no layout, or is of another size
   */
  entryLayout(typeId: number, size: number): Layout {
    if (this.btf === undefined || typeId === 0) return bytesLayout(size)
    const layout = layoutOf(this.btf, typeId)
    if (layout.size !== size) throw new BtfFormatError(`it has ${layout.size} bytes, where the map has ${size}`)
    return layout
  }

  /** How records lie in memory whose type the declaration of their ring names; `undefined` where it names none. */
  recordLayout(map: string): Layout | undefined {
    return this.btf === undefined ? undefined : ringRecordLayout(this.btf, map)
  }

  #codec(map: string, part: 'key' | 'value', typeId: number, size: number): Codec<unknown> {
    const name = `${map}.${part}`
    try {
      return createCodec<unknown>(this.entryLayout(typeId, size), { ...this.#options, name })
    } catch (error) {
      // One type that cannot be keeps nobody from the rest of the object, nor from the bytes.
      const hint = `Use bytes: a Uint8Array of ${size} bytes to write, { raw: true } to read.`
      return createOpaqueCodec(size, name, () => unusableType(`${part}s`, map, error, hint))
    }
  }

  #declaredReader(map: string): RecordCodec<unknown> | undefined {
    try {
      return this.#declared(map, (layout) => createLazyCodec(() => createRecordCodec(layout, map, this.#options)))
    } catch (error) {
      return createLazyCodec(() => {
        throw unusableType('records', map, error, 'Read them as bytes, by raw().')
      })
    }
  }

  /** What is made for the type that a ring's declaration names. */
  #declared<C>(map: string, create: (layout: Layout) => C): C | undefined {
    const layout = this.recordLayout(map)
    return layout === undefined ? undefined : create(layout)
  }

  /**
   * The type of a map's records by its C name.
   *
   * @param macro of ebpf.h that declares such a map, up to the type
   * @throws EbpfError ERR_EBPF_NO_BTF, or ERR_EBPF_UNKNOWN_NAME with the line that brings the type into the BTF
   */
  #layoutByName(map: string, type: string, macro: string): Layout {
    if (this.btf === undefined) {
      throw ruleError('ERR_EBPF_NO_BTF', `object '${this.#object}' has no BTF, so records of '${map}' are bytes`, {
        operation: 'read types',
        map,
        hint: 'Compile it with clang -g.',
      })
    }
    const found = this.btf.find(type, 'struct') ?? this.btf.find(type, 'union') ?? this.btf.find(type, 'typedef')
    if (found === undefined) {
      const error = unknownName('type of the object', type, [])
      throw ruleError('ERR_EBPF_UNKNOWN_NAME', error.message.replace(' (there are none)', ''), {
        operation: 'read types',
        map,
        hint: `The compiler keeps only types that something uses. Declare the map by: ${macro}, struct ${type});`,
      })
    }
    return layoutOf(this.btf, found.id)
  }
}

function unusableType(what: string, map: string, reason: unknown, hint: string): Error {
  return ruleError(
    'ERR_EBPF_BTF',
    `the type of the ${what} of map '${map}' cannot be used: ${(reason as Error).message}`,
    {
      operation: 'read types',
      map,
      hint,
    },
  )
}

/** @throws EbpfError ERR_EBPF_BTF when the type does not have the size that the kernel uses. */
export function checkedCodec(
  layout: Layout,
  size: number,
  map: string,
  part: 'key' | 'value',
  options: CodecOptions,
): Codec<unknown> {
  if (layout.size !== size) {
    throw ruleError('ERR_EBPF_BTF', `the ${part} of map '${map}' has ${size} bytes, but its type has ${layout.size}`, {
      operation: 'read types',
      map,
      hint: 'Open the map with { raw: true } to use bytes.',
    })
  }
  return createCodec<unknown>(layout, { ...options, name: `${map}.${part}` })
}

/** What declares a map whose records are of a type, up to the type. */
function recordsMacro(map: string, { type }: Pick<NativeMapFacts, 'type'>): string {
  return mapTypeName(type) === 'perf_event_array' ? `EBPF_PERF_BUFFER(${map}` : `EBPF_RINGBUF(${map}, 256 * 1024`
}
