/** Encodes the records that programs drain from a user ring. */
import { types } from 'node:util'
import { invalidArgument } from '../errors.ts'
import { bytesLength, isBytes, refuseBytes, wrongType } from './codec-convert.ts'
import { type Codec, type CodecOptions, createCodec } from './codec.ts'
import type { EnumLayout, Layout, StructLayout } from './layout.ts'
import { allocateMemory, type Memory } from './memory.ts'
import { type RecordShapes, recordShapes, type Tag } from './record-shapes.ts'

/** Encodes records. */
export interface RecordEncoder {
  /** Bytes of each record; `undefined` where each has as many as it has. */
  readonly size: number | undefined

  /**
   * The bytes of a record: good until the next call. All properties of the user's record were read before, so that nobody
   * else's code runs between this and its use.
   *
   * @throws TypeError or RangeError that names the field
   */
  encode(record: unknown): Uint8Array
}

/**
 * An encoder for the records of a map, whose declaration says their layout. A union whose structs a tag tells apart
 * (see `createRecordCodec`) takes `{ kind: 'exec', pid, comm }`; every record is as long as the union, with zeros at its
 * end, so that a program can read either.
 *
 * @param map its name, for errors
 * @throws EbpfError ERR_EBPF_BTF if the enum does not name all structs
 */
export function createRecordEncoder(layout: Layout, map: string, options: CodecOptions): RecordEncoder {
  const named = { ...options, name: map }
  const records = recordShapes(layout, map)
  const memory = allocateMemory(layout.size)
  const { tag } = records
  if (tag !== undefined) return taggedEncoder(records, tag, memory, named)
  const codec = createCodec<unknown>(layout, named)
  return {
    size: layout.size,
    encode(record) {
      codec.encode(record, memory, 0)
      return memory.u8
    },
  }
}

/** An encoder that is made when a record is first encoded. */
export function createLazyEncoder(size: number, create: () => RecordEncoder): RecordEncoder {
  let encoder: RecordEncoder | undefined
  return {
    size,
    encode(record) {
      encoder ??= create()
      return encoder.encode(record)
    },
  }
}

/** Records as bytes, as many as they are. @param map its name, for errors */
export function createBytesEncoder(map: string): RecordEncoder {
  return {
    size: undefined,
    encode(record) {
      if (!types.isUint8Array(record)) throw wrongType(record, 'a Uint8Array', map)
      // A detached one is as long as an empty one.
      if (bytesLength(record) === 0 && isDetached(record)) {
        throw invalidArgument(`${map}: the memory of this Uint8Array was transferred to somebody else`)
      }
      return record
    },
  }
}

/** Whether the memory of a Uint8Array was transferred away. */
export function isDetached(bytes: Uint8Array): boolean {
  try {
    // The standard's own check; what this makes is empty, or short.
    new Uint8Array(bytes)
    return false
  } catch {
    return true
  }
}

interface Variant {
  readonly value: number | bigint
  readonly codec: Codec<unknown>
}

function taggedEncoder({ map, shapes }: RecordShapes, tag: Tag, memory: Memory, options: CodecOptions): RecordEncoder {
  const size = memory.u8.length
  const tagCodec = createCodec<number | bigint>(tag.layout, options)
  const variants = new Map<unknown, Variant>()
  for (const { name, layout, tag: own } of shapes) {
    const { value } = own!
    const codec = createCodec<unknown>(withName(layout as StructLayout, name, value), options)
    for (const label of [name, ...labelsOf(tag.layout, value)]) variants.set(label, { value, codec })
  }
  const known = shapes.map(({ name }) => `'${name}'`).join(', ')
  return {
    size,
    encode(record) {
      if (types.isUint8Array(record)) {
        if (!isBytes(record, size)) refuseBytes(record, size, map)
        memory.u8.set(record)
        return memory.u8
      }
      if (typeof record !== 'object' || record === null) throw wrongType(record, 'an object', map)
      const variant = variants.get((record as Record<string, unknown>)[tag.name])
      if (variant === undefined) throw invalidArgument(`${map}.${tag.name} must be one of ${known}`)
      variant.codec.encode(record, memory, 0)
      memory.u8.fill(0, variant.codec.size)
      // A getter may have told something else the second time.
      tagCodec.encode(variant.value, memory, 0)
      return memory.u8
    },
  }
}

/** The struct with the union's name for it among the names of its tag. */
function withName(layout: StructLayout, name: string, value: number | bigint): StructLayout {
  const [first, ...others] = layout.fields
  const named = first!.layout as EnumLayout
  const tag: EnumLayout = { ...named, values: [{ name, value }, ...named.values] }
  return { ...layout, fields: [{ ...first!, layout: tag }, ...others] }
}

/** All that a tag of this value can be written as. */
function labelsOf({ values }: EnumLayout, value: number | bigint): unknown[] {
  const names = values.flatMap((each) => (each.value === value ? [each.name] : []))
  return [...names, Number(value), BigInt(value)]
}
