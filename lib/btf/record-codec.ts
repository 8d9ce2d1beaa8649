/** Decodes the records of a ring, one by one and batch by batch. */
import { ruleError } from '../errors.ts'
import { type Codec, type CodecOptions, createCodec, ifAllowed, type Int64Mode, maxGeneratedFields } from './codec.ts'
import { ColumnReader } from './codec-columns.ts'
import { ViewReader } from './codec-view.ts'
import { generateReadAll, generateVisit, type ReadAll, type Visit } from './codec-records.ts'
import { checkLayout } from './layout-check.ts'
import type { Layout } from './layout.ts'
import type { Memory } from './memory.ts'
import { type RecordShapes, recordShapes, type Tag, tooShort, unknownTag } from './record-shapes.ts'
import { eachRecord, type Lease, releasedError } from './record-span.ts'

/** Decodes records. */
export interface RecordCodec<T> {
  /**
   * The record of `length` bytes at byte `offset`. Bytes after its type are ignored: a type may have grown at its end.
   *
   * @throws EbpfError ERR_EBPF_RECORD_SIZE if it is shorter than its type; ERR_EBPF_OUT_OF_RANGE if its tag is of none.
   */
  read(memory: Memory, offset: number, length: number): T

  /** All records of a batch: `count` of them lie in memory up to byte `end`. Throws as {@link read} does. */
  readAll(memory: Memory, end: number, count: number): T[]

  /**
   * Calls back for each record of memory up to byte `end`. Throws as {@link read} does.
   *
   * @throws EbpfError ERR_EBPF_RELEASED if the callback for a record before the last one released the batch.
   */
  visit(memory: Memory, end: number, callback: (record: T, index: number) => void, lease: Lease): void

  /**
   * The same with a view of each record: one object for all of a type, which shows the record of the running callback.
   *
   * @throws TypeError where records have no fields; EbpfError ERR_EBPF_NO_BTF where they are bytes.
   */
  visitViews(memory: Memory, end: number, callback: (view: T, index: number) => void, lease: Lease): void

  /**
   * Fields of the `count` records of memory up to byte `end`, one column each. Throws as {@link read} does.
   *
   * @param fields all by default
   * @param type of records, where there are several
   * @throws TypeError or EbpfError ERR_EBPF_UNKNOWN_NAME for what the records do not have, or cannot be a column;
   * ERR_EBPF_NO_BTF where records are bytes.
   */
  columns(
    memory: Memory,
    end: number,
    count: number,
    fields?: readonly string[],
    type?: string,
  ): Record<string, unknown>
}

export interface RecordCodecOptions extends CodecOptions {
  /** Records that pass through the loops that all types share before loops for this type are generated. */
  readonly sharedRecords?: number
}

/** Records after which it pays to generate loops for one type. */
const RECORDS_WORTH_GENERATING = 1000

/**
 * A codec for the records of a map, whose declaration says their layout.
 *
 * A union of named structs declares several record types where all of them start with the same field, an enum, at
 * offset 0: the tag. A struct belongs to the one enumerator that has its member's name, whatever the case, alone or after
 * an underscore:
 *
 * ```c
 * enum kind { EVENT_EXEC, EVENT_EXIT };
 * struct exec { enum kind kind; __u32 pid; char comm[16]; };
 * struct exit { enum kind kind; __u32 pid; int code; };
 * union event { struct exec exec; struct exit exit; };
 * ```
 *
 * A record is decoded by the struct of its tag, and needs only that struct's bytes. The tag field gets the member's name
 * in place of the enumerator's number, so that TypeScript tells the types apart by it: `{ kind: 'exec', pid, comm }` or
 * `{ kind: 'exit', pid, code }`. Structs that do not all start with an enum give an object of all readings, as unions
 * do elsewhere.
 *
 * @param map its name, for errors.
 * @throws EbpfError ERR_EBPF_BTF if the enum does not name all structs.
 */
export function createRecordCodec(layout: Layout, map: string, options: RecordCodecOptions): RecordCodec<unknown> {
  const records = recordShapes(layout, map)
  const { tag } = records
  const read = tag === undefined ? plainReader(records, options) : taggedReader(records, tag, options)
  const generate = checkLayout(layout) <= maxGeneratedFields && options.interpret !== true
  const { sharedRecords = RECORDS_WORTH_GENERATING } = options
  return new LayoutCodec(read, records, options.int64, generate ? sharedRecords : Infinity)
}

/** Records as bytes, own copies. */
export const bytesCodec: RecordCodec<Uint8Array> = createBytesCodec()

function createBytesCodec(): RecordCodec<Uint8Array> {
  const read = (memory: Memory, offset: number, length: number): Uint8Array => memory.u8.slice(offset, offset + length)
  const refuse = (): never => {
    throw ruleError('ERR_EBPF_NO_BTF', 'these records are bytes: they have no fields', {
      operation: 'decode records',
      hint: "Name their type where the map is declared, by EBPF_RINGBUF(name, size, struct type), or decode them by map.as('type').",
    })
  }
  return { read, ...sharedLoops(read), visitViews: refuse, columns: refuse }
}

