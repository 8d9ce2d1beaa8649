/** Gathers fields of all records of a batch into columns: one typed array for each field, and no object for a record. */
import { ifAllowed } from './codec.ts'
import { define, type Int64Mode, readField, readValue } from './codec-interpret.ts'
import { propertyName, type ReaderGenerator } from './codec-read.ts'
import { addRecordLoop, recordHelpers, recordPlace, recordReader, recordSource } from './codec-records.ts'
import { byteIndex, isAligned, literal, type Place, type Source } from './codec-source.ts'
import { arrays, type Column, type FieldColumn, type Selection, selectColumns } from './column-selection.ts'
import { alignmentOf, type Field, isWordString, type Layout, type StructLayout, type UnionLayout } from './layout.ts'
import type { Memory } from './memory.ts'
import { type RecordShape, type RecordShapes, shapeAt } from './record-shapes.ts'
import { eachRecord } from './record-span.ts'
import { TextDictionary, WordDictionary } from './text-dictionary.ts'

/** Gathers the columns of memory up to byte `end`, in which `count` records are. */
export type Gather = (memory: Memory, end: number, count: number) => Record<string, unknown>

/** @throws EvalError where code generation from strings is disallowed. */
export function generateGather(records: RecordShapes, selection: Selection, int64: Int64Mode): Gather {
  const source = recordSource()
  const { shape, columns } = selection
  if (records.tag !== undefined) {
    source.add('count = 0')
    addRecordLoop(source, records, (each) => source.add(each === shape ? 'count++' : ''))
  }
  const generator = new GatherGenerator(source, recordReader(source, shape, int64))
  const result = generator.declare(columns, shape)
  source.add('let row = 0')
  addRecordLoop(source, records, (each) => {
    if (each !== shape) return
    generator.fields(selection.layout, columns, recordPlace, 'row', shape.name)
    source.add('row++')
  })
  source.add(`return ${result}`)
  return source.compile<Gather>('memory, end, count', recordHelpers)
}

/** Where generated code finds a column: names of its array, and of its strings. */
interface Target {
  readonly array: string
  readonly dictionary?: TextDictionary
}

class GatherGenerator {
  readonly #source: Source
  readonly #reader: ReaderGenerator
  readonly #targets = new Map<FieldColumn, Target>()

  constructor(source: Source, reader: ReaderGenerator) {
    this.#source = source
    this.#reader = reader
  }

  /** Adds the arrays for columns. @returns source of the object that holds them. */
  declare(columns: readonly FieldColumn[], shape?: RecordShape): string {
    const properties = columns.map((each) => {
      const name = propertyName(each.field.name)
      const { column } = each
      if (column.kind === 'fields') return `${name}: ${this.declare(column.fields)}`
      const array = this.#source.variable()
      const type = column.kind === 'text' ? 'Int32Array' : column.array
      this.#source.add(`const ${array} = new ${type}(count * ${column.values})`)
      if (column.kind === 'values') {
        this.#targets.set(each, { array })
        return `${name}: ${array}`
      }
      // The tag is the same in all records: all indices are 0.
      if (each.field === shape?.tag?.field) {
        return `${name}: { indices: ${array}, dictionary: [${literal(shape.name)}] }`
      }
      const { size } = innermost(each.field.layout)
      const dictionary = isWordString(size) ? new WordDictionary(size) : new TextDictionary()
      const texts = this.#source.constant(dictionary)
      this.#source.add(`${texts}.reset()`)
      this.#targets.set(each, { array, dictionary })
      return `${name}: { indices: ${array}, dictionary: ${texts}.texts }`
    })
    return properties.length === 0 ? '{}' : `{ ${properties.join(', ')} }`
  }

  /** Adds statements that put the fields of a struct at a place into their columns. */
  fields(
    layout: StructLayout | UnionLayout,
    columns: readonly FieldColumn[],
    place: Place,
    row: string,
    path: string,
  ): void {
    for (const each of columns) {
      const { field, column } = each
      const name = `${path}.${field.name}`
      const target = this.#targets.get(each)
      if (field.bitfield !== undefined) {
        this.#source.add(`${target!.array}[${row}] = ${this.#reader.field(layout, field, place, name)}`)
        continue
      }
      const at = { ...place, offset: place.offset + field.offset }
      this.#each(field.layout, at, row, name, (element, elementPlace, elementRow, elementPath) => {
        if (column.kind === 'fields') this.fields(column.layout, column.fields, elementPlace, elementRow, elementPath)
        else if (target?.dictionary !== undefined) this.#text(target, element.size, elementPlace, elementRow)
        else if (target !== undefined) {
          this.#source.add(`${target.array}[${elementRow}] = ${this.#reader.value(element, elementPlace, elementPath)}`)
        }
      })
    }
  }

  #text({ array, dictionary }: Target, size: number, place: Place, row: string): void {
    const texts = this.#source.constant(dictionary)
    if (!(dictionary instanceof WordDictionary) || !isAligned(place, 4)) {
      this.#source.add(`${array}[${row}] = ${texts}.index(readText(memory, ${byteIndex(place)}, ${size}))`)
      return
    }
    const { slot, same } = this.#reader.textSlot(size, place, dictionary.keys)
    const index = this.#source.variable()
    this.#source.add(
      `let ${index}`,
      `if (${same}) {`,
      `${index} = ${this.#source.constant(dictionary.indexes)}[${slot}]`,
      `if (${index} < 0) ${index} = ${texts}.first(${slot})`,
      `} else ${index} = ${texts}.miss(memory, ${byteIndex(place)}, ${slot})`,
      `${array}[${row}] = ${index}`,
    )
  }

  /** Calls back for the value at a place, or within a loop for each element of an array, and of arrays in it. */
  #each(
    layout: Layout,
    place: Place,
    row: string,
    path: string,
    body: (element: Layout, place: Place, row: string, path: string) => void,
  ): void {
    const element = elementOf(layout)
    if (element === undefined) {
      body(layout, place, row, path)
      return
    }
    const count = element.size === 0 ? 0 : layout.size / element.size
    if (count === 0) return
    const at = this.#source.variable()
    const index = this.#source.variable()
    const end = this.#source.variable()
    this.#source.add(
      `for (let ${at} = ${byteIndex(place)}, ${index} = ${row} * ${count}, ${end} = ${index} + ${count}; ${index} < ${end}; ${index}++, ${at} += ${element.size}) {`,
    )
    const alignment = Math.min(place.alignment, alignmentOf(place.offset), alignmentOf(element.size))
    this.#each(element, { base: at, offset: 0, alignment }, index, `${path}[]`, body)
    this.#source.add('}')
  }
}

