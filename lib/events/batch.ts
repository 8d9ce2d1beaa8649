import { inspectBriefly } from '../arguments.ts'
import type { Memory } from '../btf/memory.ts'
import type { RecordCodec } from '../btf/record-codec.ts'
import { invalidArgument } from '../errors.ts'
import { type ColumnName, type Columns, fieldNames, type RecordOfType, typeOption } from './columns.ts'
import type { RecordView } from './view.ts'
import { behind, DISCARD_BIT, HEADER_SIZE, type Lease, LENGTH_MASK, releasedError } from '../btf/record-span.ts'

/**
 * Records as the kernel wrote them, decoded when they are asked for. A batch is valid until its handler is done with it;
 * used after that, it throws ERR_EBPF_RELEASED. What `at`, iteration and `toArray` give is the caller's own.
 */
export class Batch<T> implements Iterable<T> {
  readonly #codec: RecordCodec<T>
  readonly #perCpu: boolean
  readonly #lease: Lease = { released: false }
  #memory: Memory | undefined
  #length = 0
  #end = 0
  /** Offset behind the last record that {@link next} gave out; `undefined` while the batch is handed over as a whole. */
  #position: number | undefined
  /** Records that {@link next} gave out. */
  #given = 0
  #offsets: Int32Array | undefined

  /** @internal */
  constructor(codec: RecordCodec<T>, perCpu: boolean = false) {
    this.#codec = codec
    this.#perCpu = perCpu
  }

  /** The number of records. */
  get length(): number {
    return this.#length
  }

  /** The record at an index, or `undefined` outside of the batch. Negative ones count from the end, as in `Array.at`. */
  at(index: number): T | undefined {
    const header = this.#headerAt(index)
    return header < 0 ? undefined : this.#decode(this.#use(), header)
  }

  /** An own copy of a record's bytes, or `undefined` outside of the batch. Negative indexes count from the end. */
  bytes(index: number): Uint8Array | undefined {
    const header = this.#headerAt(index)
    if (header < 0) return undefined
    const memory = this.#use()
    const start = header + HEADER_SIZE
    return memory.u8.slice(start, start + ((memory.u32[header >>> 2] as number) & LENGTH_MASK))
  }

  /**
   * The CPU that wrote a record of a {@link PerfBuffer}, or `undefined` outside of the batch, and for records of a ring, which
   * do not say it. Negative indexes count from the end.
   */
  cpu(index: number): number | undefined {
    const header = this.#headerAt(index)
    return header < 0 || !this.#perCpu ? undefined : this.#use().u32[(header >>> 2) + 1]
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let header = this.#first(0); header >= 0; header = this.#first(this.#after(header))) {
      yield this.#decode(this.#use(), header)
    }
  }

  /** Calls back for each record: faster than iterating. */
  forEach(callback: (record: T, index: number) => void): void {
    // The callback may end the stream, and with it the batch.
    this.#codec.visit(this.#use(), this.#end, callback, this.#lease)
  }

  /**
   * Calls back with a view of each record: one object, whose properties are read from the batch when they are asked for.
   * The fastest way to a few fields of each record, since no object is made and nothing else is decoded.
   *
   * A view shows a record only while the callback for it runs. Afterwards it throws ERR_EBPF_RELEASED, or, where
   * `NODE_ENV` is `production`, shows any bytes of the batch. `{ ...view }` is a copy of all its fields.
   *
   * @throws TypeError where records are no structs; EbpfError ERR_EBPF_NO_BTF where they are bytes.
   */
  forEachView(callback: (view: RecordView<T>, index: number) => void): void {
    if (typeof callback !== 'function') {
      throw invalidArgument(`callback must be a function, not ${inspectBriefly(callback)}`)
    }
    this.#codec.visitViews(this.#use(), this.#end, callback, this.#lease)
  }

  toArray(): T[] {
    return this.#codec.readAll(this.#use(), this.#end, this.#length)
  }

  /**
   * The records as columns: one typed array for each field, which is yours, and no object for a record.
   *
   * @param fields to gather; all by default. The fewer, the faster.
   * @param options.type the type of records to gather, where the ring carries several
   * @throws EbpfError ERR_EBPF_UNKNOWN_NAME for a field or type that records do not have; ERR_EBPF_NO_BTF where records are
   * bytes; ERR_EBPF_RECORD_SIZE for a record that is shorter than its type.
   * @throws TypeError for a field that cannot be a column: one of 128 bits, or a flexible array member; for records of
   * several types without `type`.
   */
  columns<K extends ColumnName<T>>(fields?: readonly K[]): Columns<T, K>
  columns<N extends string, K extends ColumnName<RecordOfType<T, N>>>(
    fields: readonly K[] | undefined,
    options: { readonly type: N },
  ): Columns<RecordOfType<T, N>, K>
  columns(fields?: readonly string[], options: { readonly type?: string } = {}): unknown {
    const names = fieldNames(fields)
    const type = typeOption(options)
    return this.#codec.columns(this.#use(), this.#end, this.#length, names, type)
  }

  /** @internal Fills the batch with the span that was read last. */
  fill(memory: Memory, length: number, end: number): this {
    this.#memory = memory
    this.#length = length
    this.#end = end
    return this
  }

  /** @internal From now on only what {@link next} gives out counts as handed over. */
  countOneByOne(): this {
    this.#position = 0
    return this
  }

  /** @internal Undoes {@link countOneByOne}. */
  countWhole(): void {
    this.#position = undefined
  }

  /** @internal */
  release(): void {
    this.#lease.released = true
    this.#memory = undefined
  }

  /** @internal Decodes the record behind the last one that was given out; `done` at the end. */
  next(): IteratorResult<T, undefined> {
    const header = this.#first(this.#position ?? 0)
    if (header < 0) {
      this.#position = this.#end
      return { done: true, value: undefined }
    }
    this.#position = this.#after(header)
    this.#given++
    return { done: false, value: this.#decode(this.#use(), header) }
  }

  /** @internal Bytes of the span that were handed over. */
  get consumed(): number {
    return this.#position ?? this.#end
  }

  /** @internal Records that were handed over. */
  get handedOver(): number {
    return this.#position === undefined ? this.#length : this.#given
  }

  #use(): Memory {
    if (this.#memory === undefined) throw releasedError()
    return this.#memory
  }

  #decode(memory: Memory, header: number): T {
    return this.#codec.read(memory, header + HEADER_SIZE, (memory.u32[header >>> 2] as number) & LENGTH_MASK)
  }

  /** Offset of the first header from `header` on that was not discarded; -1 at the end. */
  #first(header: number): number {
    const { u32 } = this.#use()
    let offset = header
    while (offset < this.#end) {
      if (((u32[offset >>> 2] as number) & DISCARD_BIT) === 0) return offset
      offset = this.#after(offset)
    }
    return -1
  }

  #after(header: number): number {
    const length = (this.#use().u32[header >>> 2] as number) & LENGTH_MASK
    return behind(header + HEADER_SIZE, length)
  }

  #headerAt(index: number): number {
    this.#use()
    const whole = Math.trunc(index) || 0
    const wanted = whole < 0 ? whole + this.#length : whole
    if (!(wanted >= 0 && wanted < this.#length)) return -1
    if (this.#offsets === undefined) {
      this.#offsets = new Int32Array(this.#length)
      let header = this.#first(0)
      for (let i = 0; header >= 0; i++) {
        this.#offsets[i] = header
        header = this.#first(this.#after(header))
      }
    }
    return this.#offsets[wanted] ?? -1
  }
}