/** A codec that is made when records are first decoded. */
export function createLazyCodec<T>(create: () => RecordCodec<T>): RecordCodec<T> {
  let codec: RecordCodec<T> | undefined
  const made = (): RecordCodec<T> => {
    codec ??= create()
    return codec
  }
  return {
    read: (memory, offset, length) => made().read(memory, offset, length),
    readAll: (memory, end, count) => made().readAll(memory, end, count),
    visit: (memory, end, callback, lease) => made().visit(memory, end, callback, lease),
    visitViews: (memory, end, callback, lease) => made().visitViews(memory, end, callback, lease),
    columns: (memory, end, count, fields, type) => made().columns(memory, end, count, fields, type),
  }
}

class LayoutCodec implements RecordCodec<unknown> {
  readonly read: RecordCodec<unknown>['read']
  readonly #records: RecordShapes
  readonly #int64: Int64Mode
  readonly #views: ViewReader
  readonly #columns: ColumnReader
  #readAll: ReadAll<unknown>
  #visit: Visit<unknown>
  /** Records that still pass through the loops that all types share; `Infinity` if no code may be generated. */
  #shared: number

  constructor(read: RecordCodec<unknown>['read'], records: RecordShapes, int64: Int64Mode, shared: number) {
    const loops = sharedLoops(read)
    const generate = shared !== Infinity
    this.read = read
    this.#records = records
    this.#int64 = int64
    this.#shared = shared
    this.#views = new ViewReader(records, int64, generate)
    this.#columns = new ColumnReader(records, int64, generate)
    this.#readAll = loops.readAll
    this.#visit = loops.visit
  }

  readAll(memory: Memory, end: number, count: number): unknown[] {
    this.#count(count)
    return this.#readAll(memory, end, count)
  }

  visit(memory: Memory, end: number, callback: (record: unknown, index: number) => void, lease: Lease): void {
    // A count that is good enough: nobody has said how many there are.
    this.#count(end / 64)
    this.#visit(memory, end, callback, lease)
  }

  visitViews(memory: Memory, end: number, callback: (view: unknown, index: number) => void, lease: Lease): void {
    this.#views.visit(memory, end, callback, lease)
  }

  columns(
    memory: Memory,
    end: number,
    count: number,
    fields?: readonly string[],
    type?: string,
  ): Record<string, unknown> {
    return this.#columns.gather(fields, type)(memory, end, count)
  }

  #count(records: number): void {
    if (this.#shared === Infinity) return
    this.#shared -= records
    if (this.#shared > 0) return
    this.#shared = Infinity
    const loops = ifAllowed(
      () => [generateReadAll(this.#records, this.#int64), generateVisit(this.#records, this.#int64)] as const,
    )
    if (loops !== undefined) [this.#readAll, this.#visit] = loops
  }
}

/** The loops that serve all types: V8 can inline nothing of the decoding there. */
function sharedLoops<T>(read: RecordCodec<T>['read']): { readAll: ReadAll<T>; visit: Visit<T> } {
  return {
    readAll(memory, end, count) {
      const records = new Array<T>(count)
      let index = 0
      eachRecord(memory, end, (offset, length) => {
        records[index++] = read(memory, offset, length)
      })
      return records
    },
    visit(memory, end, callback, lease) {
      let index = 0
      eachRecord(memory, end, (offset, length) => {
        if (lease.released) throw releasedError()
        callback(read(memory, offset, length), index++)
      })
    },
  }
}

function plainReader({ shapes, map }: RecordShapes, options: CodecOptions): RecordCodec<unknown>['read'] {
  const { layout, minimum } = shapes[0]!
  const codec = createCodec<unknown>(layout, { name: map, ...options })
  return (memory, offset, length) => {
    if (length < minimum) throw tooShort(length, minimum, map)
    return codec.decode(memory, offset, length)
  }
}

function taggedReader({ shapes, map }: RecordShapes, tag: Tag, options: CodecOptions): RecordCodec<unknown>['read'] {
  const tagCodec = createCodec<number | bigint>(tag.layout, { int64: 'bigint' })
  const codecs = new Map<number | bigint, { name: string; minimum: number; codec: Codec<Record<string, unknown>> }>()
  for (const { name, layout, minimum, tag: own } of shapes) {
    codecs.set(own!.value, { name, minimum, codec: createCodec(layout, { ...options, name }) })
  }
  return (memory, offset, length) => {
    if (length < tagCodec.size) throw tooShort(length, tagCodec.size, map)
    const value = tagCodec.decode(memory, offset)
    const variant = codecs.get(value)
    if (variant === undefined) throw unknownTag(value, tag.name, map)
    const { codec, minimum, name } = variant
    if (length < minimum) throw tooShort(length, minimum, map)
    const record = codec.decode(memory, offset, length)
    record[tag.name] = name
    return record
  }
}