const byteLayout: Layout = { kind: 'integer', name: '__u8', size: 1, signed: false }

/** What an array, or bytes, consist of. */
function elementOf(layout: Layout): Layout | undefined {
  return layout.kind === 'array' ? layout.element : layout.kind === 'bytes' ? byteLayout : undefined
}

function innermost(layout: Layout): Layout {
  return layout.kind === 'array' ? innermost(layout.element) : layout
}

type Numbers = InstanceType<(typeof arrays)[keyof typeof arrays]>

/** The same by walking the layout. */
export function interpretGather(records: RecordShapes, { shape, columns }: Selection, int64: Int64Mode): Gather {
  return (memory, end) => {
    const offsets: number[] = []
    eachRecord(memory, end, (offset, length) => {
      if (shapeAt(records, memory, offset, length) === shape) offsets.push(offset)
    })
    return gatherFields(
      columns,
      memory,
      offsets,
      int64,
      shape.name,
      shape.tag && new Map([[shape.tag.field, shape.name]]),
    )
  }
}

/** @param places of the structs that have the fields */
function gatherFields(
  columns: readonly FieldColumn[],
  memory: Memory,
  places: readonly number[],
  int64: Int64Mode,
  path: string,
  fixed?: ReadonlyMap<Field, string>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const { field, column } of columns) {
    const name = `${path}.${field.name}`
    const known = fixed?.get(field)
    const value =
      known === undefined
        ? gatherField(field, column, memory, places, int64, name)
        : { indices: new Int32Array(places.length), dictionary: [known] }
    define(result, field.name, value)
  }
  return result
}

function gatherField(
  field: Field,
  column: Column,
  memory: Memory,
  places: readonly number[],
  int64: Int64Mode,
  path: string,
): unknown {
  if (field.bitfield !== undefined) {
    const bits = places.map((place) => readField(field, memory, place, int64, path))
    return numbers(column, bits)
  }
  let layout = field.layout
  let offsets = places.map((place) => place + field.offset)
  for (let element = elementOf(layout); element !== undefined; element = elementOf(layout)) {
    const { size } = element
    const count = size === 0 ? 0 : layout.size / size
    offsets = offsets.flatMap((offset) => Array.from({ length: count }, (_, index) => offset + index * size))
    layout = element
  }
  if (column.kind === 'fields') return gatherFields(column.fields, memory, offsets, int64, path)
  const values = offsets.map((offset) => readValue(layout, memory, offset, int64, path))
  if (column.kind === 'values') return numbers(column, values)
  const dictionary = new TextDictionary()
  const indices = Int32Array.from(values, (text) => dictionary.index(text as string))
  return { indices, dictionary: dictionary.texts }
}

function numbers(column: Column, values: readonly unknown[]): Numbers {
  const { array } = column as Column & { kind: 'values' }
  const target = new arrays[array](values.length)
  for (let index = 0; index < values.length; index++) target[index] = values[index] as never
  return target
}

/** Makes the columns of a map's records: code is generated once for each selection of fields. */
export class ColumnReader {
  readonly #records: RecordShapes
  readonly #int64: Int64Mode
  readonly #generate: boolean
  readonly #gathers = new Map<string, Gather>()

  constructor(records: RecordShapes, int64: Int64Mode, generate: boolean) {
    this.#records = records
    this.#int64 = int64
    this.#generate = generate
  }

  /** @throws TypeError or EbpfError ERR_EBPF_UNKNOWN_NAME for what the records do not have, or cannot be a column. */
  gather(fields: readonly string[] | undefined, type: string | undefined): Gather {
    const key = JSON.stringify([type, fields])
    const known = this.#gathers.get(key)
    if (known !== undefined) return known
    const selection = selectColumns(this.#records, this.#int64, fields, type)
    const gather =
      (this.#generate && ifAllowed(() => generateGather(this.#records, selection, this.#int64))) ||
      interpretGather(this.#records, selection, this.#int64)
    if (this.#gathers.size >= maxSelections) this.#gathers.clear()
    this.#gathers.set(key, gather)
    return gather
  }
}

/** Selections whose code is kept: a program has a few, one that makes them up as it goes must not grow for it. */
const maxSelections = 64
